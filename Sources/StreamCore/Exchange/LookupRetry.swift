/// How often, and after which delays, a failed look-up is tried again.
///
/// Delays are counted by the job's clock and are the same each time: there is no random part.
public struct LookupRetry: Sendable, Equatable {
    /// How often a look-up is tried in all.
    public let attempts: Int
    /// The delay after the first attempt, in milliseconds.
    let delay: Int64
    /// By what the delay grows from attempt to attempt.
    let factor: Double
    /// The longest delay, in milliseconds.
    let maximum: Int64

    /// A look-up is tried once.
    public static let none = LookupRetry(attempts: 1, delay: 0, factor: 1, maximum: 0)

    /// A look-up is tried up to `attempts` times, the first included, with the same delay in between.
    public static func fixed(attempts: Int, delay: Duration) -> LookupRetry {
        LookupRetry(attempts: attempts, delay: delay.milliseconds, factor: 1, maximum: delay.milliseconds)
    }

    /// A look-up is tried up to `attempts` times, the first included, with growing delays in between.
    ///
    /// - Parameters:
    ///   - delay: the first delay.
    ///   - factor: by what it grows each time, 1 or more. The default is 2.
    ///   - maximum: the longest delay. The default is a minute.
    public static func exponential(
        attempts: Int, delay: Duration, factor: Double = 2, maximum: Duration = .seconds(60)
    ) -> LookupRetry {
        LookupRetry(
            attempts: attempts, delay: delay.milliseconds, factor: factor, maximum: maximum.milliseconds)
    }

    /// The delay after an attempt, in milliseconds; the first is 1.
    func delay(after attempt: Int) -> Int64 {
        var delay = Double(delay)
        for _ in 1..<Swift.max(attempt, 1) where delay < Double(maximum) { delay *= factor }
        return delay < Double(maximum) ? Int64(delay) : maximum
    }

    /// What is wrong, with the remedy; or nil.
    var problem: String? {
        if attempts < 1 { return "a look-up is to be tried \(attempts) times; try it at least once" }
        if delay < 0 || maximum < 0 { return "the delay before another attempt is negative; it must be zero or more" }
        if !(factor >= 1) { return "the delays grow by a factor of \(factor); it must be 1 or more" }
        return nil
    }
}
