import StateBackend
import Testing

@Suite struct TimeToLiveTests {
    private final class Clock {
        var now: Int64 = 0
    }

    private func store(_ clock: Clock, _ state: StepState = StepState()) -> KeyedStateStore<Int> {
        KeyedStateStore(state, clock: { clock.now })
    }

    private func select(_ key: Int, in store: KeyedStateStore<Int>) {
        store.tick()
        store.select(key, hash: key.stableHash)
    }

    @Test(
        arguments: [
            (Duration.zero, 1), (.nanoseconds(1), 1), (.milliseconds(5), 5), (.microseconds(5_001), 6),
            (.seconds(2), 2_000),
            (.seconds(Int64.max), Int64.max),
        ] as [(Duration, Int64)])
    func durationsAreRoundedUp(duration: Duration, milliseconds: Int64) {
        #expect(TimeToLive(duration).milliseconds == milliseconds)
    }

    @Test(arguments: [TimeToLive.Refresh.onWrite, .onReadAndWrite])
    func aValueLivesItsTimeAndNoLonger(refresh: TimeToLive.Refresh) throws {
        let clock = Clock()
        let store = store(clock)
        let value = try store.value("value", of: Int.self, timeToLive: TimeToLive(.milliseconds(10), refresh: refresh))
        select(1, in: store)
        value.value = 5
        clock.now = 9
        select(1, in: store)
        #expect(value.value == 5)
        clock.now = 10
        select(1, in: store)
        #expect(value.value == (refresh == .onWrite ? nil : 5))
        clock.now = 19
        select(1, in: store)
        #expect(value.value == (refresh == .onWrite ? nil : 5))
        _ = value.update(default: 100) { $0 += 1 }
        #expect(value.value == (refresh == .onWrite ? 101 : 6))
        clock.now = 29
        select(1, in: store)
        #expect(value.value == nil)
        _ = value.update(default: 100) { $0 += 1 }
        #expect(value.value == 101)
    }

    @Test func whatHasExpiredIsClearedAwayAsBatchesComeIn() throws {
        let clock = Clock()
        let state = StepState()
        let store = store(clock, state)
        let value = try store.value("value", of: Int.self, timeToLive: TimeToLive(.milliseconds(10)))
        let map = try store.map("map", from: Int.self, to: Int.self, timeToLive: TimeToLive(.milliseconds(10)))
        for key in 0..<1_000 {
            select(key, in: store)
            value.value = key
            map[1] = key
        }
        clock.now = 5
        for key in 0..<10 {
            select(key, in: store)
            map[2] = key
        }
        clock.now = 10
        var saved: [String: SavedPart] = [:]
        store.tick()
        try state.save(into: &saved)
        #expect(saved["value"]?.rows.isEmpty == true)
        #expect(saved["map"]?.rows.count == 10)
        #expect(saved["value"]?.schema.timeToLive == 10)
        #expect(store.keyCounts.map(\.count) == [0, 10])
        // Keys that have expired aren't asked for, and go all the same.
        for _ in 0..<100 { store.tick(count: 10) }
        select(3, in: store)
        #expect(map.count == 1)
        clock.now = 0
        store.tick()
        #expect(store.keyCounts.map(\.count) == [0, 10])
    }

    @Test func theTimeComesFirstInTheBytes() throws {
        let clock = Clock()
        let state = StepState()
        let store = store(clock, state)
        let value = try store.value("value", of: UInt8.self, timeToLive: TimeToLive(.milliseconds(0x0102)))
        let map = try store.orderedMap(
            "map", from: Int.self, to: Int.self, timeToLive: TimeToLive(.milliseconds(0x0304)))
        select(1, in: store)
        value.value = 7
        map[1] = 1
        var saved: [String: SavedPart] = [:]
        try state.save(into: &saved)
        for (name, start) in [("value", [2, 1]), ("map", [4, 3])] as [(String, [UInt8])] {
            let rows = try #require(saved[name]?.rows)
            let row = try #require(rows.rows.first)
            #expect(rows.value(of: row).prefix(8) == (start + [0, 0, 0, 0, 0, 0])[...])
        }
    }
}
