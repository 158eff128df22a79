@testable import RocksDBBackend
import StateBackend
import Testing

/// The store keeps what a sorted dictionary keeps, through every way of writing, and from one database to the next.
@Suite struct RocksDBRowsTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func randomOperationsAgreeWithADictionary(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        // Half of the seeds write most of their batches as files.
        let fileRows = seed % 2 == 0 ? 16 : 100_000
        var store = try directory.open { $0.fileRows = fileRows }
        var oracle = ["a": [RowKey: [UInt8]](), "b": [:]]
        var views: [(view: any StoredRowsView, rows: [RowKey: [UInt8]])] = []
        for step in 0..<120 {
            let note: Comment = "seed \(seed), step \(step)"
            let state = random.below(4) == 0 ? "b" : "a"
            let rows = try store.rows(of: state)
            let old = oracle[state] ?? [:]
            switch random.below(12) {
            case 0...4:
                var changes = StateRows()
                var new = old
                var seen: Set<RowKey> = []
                for _ in 0..<(1 + random.below(random.below(2) == 0 ? 4 : 80)) {
                    let key = randomKey(&random)
                    guard seen.insert(key).inserted else { continue }
                    if random.below(4) == 0 {
                        changes.remove(key)
                        new[key] = nil
                    } else {
                        let value = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
                        changes.put(key, value)
                        new[key] = value
                    }
                }
                try rows.write(changes)
                oracle[state] = new
            case 5...6:
                let keys = (0..<(1 + random.below(400))).map { _ in randomKey(&random) }
                #expect(try rows.values(of: keys) == keys.map { old[$0] }, note)
            case 7...8:
                let first = random.below(128)
                let groups = first..<(first + 1 + random.below(128 - first))
                let prefix = (0..<random.below(2)).map { _ in UInt8(random.below(3)) }
                let from = (0..<random.below(3)).map { _ in UInt8(random.below(3)) }
                let expected = sorted(old).filter { key, _ in
                    groups.contains(key.group) && key.bytes.starts(with: prefix)
                        && !(key.group == groups.lowerBound && key.bytes.lexicographicallyPrecedes(from))
                }
                #expect(isSame(try rows.all(groups, prefix: prefix, from: from), expected), note)
            case 9:
                if random.below(3) == 0 {
                    try rows.removeAll()
                    oracle[state] = [:]
                }
            case 10: views.append((try rows.view(), old))
            default:
                for (view, expected) in views { #expect(isSame(try view.all(), sorted(expected)), note) }
                views.removeAll()
                let checkpoint = try store.checkpoint()
                // What is written after the checkpoint isn't in it.
                try rows.write([(RowKey(group: 5, [9, 9, 9]), [1])])
                let next = try directory.open(worker: 1, files: checkpoint.files) { $0.fileRows = fileRows }
                checkpoint.release()
                store.close()
                store = next
            }
        }
        for (name, expected) in oracle {
            #expect(isSame(try store.rows(of: name).all(), sorted(expected)), "seed \(seed)")
        }
        views.removeAll()
        store.close()
        #expect(directory.files.isEmpty, "seed \(seed)")
    }

    @Test func viewsAreReadOnAnotherThread() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        let rows = try store.rows(of: "s")
        try rows.write([(RowKey(group: 1, [1]), [1])])
        let view = try rows.view()
        try rows.write([(RowKey(group: 1, [1]), [2])])
        let values = try await Task.detached { try view.all().map(\.1) }.value
        #expect(values == [[1]])
        // A view that outlives its store has nothing to break.
        store.close()
        view.release()
        #expect(directory.files.isEmpty)
        #expect(throws: StateError.self) { try rows.values(of: [RowKey(group: 1, [1])]) }
    }

    @Test func filesOfTwoOpeningsNeverShareAName() throws {
        let directory = try TemporaryDirectory()
        let first = try directory.open()
        try first.rows(of: "s").write([(RowKey(group: 1, [1]), [1])])
        let base = try first.checkpoint()
        let baseNames = Set(base.files.filter(\.isImmutable).map(\.name))
        var names: [Set<String>] = []
        for value in [2, 3] as [UInt8] {
            let store = try directory.open(files: base.files)
            try store.rows(of: "s").write([(RowKey(group: 1, [1]), [value])])
            let checkpoint = try store.checkpoint()
            names.append(Set(checkpoint.files.filter(\.isImmutable).map(\.name)))
            // A third generation finds its files under all those names.
            let again = try directory.open(files: checkpoint.files)
            #expect(try again.rows(of: "s").values(of: [RowKey(group: 1, [1])]) == [[value]])
            again.close()
            checkpoint.release()
            store.close()
        }
        #expect(!baseNames.isEmpty)
        #expect(names.allSatisfy { $0.isSuperset(of: baseNames) && $0.count > baseNames.count })
        #expect(names[0].intersection(names[1]) == baseNames)
        base.release()
        first.close()
        #expect(directory.files.isEmpty)
    }

    @Test func rowsThatHaveEndedGoInCompactions() throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        let ending = try store.rows(of: "ending") { 1_000 }
        let lasting = try store.rows(of: "lasting")
        let times: [Int64] = [999, 1_000, 1_001, .max, .min]
        // Files of overlapping keys, so that they are merged.
        for round in 0..<12 {
            var rows = StateRows()
            for (index, time) in times.enumerated() {
                rows.append(hash: 0, key: [UInt8(index)]) { $0.writeFixed(time) }
            }
            rows.append(hash: 0, key: [200], value: [1, 2, 3])
            try ending.write(rows)
            try lasting.write(rows)
            try ending.write([(RowKey(group: round, [7]), [UInt8](repeating: 0xFF, count: 7) + [0x7F])])
            try store.checkpoint().release()
        }
        try (try #require(store as? RocksDBStore)).compact()
        #expect(try ending.all(0..<1).map(\.0.bytes) == [[2], [3], [7], [200]])
        #expect(try lasting.all(0..<1).map(\.0.bytes) == [[0], [1], [2], [3], [4], [200]])
        store.close()
    }

    private func randomKey(_ random: inout SeededGenerator) -> RowKey {
        let group = [0, 1, 5, 127][random.below(4)]
        return RowKey(group: group, (0..<random.below(5)).map { _ in UInt8(random.below(3)) })
    }

    private func sorted(_ rows: [RowKey: [UInt8]]) -> [(RowKey, [UInt8])] {
        rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension StateRows {
    fileprivate mutating func append(hash: UInt64, key: [UInt8], value: (inout StateEncoder) -> Void) {
        append(hash: hash, key: { $0.bytes += key }, value: value)
    }
}
