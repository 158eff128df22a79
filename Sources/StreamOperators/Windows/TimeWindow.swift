public import StreamCore

/// A stretch of event time, [start, end).
@frozen
public struct TimeWindow: Hashable, Sendable, BitwiseCopyable {
    /// The first millisecond in the window.
    public var start: Timestamp
    /// The first millisecond after the window.
    public var end: Timestamp

    /// The window [start, end).
    @inlinable
    public init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// The last millisecond in the window: the timestamp of its results, and what the watermark must reach.
    @inlinable public var maxTimestamp: Timestamp { end.advanced(byMilliseconds: -1) }
}
