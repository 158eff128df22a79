import StateBackend
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Snapshots that version 1 of the format has written stay readable.
///
/// `RECORD=1` writes them where there are none.
struct SnapshotGoldenTests {
    private static let pipeline = "golden pipeline"
    private static let parts: [StateDistribution] = [.keyed, .list, .broadcast, .worker]

    /// The directory of the kept files, which must not be written to.
    private static var directory: String {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return tests.joined(separator: "/") + "/Golden/state-format-1"
    }

    private static func schema(_ distribution: StateDistribution) -> StateSchema {
        var schema = StateSchema(
            kind: "value", key: TypeSchema(name: "Swift.UInt64", form: .own),
            value: TypeSchema(
                name: "Golden.Value", form: .codable, version: 2,
                components: [TypeSchema(name: "Swift.Int16", form: .raw, size: 2)]),
            distribution: distribution)
        schema.timeToLive = 60_000
        return schema
    }

    /// A row's value: enough of the same for blocks that compress, and of some rows nothing.
    private static func value(_ key: UInt64, _ snapshot: Int) -> [UInt8] {
        Array(String(repeating: "value \(key) of \(snapshot); ", count: Int(key % 4)).utf8)
    }

    /// What each snapshot holds of a worker's part, said independently of how it is stored.
    private static func model(_ snapshot: Int, worker: Int) -> [UInt64: [UInt8]] {
        var values: [UInt64: [UInt8]] = [:]
        for key in 0..<80 as Range<UInt64> where key % 2 == UInt64(worker) {
            // The second snapshot changes every fifth key, and removes every seventh.
            let isChanged = snapshot == 2 && key % 5 == 0
            values[key] = value(key, isChanged ? 2 : snapshot == 2 ? 1 : snapshot)
            if snapshot == 2 && key % 7 == 0 { values[key] = nil }
        }
        return values
    }

    private static func rows(_ values: [UInt64: [UInt8]], removing removed: [UInt64] = []) -> StateRows {
        var rows = StateRows()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            rows.append(hash: StateModel.hash(key), key: StateModel.key(key), value: value)
        }
        for key in removed { rows.appendRemoval(hash: StateModel.hash(key)) { $0.bytes += StateModel.key(key) } }
        return rows
    }

    private static func header(_ id: Int, _ kind: SnapshotManifest.Kind) -> SnapshotManifest {
        SnapshotManifest(
            pipeline: pipeline, id: id, kind: kind, begun: Int64(id) * 1000, parallelism: 2, keyGroups: 128)
    }

    /// Writes one snapshot.
    private static func write(
        _ id: Int, _ kind: SnapshotManifest.Kind, _ compression: SnapshotCompression, base: SnapshotManifest?,
        in repository: SnapshotRepository, scratch: TemporaryDirectory
    ) throws -> SnapshotManifest {
        let writer = try repository.begin(header(id, kind), base: base, compression: compression)
        for distribution in parts {
            for worker in 0..<2 {
                let all = model(id, worker: worker)
                var rows = rows(all)
                if base != nil {
                    let before = model(1, worker: worker)
                    rows = Self.rows(
                        all.filter { before[$0.key] != $0.value },
                        removing: before.keys.filter { all[$0] == nil }.sorted())
                }
                try writer.write(
                    rows, step: "step", part: "\(distribution)", schema: schema(distribution), worker: worker,
                    isComplete: base == nil)
            }
        }
        writer.setStep("step", watermark: Int64(id) * 100, captureNanoseconds: 7)
        writer.addPositions([.init(source: "source", split: "a/b", position: "\(id * 10)", watermark: 5)])
        if kind == .snapshot {
            for worker in 0..<2 {
                let path = scratch.write("\(worker).sst", Array("table \(worker)".utf8))
                try writer.addStore(
                    backend: "rocksdb", worker: worker, groups: worker * 64..<(worker + 1) * 64,
                    files: [StoreFile(name: "\(worker).sst", path: path, isImmutable: true)],
                    rowCounts: ["step/stored": 3 + worker])
            }
        }
        return try writer.commit(finished: Int64(id) * 1000 + 5)
    }

    @Test(.enabled(if: getenv("RECORD") != nil)) func record() throws {
        let scratch = TemporaryDirectory()
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: Self.directory), pipeline: Self.pipeline)
        try #require(
            try repository.ids().isEmpty, "files of a version are kept as they are; delete them to write others")
        let first = try Self.write(1, .snapshot, .lz4, base: nil, in: repository, scratch: scratch)
        _ = try Self.write(2, .snapshot, .lz4, base: first, in: repository, scratch: scratch)
        _ = try Self.write(3, .snapshot, .zstd, base: nil, in: repository, scratch: scratch)
        _ = try Self.write(4, .savepoint, .none, base: nil, in: repository, scratch: scratch)
        rmdir(Self.directory + "/.unfinished")
    }

    @Test(arguments: 1...4) func everyRowIsRead(id: Int) throws {
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: Self.directory), pipeline: Self.pipeline)
        #expect(try repository.ids() == [1, 2, 3, 4])
        let snapshot = try repository.open(id)
        #expect(snapshot.verify().isEmpty)
        for distribution in Self.parts {
            for worker in 0..<2 {
                let found = try snapshot.model(part: "\(distribution)", worker: worker).values
                #expect(found == Self.model(id, worker: worker), "\(distribution), worker \(worker)")
            }
        }
        let manifest = snapshot.manifest
        #expect(manifest.kind == (id == 4 ? .savepoint : .snapshot))
        #expect(manifest.begun == Int64(id) * 1000 && manifest.finished == Int64(id) * 1000 + 5)
        #expect(manifest.parallelism == 2 && manifest.splitParallelism == 2 && manifest.keyGroups == 128)
        #expect(manifest.positions == [.init(source: "source", split: "a/b", position: "\(id * 10)", watermark: 5)])
        let step = try #require(manifest.step("step"))
        #expect(step.watermark == Int64(id) * 100 && step.captureNanoseconds == 7)
        #expect(step.parts.map(\.name) == ["keyed", "list", "broadcast", "worker"])
        for (part, distribution) in zip(step.parts, Self.parts) {
            #expect(part.schema == Self.schema(distribution))
            #expect(part.layers.map(\.worker) == (id == 2 ? [0, 0, 1, 1] : [0, 1]))
            let changes = (0..<2).map { worker in
                let (old, new) = (Self.model(1, worker: worker), Self.model(2, worker: worker))
                return old.keys.count { old[$0] != new[$0] }
            }
            #expect(changes.allSatisfy { $0 > 6 })
            #expect(part.rowCount == (id == 2 ? 80 + changes[0] + changes[1] : 80) && !part.isStored)
        }
        #expect(manifest.writtenBytes <= manifest.byteCount)
        #expect((id == 2) == (manifest.writtenBytes < manifest.byteCount))
        #expect(manifest.stores.map(\.groups) == (id == 4 ? [] : [0..<64, 64..<128]))
        for (worker, store) in manifest.stores.enumerated() {
            #expect(store.backend == "rocksdb" && store.worker == worker)
            #expect(store.rowCounts == ["step/stored": 3 + worker])
            #expect(store.members.map(\.name) == ["\(worker).sst"] && store.members[0].isImmutable)
            let object = manifest.files[store.members[0].file].object
            #expect(try snapshot.storage.get(object, range: 0..<Int.max) == Array("table \(worker)".utf8))
        }
    }
}
