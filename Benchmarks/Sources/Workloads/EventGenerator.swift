/// A stream whose event `i` is a pure function of `i` and the parameters.
public protocol EventGenerator: Sendable {
    /// The record.
    associatedtype Event: Sendable

    /// Events per second of event time.
    var rate: Int64 { get }

    /// Event `index`; `base` is `floor(index * 1000 / rate)`.
    func event(_ index: Int64, base: Int64) -> Event

    /// Materialises `count` events, `first`, `first + stride`, ..., with all their fields.
    ///
    /// - Returns: the base of the last one, in ms; `EventClock.origin + base - 1` is an exact watermark after it.
    func fill(
        _ out: UnsafeMutablePointer<Event>, count: Int, first: Int64, stride: Int64, clock: inout EventClock
    ) -> Int64
}

extension EventGenerator {
    /// Event `index`.
    @inlinable
    public func event(_ index: Int64) -> Event {
        event(index, base: index * 1000 / rate)
    }

    /// One event after the other.
    @inlinable
    @inline(__always)
    public func fill(
        _ out: UnsafeMutablePointer<Event>, count: Int, first: Int64, stride: Int64, clock: inout EventClock
    ) -> Int64 {
        var index = first
        var at = 0
        var base: Int64 = 0
        while at < count {
            base = clock.advance(to: index)
            // Events of one millisecond in a loop of their own: no branch on the clock inside.
            let left = (clock.next &- index &+ stride &- 1) / stride
            let end = min(count, at &+ Int(truncatingIfNeeded: left))
            while at < end {
                (out + at).initialize(to: event(index, base: base))
                index &+= stride
                at &+= 1
            }
        }
        return base
    }
}
