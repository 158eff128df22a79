/// Which windows of a paced run are measured, and when their results are due.
///
/// A window's results are due when event time, as the pace lets it pass, has come to the window's end. Windows that end in
/// the first 40 % of the event time are left out as warm-up, and those that end after the last event, which the end of
/// the input closes.
public struct WindowLag: Sendable {
    private let start: Int64
    private let nanosecondsPerMillisecond: Double
    private let counted: ClosedRange<Int64>

    /// For a run whose meter has started; nil when it doesn't measure lags.
    public init?(_ parameters: RunParameters, _ meter: Meter) {
        guard parameters.measuresLatency, parameters.throttle > 0 else { return nil }
        start = meter.paceStart
        nanosecondsPerMillisecond = Double(parameters.rate) / Double(parameters.throttle) * 1e6
        let length = parameters.events * 1000 / parameters.rate
        counted = EventClock.origin + length * 2 / 5...EventClock.origin + length
    }

    /// When the results of a window that ends at `end` are due, by `bench_wall_ns`; nil when they don't count.
    public func due(windowEnd end: Int64) -> Int64? {
        guard counted.contains(end) else { return nil }
        return start + Int64(Double(end - EventClock.origin) * nanosecondsPerMillisecond)
    }
}
