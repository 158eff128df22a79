@testable import StateBackend
@testable import StreamOperators
import StreamTesting
import Testing
import Weir

/// Interval joins over a store with next to no memory, and their snapshots.
@Suite struct JoinStoreTests {
    private static func bounds(_ lower: Int64, _ upper: Int64) -> JoinBounds {
        .between(.milliseconds(lower), .milliseconds(upper))
    }

    /// Evictions all the time, and restarts with other parallelisms, from the store to memory and back.
    @Test(arguments: 0..<80 as Range<UInt64>) func resultsAreThoseOfAllPairs(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func draw(_ limit: UInt64) -> Int64 { Int64(random.next(below: limit)) }
        let kind = JoinKind.allCases[Int(draw(4))]
        let lower = draw(160) - 80
        let upper = lower + draw([1, 40, 200][Int(draw(3))])
        let workers = try JoinWorkers(
            kind, Self.bounds(lower, upper), parallelism: Int(draw(3)) + 1, hasStore: draw(4) > 0)
        let keys = [3, 80][Int(draw(2))] as UInt64
        var (lefts, rights): ([Event], [Event]) = ([], [])
        var (low, id) = (Timestamp(0), 0)
        for _ in 0..<60 {
            func some() -> [Event] {
                (0..<draw(12)).map { _ in
                    id += 1
                    return Event(id: id, key: "key \(draw(keys))", time: low + draw(30))
                }
            }
            let (left, right) = (some(), some())
            try workers.process(left: left, right: right)
            lefts += left
            rights += right
            low += draw(8)
            if draw(2) == 0 { try workers.advance(to: low) }
            if draw(15) == 0 { try workers.restart(parallelism: Int(draw(4)) + 1, hasStore: draw(2) == 0) }
        }
        try workers.advance(to: .max)
        let place = "seed \(seed), \(kind), \(lower)...\(upper)"
        #expect(workers.results.sorted() == kind.results(lefts, rights, lower, upper), "\(place)")
        #expect(workers.leftovers == (0, 0), "\(place)")
    }

    private static func decoded(_ rows: StateRows, into saved: inout [String: [UInt8]?]) throws {
        for row in rows.rows {
            var decoder = rows.decoder(of: row)
            let key: String = try decoder.decode()
            saved[key] = row.isRemoval ? .some(nil) : Array(decoder.bytes[decoder.position..<decoder.end])
        }
    }

    @Test func capturesComeInPiecesAndHoldChangesOnly() throws {
        let workers = try JoinWorkers(.inner, Self.bounds(0, 1_000))
        func events(_ keys: Range<Int>, at time: Timestamp) -> [Event] {
            keys.map { Event(id: $0, key: "key \($0)", time: time) }
        }
        try workers.process(left: events(0..<3_000, at: 500), right: events(0..<3_000, at: 400))
        let part = try #require(workers.states[0]["rows"])
        func expected() throws -> [String: [UInt8]?] {
            var rows = StateRows()
            try part.save(into: &rows)
            var saved: [String: [UInt8]?] = [:]
            try Self.decoded(rows, into: &saved)
            return saved
        }
        var asOfBarrier = try expected()
        var captured: [String: [UInt8]?] = [:]
        let full = try part.capture(.changes)
        #expect(full.isComplete)
        var pieces = 0
        var isMore = true
        while isMore {
            var piece = StateRows()
            isMore = try full.next(1_000, into: &piece)
            // A stretch of slots, and what was changed in between.
            #expect(piece.byteCount < 100_000)
            try Self.decoded(piece, into: &captured)
            pieces += 1
            try workers.process(right: events(pieces * 7..<pieces * 7 + 3, at: 600))
        }
        #expect(pieces > 5)
        #expect(captured == asOfBarrier)
        let between = try part.capture(.changes)
        var others = StateRows()
        while try between.next(1 << 20, into: &others) {}
        try Self.decoded(others, into: &captured)
        try workers.process(left: events(10..<15, at: 700))
        try workers.process(right: events(5_000..<5_002, at: 700))
        asOfBarrier = try expected()
        let changes = try part.capture(.changes)
        #expect(!changes.isComplete)
        var rows = StateRows()
        while try changes.next(1 << 20, into: &rows) {}
        #expect(rows.rows.count == 7)
        try Self.decoded(rows, into: &captured)
        #expect(captured == asOfBarrier)
    }

    /// Many keys, and one key with many records.
    @Test(arguments: [100_000, 1]) func stateInMemoryCountsOnTheBudget(keys: Int) throws {
        let environment = StateEnvironment(allowance: TableAllowance(total: 2 << 20))
        let context = JoinWorkers.makeContext(environment)
        var join = try JoinWorkers.Join(
            bounds: Self.bounds(0, 1_000), lateLeft: try LatenessPolicy(allowed: 0, late: .drop, context: context),
            lateRight: try LatenessPolicy(allowed: 0, late: .drop, context: context),
            results: JoinResults(pair: { JoinScript.pair($0, $1) }), context: context)
        let output = Collector<String>(outlet: Outlet(), batchSize: 16)
        let error = #expect(throws: StateError.self) {
            for first in stride(from: 0, to: 100_000, by: 100) {
                let records = Batch<Event>(capacity: 100)
                for id in first..<first + 100 { records.append(Event(id: id, key: "\(id % keys)", time: 5), at: 5) }
                try join.processLeft(KeyedBatch(records, keyOf: { $0.key }), output)
                try environment.failure.check()
            }
        }
        #expect(error?.code == .budgetExceeded)
        #expect(error?.message.contains("state 'rows' of step 'join'") == true)
    }
}
