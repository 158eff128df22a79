import Foundation
import StateBackend
import Testing

@testable import RocksDBBackend

/// Maps that are larger than memory, entry by entry, and rows that end.
@Suite struct StoredMapTests {
    private final class Clock {
        var now: Int64 = 0
    }

    private func select(_ key: Int, in store: KeyedStateStore<Int>) {
        // As a batch is announced.
        store.prepare([key], hashes: [key.stableHash], count: 1)
        store.select(key, hash: key.stableHash)
    }

    /// Sees to it that the store has everything.
    private func flush(_ state: StepState) throws {
        for (_, _, capture) in try state.capture({ _ in .changes }) {
            var rows = StateRows()
            while try capture.next(1 << 20, into: &rows) {}
        }
    }

    @Test func aMapOfOneKeyMayBeSeveralTimesTheBudget() throws {
        let directory = try TemporaryDirectory()
        let backing = try directory.open()
        let budget = 256 << 10
        let environment = StateEnvironment(store: backing, allowance: TableAllowance(total: budget))
        let state = StepState(step: "step", in: environment)
        let store = KeyedStateStore<Int>(state)
        let map = try store.map("map", from: Int64.self, to: String.self)
        let ordered = try store.orderedMap("ordered", from: Int64.self, to: Int64.self)
        let count: Int64 = 12_000
        var most = 0
        func value(_ entry: Int64, _ round: Int64) -> String { "the value of entry number \(entry) in round \(round)" }
        for entry in 0..<count {
            if entry % 500 == 0 { select(1, in: store) }
            let scattered = entry * 7_919 % count
            map[scattered] = value(scattered, 0)
            ordered[scattered - 6_000] = scattered
            most = max(most, environment.allowance.used)
        }
        // A few are changed and removed: single rows.
        for entry in stride(from: 0, to: count, by: 100) {
            #expect(map[entry] == value(entry, 0))
            map[entry] = entry % 200 == 0 ? nil : value(entry, 1)
        }
        most = max(most, environment.allowance.used)
        // Some 2 MB of entries.
        #expect(most < 3 * budget, "the tables took \(most) bytes")
        var seen = 0
        map.forEach { entry, text in
            seen += 1
            if text != value(entry, entry % 100 == 0 ? 1 : 0) || entry % 200 == 0 { Issue.record("\(entry): \(text)") }
        }
        #expect(seen == Int(count) * 199 / 200 && map.count == seen)
        var keys: [Int64] = []
        ordered.forEach(in: -50..<3_000) { key, value in
            if value == key + 6_000 { keys.append(key) }
        }
        #expect(keys == Array(-50..<3_000))
        #expect(ordered.first?.key == -6_000 && ordered.last?.key == 5_999)
        ordered.removeAll(before: 5_000)
        #expect(ordered.first?.key == 5_000 && ordered.count == 1_000)
        select(2, in: store)
        #expect(map.isEmpty && ordered.isEmpty)
        try environment.failure.check()
        backing.close()
    }

    @Test func oneChangedEntryOfALargeMapIsASmallSnapshot() throws {
        let directory = try TemporaryDirectory()
        let backing = try directory.open()
        let environment = StateEnvironment(store: backing, allowance: TableAllowance(total: 1 << 20))
        let state = StepState(step: "step", in: environment)
        let store = KeyedStateStore<Int>(state)
        let map = try store.map("map", from: Int64.self, to: Int64.self)
        select(1, in: store)
        for entry in 0..<100_000 as Range<Int64> { map[entry] = entry &* 0x1E37_79B9_7F4A_7C15 }
        func snapshot() throws -> [String: Int] {
            try flush(state)
            let checkpoint = try backing.checkpoint()
            defer { checkpoint.release() }
            var sizes: [String: Int] = [:]
            for file in checkpoint.files where file.isImmutable {
                let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
                sizes[file.name] = attributes[.size] as? Int
            }
            return sizes
        }
        let full = try snapshot()
        #expect(full.values.reduce(0, +) > 500_000)
        map[77_777] = -1
        let changes = try snapshot().filter { full[$0.key] == nil }
        #expect(!changes.isEmpty && changes.values.reduce(0, +) < 10_000, "\(changes)")
        try environment.failure.check()
        backing.close()
    }

    @Test func compactionDropsWhatHasExpiredEntryByEntry() throws {
        let directory = try TemporaryDirectory()
        let backing = try directory.open()
        let clock = Clock()
        let environment = StateEnvironment(store: backing, allowance: TableAllowance(total: 0, smallestTable: 16))
        let state = StepState(step: "step", in: environment)
        let store = KeyedStateStore<Int>(state) { clock.now }
        let timeToLive = TimeToLive(.milliseconds(100))
        let value = try store.value("value", of: Int.self, timeToLive: timeToLive)
        let map = try store.map(
            "map", from: Int.self, to: Int.self, timeToLive: TimeToLive(.milliseconds(100), refresh: .onReadAndWrite))
        let plain = try store.value("plain", of: Int.self)
        for key in 0..<500 {
            select(key, in: store)
            value.value = key
            plain.value = key
            for entry in 0..<4 { map[entry] = key }
        }
        try flush(state)
        clock.now = 60
        select(0, in: store)
        for key in 0..<500 {
            select(key, in: store)
            if key % 2 == 0 { value.value = -key }
            // Lives on, in memory at first: the store's row is dropped below.
            #expect(map[3] == key)
        }
        clock.now = 120
        select(0, in: store)
        let rocks = try #require(backing as? RocksDBStore)
        func rowCount(_ name: String) throws -> Int {
            try rocks.rows(of: StateEnvironment.id(step: "step", part: name)).all().count
        }
        #expect(try rowCount("map") > 1_900)
        try rocks.compact()
        // Of those that live some are in the tables only.
        #expect(try rowCount("map") <= 500 && rowCount("value") <= 250 && rowCount("plain") <= 500)
        for key in 0..<500 {
            select(key, in: store)
            #expect(value.value == (key % 2 == 0 ? -key : nil))
            #expect(plain.value == key)
            #expect(map.keys == [3] && map[0] == nil && map[3] == key)
        }
        // What a table believes to be in the store is more than there is; nothing depends on that.
        try flush(state)
        #expect(store.keyCounts.map(\.count) == [250, 500, 500])
        for (_, part, capture) in try state.capture({ _ in .everything }) {
            var rows = StateRows()
            while try capture.next(1 << 20, into: &rows) {}
            capture.stored?.release()
            #expect((capture.storedRowCount ?? 0) >= 250 && part.isStored)
        }
        try environment.failure.check()
        backing.close()
    }
}
