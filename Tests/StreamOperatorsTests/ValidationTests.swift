import StreamTesting
import Testing
import Weir

/// What can't work is refused when the pipeline is described, with the step's name and a remedy.
@Suite struct ValidationTests {
    private func problems(
        _ describe: (DataStream<Event>, DataStream<Event>) -> Void
    ) throws -> [PipelineError.Problem] {
        do {
            _ = try Pipeline("test") { p in
                let timed = p.source("timed", CollectionSource([Event]()), time: { $0.time }, watermarks: .monotonous())
                let untimed = p.source("untimed", CollectionSource([Event]()))
                describe(timed, untimed)
            }
            return []
        } catch let error as PipelineError {
            #expect(error.pipeline == "test")
            for problem in error.problems { #expect(error.description.contains(problem.description)) }
            return error.problems
        }
    }

    @Test(
        arguments: [
            (.tumbling(.zero), "the window's size is 0 ms; it must be at least 1 ms"),
            (.tumbling(.microseconds(900)), "the window's size is 0 ms; it must be at least 1 ms"),
            (.tumbling(.seconds(-1)), "the window's size is -1000 ms; it must be at least 1 ms"),
            (.tumbling(.seconds(1 << 61)), "it must be at most 2^60 ms"),
            (
                .tumbling(.milliseconds(10), offset: .milliseconds(10)),
                "the window's offset is 10 ms; it must be less than the size, 10 ms, either way"
            ),
            (.tumbling(.milliseconds(10), offset: .milliseconds(-10)), "the window's offset is -10 ms"),
            (.sliding(.zero, every: .seconds(1)), "the window's size is 0 ms; it must be at least 1 ms"),
            (.sliding(.seconds(1), every: .zero), "the window's step is 0 ms; it must be at least 1 ms"),
            (.sliding(.seconds(1), every: .seconds(-2)), "the window's step is -2000 ms; it must be at least 1 ms"),
            (
                .sliding(.seconds(1), every: .milliseconds(10), offset: .milliseconds(10)),
                "it must be less than the step, 10 ms"
            ),
            (.session(gap: .zero), "the session gap is 0 ms; it must be at least 1 ms"),
            (.session(gap: .seconds(-3)), "the session gap is -3000 ms; it must be at least 1 ms"),
            (
                .session(gap: .seconds(Int64.max)),
                "the session gap is 9223372036854775807 ms; it must be at most 2^60 ms"
            ),
        ] as [(TestWindowing, String)])
    func windowsOutOfRange(_ windowing: TestWindowing, message: String) throws {
        let found = try problems { timed, _ in
            _ = timed.keyBy { $0.key }.window(windowing).aggregate("windows", .count())
        }
        #expect(found.map(\.step) == ["windows"])
        #expect(found.allSatisfy { $0.message.contains(message) }, "\(found)")
    }

    @Test func windowsInRange() throws {
        let found = try problems { timed, _ in
            let keyed = timed.keyBy { $0.key }
            for (index, windowing) in [
                TestWindowing.tumbling(.milliseconds(1)), .tumbling(.milliseconds(10), offset: .milliseconds(-9)),
                .sliding(.milliseconds(10), every: .milliseconds(20), offset: .milliseconds(19)),
                .sliding(.milliseconds(1 << 60), every: .milliseconds(1)), .session(gap: .milliseconds(1)), .global,
            ].enumerated() {
                _ = keyed.window(windowing).aggregate("windows \(index)", .count())
            }
        }
        #expect(found == [])
    }

    @Test func negativeLateness() throws {
        let found = try problems { timed, _ in
            _ = timed.keyBy { $0.key }.window(.global(), allowedLateness: .milliseconds(-1)).aggregate(
                "windows", .count())
        }
        #expect(
            found.map(\.description) == ["step 'windows': the allowed lateness is negative; it must be zero or more"])
    }

    @Test func joinBoundsUpsideDown() throws {
        let found = try problems { timed, _ in
            let keyed = timed.keyBy { $0.key }
            _ = keyed.join("join", keyed, within: .between(.milliseconds(5), .milliseconds(4))) { a, _ in a }
            _ = keyed.join("after", keyed, within: .after(upTo: .milliseconds(-1))) { a, _ in a }
            _ = keyed.join("before", keyed, within: .before(upTo: .milliseconds(-1))) { a, _ in a }
            _ = keyed.join("fine", keyed, within: .between(.milliseconds(5), .milliseconds(5))) { a, _ in a }
        }
        #expect(found.map(\.step) == ["join", "after", "before"])
        #expect(found.first?.message == "the join's lower bound, 5 ms, is above the upper one, 4 ms; swap them")
    }

    @Test func stepsThatWaitForWatermarksNeedThem() throws {
        let found = try problems { timed, untimed in
            let keyed = untimed.keyBy { $0.key }
            _ = keyed.window(.tumbling(.seconds(1))).aggregate("tumbling", .count())
            _ = keyed.window(.sliding(.seconds(2), every: .seconds(1))).aggregate("sliding", .count())
            _ = keyed.window(.session(gap: .seconds(1))).aggregate("session", .count())
            _ = keyed.window(.global()).aggregate("global", .count())
            _ = keyed.deduplicate("once", within: .seconds(1))
            _ = keyed.reduce("reduce") { a, _ in a }
            _ = timed.keyBy { $0.key }.join("right", keyed, within: .after(upTo: .zero)) { a, _ in a }
            _ = keyed.join("left", timed.keyBy { $0.key }, within: .after(upTo: .zero)) { a, _ in a }
            _ = timed.union("both", untimed).keyBy { $0.key }.window(.tumbling(.seconds(1))).aggregate(
                "union", .count())
            _ = untimed.assignTimestamps("times", outOfOrderness: .zero) { $0.time }.keyBy { $0.key }
                .window(.tumbling(.seconds(1))).aggregate("assigned", .count())
            _ = untimed.map { $0.key }.keyBy { $0 }.process("timers") { _ in WithTimers() }
            _ = untimed.map { $0.key }.keyBy { $0 }.process("no timers") { _ in WithoutTimers() }
        }
        #expect(found.map(\.step) == ["tumbling", "sliding", "session", "once", "right", "left", "union", "timers"])
        for problem in found { #expect(problem.message.contains("give the source a watermark strategy"), "\(problem)") }
    }

    @Test(arguments: [("x", "x"), ("", "y")]) func statesNeedNamesOfTheirOwn(first: String, second: String) throws {
        let found = try problems { timed, _ in
            _ = timed.map { $0.key }.keyBy { $0 }.process("states") { try TwoStates($0, first, second) }
        }
        #expect(found.map(\.step) == ["states"])
        #expect(found.first?.message.contains("need distinct, non-empty names, but '\(first)' was") == true, "\(found)")
        #expect(
            try problems { timed, _ in
                _ = timed.map { $0.key }.keyBy { $0 }.process("states") { try TwoStates($0, "x", "y") }
            } == [])
    }

    @Test func otherArgumentsOutOfRange() throws {
        let found = try problems { timed, untimed in
            _ = timed.keyBy { $0.key }.deduplicate("once", within: .zero)
            _ = untimed.assignTimestamps("times", outOfOrderness: .seconds(-1)) { $0.time }
        }
        #expect(found.map(\.step) == ["once", "times"])
        #expect(
            found.map(\.message) == [
                "the horizon is 0 ms; it must be at least 1 ms",
                "the out-of-orderness bound is negative; it must be zero or more",
            ])
    }

    @Test func keyedStepsThatWaitForWatermarksNeedThem() throws {
        let found = try problems { timed, untimed in
            let with = timed.map { $0.key }.keyBy { $0 }
            let without = untimed.map { $0.key }.keyBy { $0 }
            _ = without.deduplicate("last", within: .seconds(1), keep: .last)
            _ = without.deduplicate("for ever")
            _ = without.topN("ranking", 3) { $0 }
            _ = without.process("clock only") { _ in ClockOnly() }
            _ = with.process("left", with: without) { _ in TwoInputs() }
            _ = without.process("right", with: with) { _ in TwoInputs() }
            _ = with.process("both", with: with) { _ in TwoInputs() }
        }
        #expect(found.map(\.step) == ["last", "left", "right"])
        for problem in found { #expect(problem.message.contains("give the source a watermark strategy"), "\(problem)") }
    }

    @Test func keyedOperatorsDoNotConsume() throws {
        let found = try problems { timed, _ in
            let keyed = timed.keyBy { $0.key }
            _ = keyed.transform("consumes") { _ in Consuming<KeyedBatch<String, Event>>() }
            _ = timed.transform("may") { _ in Consuming<Batch<Event>>() }
            _ = keyed.topN("none", 0) { $0.id }
        }
        #expect(found.map(\.step) == ["consumes", "none"])
        #expect(found.first?.message.contains("make consumesInput false") == true)
    }

    private struct Consuming<Input: BatchPayload>: StreamOperator {
        typealias Output = Event
        static var consumesInput: Bool { true }
        mutating func process(_ input: Input, _ output: Collector<Event>) throws {}
    }

    private struct ClockOnly: KeyedProcessor {
        typealias Key = String
        typealias Output = String
        static let needsEventTime = false
        mutating func process(_ element: String, _ context: borrowing ProcessContext<ClockOnly>) throws {}
        mutating func onTimer(_ id: Int, at time: Timestamp, _ context: borrowing ProcessContext<ClockOnly>) throws {}
    }

    private struct TwoInputs: ConnectedProcessor {
        typealias Key = String
        typealias Output = String
        mutating func processLeft(_ element: String, _ context: borrowing ProcessContext<TwoInputs>) throws {}
        mutating func processRight(_ element: String, _ context: borrowing ProcessContext<TwoInputs>) throws {}
        mutating func onTimer(_ id: Int, at time: Timestamp, _ context: borrowing ProcessContext<TwoInputs>) throws {}
    }

    private struct WithTimers: KeyedProcessor {
        typealias Key = String
        typealias Output = String
        mutating func process(_ element: String, _ context: borrowing ProcessContext<WithTimers>) throws {}
        mutating func onTimer(_ id: Int, at time: Timestamp, _ context: borrowing ProcessContext<WithTimers>) throws {}
    }

    private struct WithoutTimers: KeyedProcessor {
        typealias Key = String
        typealias Output = String
        mutating func process(_ element: String, _ context: borrowing ProcessContext<WithoutTimers>) throws {}
    }

    private struct TwoStates: KeyedProcessor {
        typealias Key = String
        typealias Output = String
        let states: [ValueState<String, Int>]

        init(_ store: KeyedStateStore<String>, _ first: String, _ second: String) throws {
            states = [try store.value(first), try store.value(second)]
        }

        mutating func process(_ element: String, _ context: borrowing ProcessContext<TwoStates>) throws {}
    }
}
