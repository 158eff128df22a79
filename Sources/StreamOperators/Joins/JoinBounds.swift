public import StreamCore

/// How far, in event time, a record of the second stream may be from one of the first: [lower, upper], both inclusive.
public struct JoinBounds: Sendable, Equatable {
    /// The least difference, in milliseconds; negative for before.
    public let lower: Int64
    /// The greatest difference, in milliseconds.
    public let upper: Int64

    @inlinable
    init(lower: Int64, upper: Int64) {
        self.lower = lower
        self.upper = upper
    }

    /// At the same time or after, by up to `limit`.
    public static func after(upTo limit: Duration) -> JoinBounds { JoinBounds(lower: 0, upper: limit.milliseconds) }

    /// At the same time or before, by up to `limit`.
    public static func before(upTo limit: Duration) -> JoinBounds {
        JoinBounds(lower: -Swift.max(limit.milliseconds, -.max), upper: 0)
    }

    /// By `lower` to `upper`; negative for before.
    public static func between(_ lower: Duration, _ upper: Duration) -> JoinBounds {
        JoinBounds(lower: lower.milliseconds, upper: upper.milliseconds)
    }

    /// What is wrong with the bounds, and what to do; or nil.
    @usableFromInline var problem: String? {
        guard lower > upper else { return nil }
        return "the join's lower bound, \(lower) ms, is above the upper one, \(upper) ms; swap them"
    }

    /// The last watermark at which a left record can still find a match: no right record is before it.
    @inlinable @inline(__always)
    func expiry(left timestamp: Timestamp) -> Timestamp { timestamp.advanced(byMilliseconds: upper) }

    /// The last watermark at which a right record can still find a match.
    @inlinable @inline(__always)
    func expiry(right timestamp: Timestamp) -> Timestamp { timestamp.advanced(byMilliseconds: rightSpan) }

    /// How long a right record can find a match: `-lower`.
    @inlinable var rightSpan: Int64 { lower == .min ? .max : -lower }

    /// The watermark up to which no left record can turn out unmatched any more, when the input's is `watermark`.
    @inlinable
    func heldBack(left watermark: Timestamp) -> Timestamp {
        // -upper - 1, which doesn't overflow this way.
        Swift.min(watermark, watermark.advanced(byMilliseconds: ~upper))
    }

    /// The watermark up to which no right record can turn out unmatched any more, when the input's is `watermark`.
    @inlinable
    func heldBack(right watermark: Timestamp) -> Timestamp {
        Swift.min(watermark, watermark.advanced(byMilliseconds: lower == .min ? .min : lower - 1))
    }
}
