/// What becomes of a job whose workers have failed: whether it begins again with its newest snapshot, and when.
///
/// The strategies are Flink's. A job that was cancelled or stopped, and one whose options or pipeline can't work, never
/// begins again.
public struct RestartStrategy: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case none
        case fixedDelay(attempts: Int, delay: Duration)
        case exponentialBackoff(initial: Duration, limit: Duration, factor: Double, resetAfter: Duration, attempts: Int)
        case failureRate(failures: Int, per: Duration, delay: Duration)
    }

    let kind: Kind

    /// The first failure ends the job.
    ///
    /// This is the default.
    public static let none = RestartStrategy(kind: .none)

    /// Begins again after the same time each time.
    ///
    /// - Parameters:
    ///   - attempts: how often in all, 1 or more; the failure after that ends the job.
    ///   - delay: how long to wait before each.
    public static func fixedDelay(attempts: Int, delay: Duration) -> RestartStrategy {
        RestartStrategy(kind: .fixedDelay(attempts: attempts, delay: delay))
    }

    /// Begins again after a time that grows with each failure.
    ///
    /// - Parameters:
    ///   - initial: how long to wait the first time. The default is 1 s.
    ///   - limit: how long to wait at most. The default is 1 min.
    ///   - factor: by what the time grows, 1 or more. The default is 2.
    ///   - resetAfter: how long a job must have run for its failures to be forgotten. The default is 10 min.
    ///   - attempts: how often in a row, without such a run between. By default without limit.
    public static func exponentialBackoff(
        initial: Duration = .seconds(1), limit: Duration = .seconds(60), factor: Double = 2,
        resetAfter: Duration = .seconds(600), attempts: Int = .max
    ) -> RestartStrategy {
        RestartStrategy(
            kind: .exponentialBackoff(
                initial: initial, limit: limit, factor: factor, resetAfter: resetAfter, attempts: attempts))
    }

    /// Begins again unless failures come too often.
    ///
    /// - Parameters:
    ///   - failures: how many failures within `interval` are allowed, 1 or more; one more ends the job.
    ///   - interval: the time over which failures are counted.
    ///   - delay: how long to wait before each.
    public static func failureRate(_ failures: Int, per interval: Duration, delay: Duration) -> RestartStrategy {
        RestartStrategy(kind: .failureRate(failures: failures, per: interval, delay: delay))
    }

    /// What is wrong with the strategy's numbers; nil when nothing is.
    var problem: String? {
        switch kind {
        case .none: return nil
        case .fixedDelay(let attempts, let delay):
            if attempts < 1 { return "its attempts are \(attempts), but must be 1 or more" }
            return delay < .zero ? "its delay is \(delay), but must be zero or more" : nil
        case .exponentialBackoff(let initial, let limit, let factor, _, let attempts):
            if initial < .zero || limit < initial { return "its times are \(initial) and \(limit), which must rise" }
            if !(factor >= 1) { return "its factor is \(factor), but must be 1 or more" }
            return attempts < 1 ? "its attempts are \(attempts), but must be 1 or more" : nil
        case .failureRate(let failures, let interval, let delay):
            if failures < 1 { return "its failures are \(failures), but must be 1 or more" }
            if interval <= .zero { return "its interval is \(interval), but must be more than zero" }
            return delay < .zero ? "its delay is \(delay), but must be zero or more" : nil
        }
    }
}

/// A job's failures so far, as its ``RestartStrategy`` sees them.
struct RestartHistory: Sendable {
    private let strategy: RestartStrategy
    /// When the job failed, as far as that still counts.
    private var failures: [Timestamp] = []
    private var started: Timestamp

    init(_ strategy: RestartStrategy, now: Timestamp) {
        self.strategy = strategy
        started = now
    }

    /// An attempt begins.
    mutating func noteStart(at now: Timestamp) { started = now }

    /// The attempt has failed; how long to wait, in milliseconds, before the next one, or nil when there is to be none.
    mutating func delayAfterFailure(at now: Timestamp) -> Int64? {
        switch strategy.kind {
        case .none: return nil
        case .fixedDelay(let attempts, let delay):
            failures.append(now)
            return failures.count <= attempts ? delay.milliseconds : nil
        case .exponentialBackoff(let initial, let limit, let factor, let resetAfter, let attempts):
            if now - started >= resetAfter.milliseconds { failures = [] }
            // The next failure may come before there was another start.
            started = now
            failures.append(now)
            guard failures.count <= attempts else { return nil }
            var delay = Double(initial.milliseconds)
            for _ in 1..<Swift.max(failures.count, 1) where delay < Double(limit.milliseconds) { delay *= factor }
            return Int64(Swift.min(delay, Double(limit.milliseconds)))
        case .failureRate(let limit, let interval, let delay):
            failures.removeAll { now - $0 >= interval.milliseconds }
            failures.append(now)
            return failures.count <= limit ? delay.milliseconds : nil
        }
    }
}
