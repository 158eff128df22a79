import StateBackend
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Maps stay readable in every form that they were ever written in: 1, a row per key; 2, a row per entry.
///
/// `RECORD=1` writes those of the present form where there are none.
struct MapGoldenTests {
    private static let pipeline = "maps"
    private static let presentForm = 2
    private static let keys = 0..<12

    private static func directory(_ form: Int) -> String {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return tests.joined(separator: "/") + "/Golden/maps-\(form)"
    }

    private struct Maps {
        let state = StepState(step: "step")
        let store: KeyedStateStore<Int>
        let counts: MapState<Int, String, Int32>
        let readings: OrderedMapState<Int, Int64, String>
        let names: OrderedMapState<Int, String, Double>
        let visits: MapState<Int, UInt16, Bool>
        let recent: OrderedMapState<Int, Int32, Int>

        init() throws {
            store = KeyedStateStore(state) { 1_000 }
            counts = try store.map("counts")
            readings = try store.orderedMap("readings")
            names = try store.orderedMap("names")
            visits = try store.map("visits", timeToLive: TimeToLive(.milliseconds(50)))
            recent = try store.orderedMap("recent", timeToLive: TimeToLive(.milliseconds(50)))
        }

        func change(_ snapshot: Int) {
            for key in MapGoldenTests.keys {
                store.select(key, hash: key.stableHash)
                if snapshot == 1 {
                    for entry in 0..<key {
                        counts["entry \(entry)"] = Int32(key * entry)
                        readings[Int64(entry - 3) * 1_000_000_000_000] = "reading \(entry)"
                        names["\(entry)"] = Double(entry) / 4
                        visits[UInt16(entry * 300)] = entry % 2 == 0
                        recent[Int32(entry) - 5] = -entry
                    }
                } else if key % 2 == 0 {
                    counts["entry 1"] = nil
                    counts["new"] = -7
                    readings.removeAll(before: 0)
                    readings[77] = "new"
                    if key > 8 { names.removeAll() } else { names["2"] = 99 }
                    visits[300] = nil
                    recent[100] = 100
                }
            }
        }

        /// All that the maps hold, as text.
        func text(_ key: Int) -> [String] {
            store.select(key, hash: key.stableHash)
            var lines: [String] = []
            counts.forEach { lines.append("counts \($0) \($1)") }
            visits.forEach { lines.append("visits \($0) \($1)") }
            lines.sort()
            readings.forEach { lines.append("readings \($0) \($1)") }
            names.forEach { lines.append("names \($0) \($1)") }
            recent.forEach { lines.append("recent \($0) \($1)") }
            return lines
        }

        func capture(_ mode: CaptureMode, _ body: (String, any StatePart, StateRows, Bool) throws -> Void) throws {
            for (name, part, capture) in try state.capture({ _ in mode }) {
                var rows = StateRows()
                while try capture.next(1_000, into: &rows) {}
                try body(name, part, rows, capture.isComplete)
            }
        }
    }

    @Test(.enabled(if: getenv("RECORD") != nil)) func record() throws {
        let directory = Self.directory(Self.presentForm)
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: directory), pipeline: Self.pipeline)
        try #require(try repository.ids().isEmpty, "kept files stay as they are; delete them to write others")
        let maps = try Maps()
        var base: SnapshotManifest?
        for id in 1...2 {
            maps.change(id)
            let header = SnapshotManifest(
                pipeline: Self.pipeline, id: id, kind: .snapshot, begun: 0, parallelism: 1, keyGroups: 128)
            let writer = try repository.begin(header, base: base, compression: .none)
            try maps.capture(.changes) { name, part, rows, isComplete in
                #expect(isComplete == (id == 1))
                try writer.write(
                    rows, step: "step", part: name, schema: part.schema, worker: 0, isComplete: isComplete)
            }
            base = try writer.commit(finished: 1)
        }
        rmdir(directory + "/.unfinished")
    }

    @Test(arguments: [1, 2], [1, 2]) func everyEntryIsRead(form: Int, id: Int) throws {
        let storage = LocalSnapshotStorage(directory: Self.directory(form))
        let snapshot = try SnapshotRepository(storage, pipeline: Self.pipeline).open(id)
        #expect(snapshot.verify().isEmpty)
        let expected = try Maps()
        for change in 1...id { expected.change(change) }
        let found = try Maps()
        let step = try #require(snapshot.manifest.step("step"))
        #expect(step.parts.map(\.name).sorted() == ["counts", "names", "readings", "recent", "visits"])
        for part in step.parts {
            let current = try #require(found.state[part.name]?.schema)
            let fit = ChangeCase.manifest(part.schema, isStored: true).check(against: ["step": ["state": current]])
                .states[0]
            #expect(fit.isLoadable && fit.needsRewrite == (form < Self.presentForm), "\(fit.line)")
            found.state.prepareToLoad(part.name, part.schema)
            try snapshot.read(step: "step", part: part.name, groups: nil, worker: nil) { rows in
                try found.state.load(rows, of: part.name, distribution: .keyed, previousParallelism: 1)
            }
        }
        for key in Self.keys { #expect(found.text(key) == expected.text(key), "form \(form), key \(key)") }
    }
}
