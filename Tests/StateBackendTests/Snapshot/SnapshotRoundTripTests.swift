import StateBackend
import Testing

struct SnapshotRoundTripTests {
    @Test(arguments: SnapshotCompression.allCases, [StateDistribution.keyed, .list, .broadcast, .worker])
    func rowsComeBack(compression: SnapshotCompression, distribution: StateDistribution) throws {
        let repository = SnapshotRepository(MemorySnapshotStorage(), pipeline: "test")
        let writer = try repository.begin(.test(1), base: nil, compression: compression)
        var model = StateModel()
        for key in 0..<20_000 as Range<UInt64> { model.values[key] = Array("the value of \(key % 100)".utf8) }
        let schema = StateSchema.test(distribution)
        try writer.write(model.rows(), step: "step", part: "part", schema: schema, worker: 0, isComplete: true)
        try writer.write(StateRows(), step: "step", part: "empty", schema: schema, worker: 0, isComplete: true)
        writer.setStep("step", watermark: 7)
        let manifest = try writer.commit(finished: 5)
        #expect(try repository.latest() == manifest)
        let snapshot = try repository.open(1)
        #expect(snapshot.manifest == manifest)
        #expect(snapshot.verify().isEmpty)
        #expect(try snapshot.model() == model)
        #expect(try snapshot.model(part: "empty") == StateModel())
        #expect(manifest.part("part", of: "step")?.rowCount == 20_000)
        let some = try snapshot.model(groups: 3..<50)
        let expected =
            distribution == .keyed
            ? model.values.filter { 3..<50 ~= KeyGroups().group(ofHash: StateModel.hash($0.key)) } : model.values
        #expect(some.values == expected)
        if compression != .none { #expect(manifest.byteCount < 20_000 * 28) }
    }

    /// Chains of layers by random operations, of several workers, restored against a dictionary.
    @Test(arguments: 0..<20)
    func changesAddUp(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let storage = MemorySnapshotStorage()
        let repository = SnapshotRepository(storage, pipeline: "test")
        let workers = 1 + random.below(3)
        let groups = KeyGroups()
        var model = StateModel()
        var base: SnapshotManifest?
        var models: [Int: StateModel] = [:]
        for id in 1...30 {
            var changed: Set<UInt64> = []
            for _ in 0..<(1 + random.below(200)) {
                let key = UInt64(random.below(500))
                model.values[key] = random.below(3) == 0 ? nil : [UInt8](repeating: UInt8(id), count: random.below(40))
                changed.insert(key)
            }
            let writer = try repository.begin(.test(id, parallelism: workers), base: base)
            for worker in 0..<workers {
                let everything = base?.wantsEverything(step: "step", part: "part", worker: worker) ?? true
                var rows = StateRows()
                for key in everything ? Set(model.values.keys) : changed {
                    let hash = StateModel.hash(key)
                    guard groups.worker(ofGroup: groups.group(ofHash: hash), parallelism: workers) == worker else {
                        continue
                    }
                    rows.append(
                        hash: hash, key: StateModel.key(key), value: model.values[key] ?? [],
                        isRemoval: model.values[key] == nil)
                }
                try writer.write(
                    rows, step: "step", part: "part", schema: .test(), worker: worker, isComplete: everything)
            }
            base = try writer.commit(finished: Int64(id))
            models[id] = model
            if random.below(4) == 0 { _ = try repository.prune(keep: 1 + random.below(5), now: 0) }
            #expect(try repository.collectOrphans(before: .max) == [], "seed \(seed)")
            for old in try repository.ids() {
                let snapshot = try repository.open(old)
                #expect(try snapshot.model() == models[old], "seed \(seed), snapshot \(old)")
            }
        }
        #expect(base?.part("part", of: "step").map { $0.layers.count > workers } != nil)
    }
}
