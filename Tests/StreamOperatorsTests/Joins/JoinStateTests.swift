@testable import StateBackend
@testable import StreamCore
@testable import StreamOperators
import Testing

/// What an interval join keeps: no more than can still match, and nothing at the end.
@Suite struct JoinStateTests {
    private typealias Join = IntervalJoinOperator<Int, Int, Int, Int>

    private static func batch(_ values: [(key: Int, time: Timestamp)]) throws -> KeyedBatch<Int, Int> {
        let records = Batch<Int>(capacity: values.count)
        for value in values { records.append(value.key, at: value.time) }
        return KeyedBatch(records, keyOf: { $0 })
    }

    @Test(arguments: [(-20, 30), (0, 0), (5, 40), (-40, -5), (0, 100)] as [(Int64, Int64)], [1, 7, 300])
    func stateIsBounded(_ bounds: (Int64, Int64), keys: Int) throws {
        let context = JoinWorkers.makeContext()
        var join = try Join(
            bounds: .between(.milliseconds(bounds.0), .milliseconds(bounds.1)),
            lateLeft: try LatenessPolicy(allowed: 0, late: .drop, context: context),
            lateRight: try LatenessPolicy(allowed: 0, late: .drop, context: context),
            results: JoinResults(pair: { left, _ in left }),
            context: context)
        let output = Collector<Int>(outlet: Outlet(), batchSize: 64)
        var highest = 0
        for step in 0..<3_000 {
            let time = Timestamp(step)
            try join.processLeft(try Self.batch([(step % keys, time + 3), (step * 7 % keys, time)]), output)
            try join.processRight(try Self.batch([(step * 3 % keys, time + 2)]), output)
            // Now and then a long stretch without a rise.
            if step % 50 < 30 { try join.advance(to: time - 1, output) }
            var records = 0
            join.table.forEachUnchanged { records += $1.records.count }
            highest = max(highest, records)
        }
        let span = Int(max(abs(bounds.0), abs(bounds.1)))
        #expect(highest <= 3 * (2 * span + 60))
        #expect(join.table.count <= min(keys, highest))
        #expect(join.keyTimers.count == join.table.count)
        try join.advance(to: .max, output)
        #expect(join.table.count == 0)
        #expect(join.keyTimers.count == 0)
    }

    @Test func recordsKeepTheirOrderAndGiveMemoryBack() {
        typealias Row = IntervalJoinRow<String, Int>
        var row = Row()
        for time in 0..<200 as Range<Int64> {
            row.add(left: "l\(time)", at: time, isMatched: false)
            row.add(right: Int(time), at: time, isMatched: true)
        }
        var seen: [String] = []
        _ = row.matchLeft(from: 3, to: 5, marking: true) { element, _ in seen.append(element) }
        #expect(seen == ["l5", "l4", "l3"])
        var removed: [String] = []
        // Left records go 10 ms after, right ones at their time.
        row.removeExpired(leftSpan: 10, rightSpan: 0, through: 197) {
            if case .left(let element) = $0.side, $0.isMatched { removed.append(element) }
        }
        #expect(removed == ["l3", "l4", "l5"])
        #expect((row.leftCount, row.rightCount) == (12, 2))
        #expect((row.earliestLeft, row.earliestRight) == (188, 198))
        #expect(row.records.capacity < 50)
        row.removeExpired(leftSpan: nil, rightSpan: 0, through: .max)
        #expect((row.leftCount, row.rightCount, row.earliestRight) == (12, 0, .max))
        row.removeExpired(leftSpan: 0, rightSpan: nil, through: .max)
        #expect(row.isEmpty && row.records.capacity <= 4 * Row.smallCapacity)
    }
}
