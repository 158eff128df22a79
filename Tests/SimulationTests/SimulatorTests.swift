import StreamTesting
import Synchronization
import Testing
import Weir

@testable import SimulationRunner

/// The simulator itself: what it finds, and what it says then.
@Suite struct SimulatorTests {
    /// Numbers its events; the number is kept beside the state, so that a restart doesn't take it back.
    static func forgetful() -> Simulation<Int, String> {
        Simulation("forgetful") { random in
            [(0..<30).map { _ in Int(random.next(below: 9)) }]
        } pipeline: { p, events, output in
            let counter = Mutex(0)
            p.source("events", events, time: { _ in 0 }, watermarks: .boundedOutOfOrderness(.zero))
                .map { "\(counter.withLock { $0 += 1; return $0 }): \($0)" }
                .commit("out", to: output)
        } expected: { splits in
            splits[0].enumerated().map { "\($0 + 1): \($1)" }
        }
    }

    static func failure(_ simulation: Simulation<Int, String>, seeds: ClosedRange<UInt64> = 1...50) throws
        -> SimulationFailure
    {
        var simulation = simulation
        simulation.options.parallelism = 1...1
        return try #require(throws: SimulationFailure.self) { try simulation.run(seeds: seeds) }
    }

    @Test func aFailureSaysWhatToDo() throws {
        let failure = try Self.failure(Self.forgetful())
        let text = "\(failure)"
        #expect(
            text.contains("simulation 'forgetful', seed \(failure.seed): the committed results are not the expected"))
        #expect(text.contains("attempt 1: parallelism 1"))
        #expect(failure.trace.contains { $0.hasPrefix("attempt 2") })
        #expect(failure.trace.contains { $0.contains("commit transaction") })
        // One restart, and as few events as show it.
        #expect(failure.plan.attempts.count == 2)
        #expect(failure.plan.attempts.allSatisfy { $0.injections.count <= 1 && $0.stall == nil && !$0.jumps })
        #expect(failure.events.joined().count < 5)
        #expect(failure.shrinkRuns > 10)
    }

    @Test func aSeedFailsAgain() throws {
        let first = try Self.failure(Self.forgetful())
        let again = try Self.failure(Self.forgetful(), seeds: first.seed...first.seed)
        #expect(first.plan == again.plan)
        #expect(first.trace == again.trace)
        #expect(first.events == again.events)
        var unshrunk = Self.forgetful()
        unshrunk.options.shrinks = false
        let whole = try Self.failure(unshrunk, seeds: first.seed...first.seed)
        #expect(whole.shrinkRuns == 0)
        #expect(whole.events.joined().count == 30)
    }

    @Test(arguments: SimulatedShape.allCases)
    func aSeedIsTheSameRunEachTime(of shape: SimulatedShape) throws {
        let simulation = shape.simulation(SimulationOptions())
        for seed: UInt64 in 1...3 {
            #expect(try simulation.trace(seed: seed) == simulation.trace(seed: seed))
            #expect(try simulation.run(seed: seed) == simulation.run(seed: seed))
        }
    }

    /// A pipeline of which an oracle says other things than it does.
    private static func wrong(
        _ guarantee: SnapshotOptions.Guarantee = .exactlyOnce, failures: Int = 0,
        order: Bool = false, expected: @escaping @Sendable ([Int]) -> [String]
    ) -> Simulation<Int, String> {
        var options = SimulationOptions()
        options.guarantee = guarantee
        options.maximumFailures = failures
        let simulation = Simulation<Int, String>("wrong", options: options) { _ in
            [Array(1...9)]
        } pipeline: { p, events, output in
            p.source("events", events, time: { Int64($0) }, watermarks: .boundedOutOfOrderness(.zero))
                .map { "\($0)" }.commit("out", to: output)
        } expected: {
            expected($0[0])
        }
        return order ? simulation.ordered { _ in 0 } : simulation
    }

    @Test func missingAndSurplusResultsAreNamed() throws {
        let failure = try Self.failure(
            Self.wrong { events in (events + [10]).filter { $0 != 3 }.map { "\($0)" } }, seeds: 1...1)
        #expect(failure.violation.contains("missing: 10"))
        let surplus = try Self.failure(Self.wrong { $0.dropFirst().map { "\($0)" } }, seeds: 1...1)
        #expect(surplus.violation.contains("missing: none; too many:"))
    }

    @Test func orderIsLookedAt() throws {
        let reversed: @Sendable ([Int]) -> [String] = { $0.reversed().map { "\($0)" } }
        #expect(try Self.wrong(expected: reversed).run(seed: 1).runs == 1)
        #expect(try Self.failure(Self.wrong(order: true, expected: reversed), seeds: 1...1).violation.contains("order"))
    }

    @Test func atLeastOnceAllowsMoreOfTheSame() throws {
        let exact: @Sendable ([Int]) -> [String] = { $0.map { "\($0)" } }
        let report = try Self.wrong(.atLeastOnce, failures: 4, expected: exact).run(seeds: 1...60)
        #expect(report.faults["read repeats"] ?? 0 > 0)
        #expect(report.results > 60 * 9)
        let failure = try Self.failure(
            Self.wrong(.atLeastOnce) { $0.map { $0 == 9 ? "nine" : "\($0)" } }, seeds: 1...1)
        #expect(failure.violation.contains("missing: nine; too many: 9"))
    }

    @Test func stateThatIsNotTheFoldIsFound() throws {
        let simulation = SimulatedShape.timers.simulation(SimulationOptions())
            .checking(state: "total", of: "periods") { prefix in
                Dictionary(grouping: prefix.joined(), by: \.key).mapValues { $0.count + 1 }
            }
        let failure = try #require(throws: SimulationFailure.self) { try simulation.run(seeds: 1...50) }
        #expect(failure.violation.contains("state 'total' of step 'periods' is"))
    }
}
