/// Progress of event time over the index of an event: `base(i) = floor(i * 1000 / rate)` ms since ``origin``.
///
/// Follows a rising sequence of indices without a division for each.
@frozen
public struct EventClock: Sendable, BitwiseCopyable {
    /// Event time of event 0, in ms since 1970.
    public static let origin: Int64 = 1_700_000_000_000

    /// No event is further behind or ahead of another than this many ms of jitter, less one.
    public static let jitter: Int64 = 100

    @usableFromInline let rate: Int64
    @usableFromInline var base: Int64
    /// First index whose base is `base + 1`.
    @usableFromInline var next: Int64

    /// Creates a clock for `rate` events per second of event time, at event `first`.
    @inlinable
    public init(rate: Int64, first: Int64) {
        self.rate = rate
        base = first * 1000 / rate
        next = ((base + 1) * rate + 999) / 1000
    }

    /// Moves on to event `index`, which is not below the last one, and returns its base in ms.
    @inlinable
    @inline(__always)
    public mutating func advance(to index: Int64) -> Int64 {
        if index >= next {
            base &+= 1
            next = ((base &+ 1) &* rate &+ 999) / 1000
            if index >= next {
                base = index &* 1000 / rate
                next = ((base &+ 1) &* rate &+ 999) / 1000
            }
        }
        return base
    }
}
