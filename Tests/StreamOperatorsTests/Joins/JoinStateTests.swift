@testable import StateBackend
@testable import StreamCore
@testable import StreamOperators
import Testing

/// What an interval join keeps: no more than can still match, and nothing at the end.
@Suite struct JoinStateTests {
    private typealias Join = IntervalJoinOperator<Int, Int, Int, Int>

    /// A context outside of a job.
    private static func makeContext() -> OperatorContext {
        var graph = DataflowGraph()
        graph.nodes.append(DataflowGraph.Node(name: "join", kind: .operation, inputs: [], build: { _, _ in }))
        let build = WorkerBuild(
            graph: graph, shared: JobBuild(pipeline: "test", options: JobOptions(), stepCount: 1), environment: StateEnvironment())
        return build.context(node: 0)
    }

    private static func batch(_ values: [(key: Int, time: Timestamp)]) throws -> KeyedBatch<Int, Int> {
        let records = Batch<Int>(capacity: values.count)
        for value in values { records.append(value.key, at: value.time) }
        return KeyedBatch(records, keyOf: { $0 })
    }

    @Test(arguments: [(-20, 30), (0, 0), (5, 40), (-40, -5), (0, 100)] as [(Int64, Int64)], [1, 7, 300])
    func stateIsBounded(_ bounds: (Int64, Int64), keys: Int) throws {
        let context = Self.makeContext()
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
            highest = max(highest, join.state.lefts.count + join.state.rights.count)
        }
        let span = Int(max(abs(bounds.0), abs(bounds.1)))
        #expect(highest <= 3 * (2 * span + 60))
        #expect(join.state.lefts.nodes.count <= highest)
        #expect(join.state.rights.nodes.count <= highest)
        #expect(join.state.table.count <= min(keys, highest))
        #expect(join.leftTimers.count + join.rightTimers.count <= 3 * (2 * span + 60))
        try join.advance(to: .max, output)
        #expect(join.state.lefts.count == 0 && join.state.rights.count == 0)
        #expect(join.state.table.count == 0)
        #expect(join.leftTimers.count == 0 && join.rightTimers.count == 0)
    }

    @Test func theArenaUsesItsMemoryAgain() {
        var arena = RecordArena<String>()
        var heads: [Int32] = [-1, -1]
        for round in 0..<100 as Range<Int64> {
            for index in 0..<10 as Range<Int64> {
                arena.add("r\(index)", at: round * 10 + index, to: &heads[Int(index % 2)])
            }
            var seen: [Timestamp] = []
            for head in heads { arena.forEach(in: head) { _, time in seen.append(time) } }
            #expect(seen.count == arena.count)
            // All but the newest three, which the next round removes.
            let limit = round * 10 + 6
            let left = heads.indices.map { arena.removeExpired(from: &heads[$0], span: 0, through: limit) }
            #expect(left.min() == limit + 1)
            #expect(arena.count == 3)
        }
        #expect(arena.nodes.count == 13)
        for index in heads.indices {
            #expect(arena.removeExpired(from: &heads[index], span: 0, through: .max) == .max)
        }
        #expect(arena.count == 0 && heads == [-1, -1])
        #expect(arena.nodes.allSatisfy { $0.element == nil })
    }
}
