internal import Synchronization

internal import CWeir

/// The seam through which the engine sees the time of day: processing-time timers, delays and latencies.
public protocol ProcessingClock: Sendable {
    /// The time, in milliseconds since 1970-01-01 UTC.
    var now: Timestamp { get }
}

/// The machine's clock.
public struct SystemClock: ProcessingClock {
    /// The machine's clock.
    public init() {}

    /// The time of day.
    public var now: Timestamp { weir_wall_ms() }
}

/// A clock that stands still until it is advanced, for tests and for the deterministic scheduler.
public final class VirtualClock: ProcessingClock {
    private let time: Atomic<Timestamp>

    /// A clock that shows `start`; the default is 0, 1970-01-01 UTC.
    public init(start: Timestamp = 0) { time = Atomic(start) }

    /// The time that the clock shows.
    public var now: Timestamp { time.load(ordering: .acquiring) }

    /// Moves the clock on to `time`; an earlier time is ignored.
    public func advance(to time: Timestamp) {
        var seen = now
        while seen < time {
            let (done, original) = self.time.compareExchange(
                expected: seen, desired: time, ordering: .acquiringAndReleasing)
            if done { return }
            seen = original
        }
    }

    /// Moves the clock on by `duration`.
    public func advance(by duration: Duration) { advance(to: now.advanced(byMilliseconds: duration.milliseconds)) }
}

/// The time since the machine's start, for measuring how long something took; no result depends on it.
enum MonotonicTime {
    static var nanoseconds: Int64 { weir_monotonic_ns() }
}
