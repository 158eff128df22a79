/// A point in event time or processing time: milliseconds since 1970-01-01 UTC, negative before.
///
/// `Timestamp.min` stands for "before everything" (no watermark yet), `Timestamp.max` for "after everything" (the end
/// of the input). Arithmetic on timestamps saturates at both.
public typealias Timestamp = Int64

extension Timestamp {
    /// This time plus `milliseconds`, saturating at the ends; `min` and `max` stay what they are.
    @inlinable @inline(__always)
    public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        let (sum, overflow) = addingReportingOverflow(milliseconds)
        if overflow { return milliseconds < 0 ? .min : .max }
        return self == .min || self == .max ? self : sum
    }

    /// The start of the interval of length `size` that holds this time, where one interval starts at `offset`.
    ///
    /// Floors, also for negative times, and saturates at `Timestamp.min`. `size` must be positive.
    @inlinable @inline(__always)
    public func floored(to size: Int64, offset: Int64 = 0) -> Timestamp {
        // (self - offset) mod size from the two remainders, each in 0 ..< size, so that nothing overflows.
        var remainder = self % size
        if remainder < 0 { remainder &+= size }
        var shift = offset % size
        if shift < 0 { shift &+= size }
        remainder &-= shift
        if remainder < 0 { remainder &+= size }
        let (start, overflow) = subtractingReportingOverflow(remainder)
        return overflow ? .min : start
    }
}

extension Duration {
    /// The duration in whole milliseconds, rounded down; saturates.
    @inlinable
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? .min : .max }
        var part = attoseconds / 1_000_000_000_000_000
        if attoseconds % 1_000_000_000_000_000 < 0 { part -= 1 }
        let (sum, tooFar) = whole.addingReportingOverflow(part)
        return tooFar ? (whole < 0 ? .min : .max) : sum
    }
}
