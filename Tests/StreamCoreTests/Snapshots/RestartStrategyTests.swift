import Testing

@testable import StreamCore

/// When a job begins again after its failures.
struct RestartStrategyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let strategy: RestartStrategy
        /// Milliseconds from the job's start, or from the restart before, to each failure.
        let failures: [Int64]
        /// The wait after each; nil where the job ends.
        let delays: [Int64?]

        init(_ name: String, _ strategy: RestartStrategy, _ failures: [Int64], _ delays: [Int64?]) {
            testDescription = name
            self.strategy = strategy
            self.failures = failures
            self.delays = delays
        }
    }

    @Test(arguments: [
        Case("none", .none, [5], [nil]),
        Case("fixed", .fixedDelay(attempts: 2, delay: .milliseconds(30)), [5, 1_000_000, 5], [30, 30, nil]),
        Case(
            "growing to a limit", .exponentialBackoff(initial: .milliseconds(10), limit: .milliseconds(50), factor: 2),
            [1, 1, 1, 1, 1], [10, 20, 40, 50, 50]),
        Case(
            "growing, with an end", .exponentialBackoff(initial: .milliseconds(10), attempts: 2), [1, 1, 1],
            [10, 20, nil]),
        Case(
            "a long run forgets", .exponentialBackoff(initial: .milliseconds(10), resetAfter: .milliseconds(100)),
            [1, 1, 99, 100, 1], [10, 20, 40, 10, 20]),
        // Failures at 10, 25, 40: the third one ends it; with 100 between them none does.
        Case(
            "too often", .failureRate(2, per: .milliseconds(100), delay: .milliseconds(5)), [10, 10, 10], [5, 5, nil]),
        Case(
            "not too often", .failureRate(2, per: .milliseconds(100), delay: .milliseconds(5)), [10, 60, 60, 60],
            [5, 5, 5, 5]),
    ])
    func waits(_ one: Case) {
        var now: Timestamp = 1_000
        var history = RestartHistory(one.strategy, now: now)
        var delays: [Int64?] = []
        for failure in one.failures {
            now += failure
            let delay = history.delayAfterFailure(at: now)
            delays.append(delay)
            guard let delay else { break }
            now += delay
            history.noteStart(at: now)
        }
        #expect(delays == one.delays)
    }

    @Test(arguments: [
        (RestartStrategy.fixedDelay(attempts: 0, delay: .zero), "attempts"),
        (.fixedDelay(attempts: 1, delay: .milliseconds(-1)), "delay"),
        (.exponentialBackoff(initial: .seconds(2), limit: .seconds(1)), "rise"),
        (.exponentialBackoff(factor: 0.5), "factor"),
        (.failureRate(0, per: .seconds(1), delay: .zero), "failures"),
        (.failureRate(1, per: .zero, delay: .zero), "interval"),
    ])
    func whatCantBeIsRefused(strategy: RestartStrategy, names word: String) {
        var options = JobOptions(parallelism: 1)
        options.restarts = strategy
        let error = #expect(throws: JobError.self) { try options.validate() }
        #expect(error?.code == .invalidOption && error?.message.contains(word) == true)
    }
}
