import StateBackend
import Testing

/// Captures of maps in memory hold the entries that have changed, and those only.
@Suite struct MapCaptureTests {
    private func rows(_ state: StepState, _ name: String, _ mode: CaptureMode = .changes) throws -> StateRows {
        var all = StateRows()
        for (part, _, capture) in try state.capture({ _ in mode }) {
            var rows = StateRows()
            while try capture.next(1 << 10, into: &rows) {}
            if part == name { all = rows }
        }
        return all
    }

    @Test func oneChangedEntryOfManyIsOneRow() throws {
        let state = StepState()
        let store = KeyedStateStore<String>(state)
        let map = try store.map("map", from: Int.self, to: Int.self)
        let ordered = try store.orderedMap("ordered", from: Int.self, to: Int.self)
        store.select("key", hash: "key".stableHash)
        for entry in 0..<20_000 {
            map[entry] = entry
            ordered[entry] = entry
        }
        #expect(try rows(state, "map").count == 20_000)
        map[7] = -7
        map[8] = nil
        // Nobody knows of these.
        map[-1] = 1
        map[-1] = nil
        ordered[7] = -7
        ordered[9] = nil
        ordered.removeAll(in: 100..<103)
        var captured: [String: StateRows] = [:]
        for (part, _, capture) in try state.capture({ _ in .changes }) {
            var rows = StateRows()
            while try capture.next(1 << 10, into: &rows) {}
            #expect(!capture.isComplete)
            captured[part] = rows
        }
        for (name, removed) in [("map", 1), ("ordered", 4)] {
            let found = try #require(captured[name])
            #expect(found.rows.count { $0.isRemoval } == removed && found.count == removed + 1, "\(name)")
            #expect(found.byteCount < 200)
        }
    }

    /// Layers of random changes, loaded one after the other, come to what the maps hold.
    @Test(arguments: 0..<60 as Range<UInt64>) func layersComeToTheMaps(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        struct Maps {
            let state = StepState()
            let store: KeyedStateStore<Int>
            let map: MapState<Int, String, Int>
            let ordered: OrderedMapState<Int, Int64, Int>

            init() throws {
                store = KeyedStateStore(state)
                map = try store.map("map")
                ordered = try store.orderedMap("ordered")
            }

            func contents() throws -> [String] {
                var lines: [String] = []
                for key in 0..<8 {
                    store.select(key, hash: key.stableHash)
                    map.forEach { lines.append("\(key) \($0) \($1)") }
                    lines.sort()
                    ordered.forEach { lines.append("\(key) \($0) \($1)") }
                    #expect(map.isEmpty == map.keys.isEmpty && ordered.isEmpty == (ordered.count == 0))
                }
                return lines
            }
        }
        let maps = try Maps()
        let copy = try Maps()
        func change() {
            let key = random.below(8)
            maps.store.prepare([key], hashes: [key.stableHash], count: 1)
            maps.store.select(key, hash: key.stableHash)
            let entry = random.below(12)
            switch random.below(8) {
            case 0: maps.map.removeAll()
            case 1: maps.ordered.removeAll(before: Int64(entry))
            case 2: maps.map["\(entry)"] = nil
            case 3: maps.ordered[Int64(entry)] = nil
            case 4, 5: maps.map["\(entry)"] = random.below(1_000)
            default: maps.ordered[Int64(entry)] = random.below(1_000)
            }
        }
        for layer in 0..<12 {
            for _ in 0..<random.below(60) { change() }
            let expected = try maps.contents()
            for (name, _, capture) in try maps.state.capture({ _ in .changes }) {
                var rows = StateRows()
                // Changes go on while the layer is taken.
                while try capture.next(1 + random.below(40), into: &rows) { change() }
                #expect(capture.isComplete == (layer == 0))
                try copy.state.load(rows, of: name, distribution: .keyed, previousParallelism: 1)
                if name == "map" { for _ in 0..<random.below(4) { change() } }
            }
            #expect(try copy.contents() == expected, "seed \(seed), layer \(layer)")
        }
    }
}
