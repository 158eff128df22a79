public import StreamCore

extension Timestamp {
    /// Windows reckon with times up to 2^62 ms (146 million years) from 1970, either way, so that no bound overflows:
    /// a record beyond counts as one at the limit, and a watermark beyond, but for the one at the end, as one before it.
    @inlinable @inline(__always)
    static var windowLimit: Timestamp { 1 << 62 }

    /// The time for which a record is assigned to windows.
    @inlinable @inline(__always)
    var forWindows: Timestamp { Swift.min(Swift.max(self, -Self.windowLimit), Self.windowLimit) }

    /// The watermark that windows are compared with.
    @inlinable @inline(__always)
    var asWindowsWatermark: Timestamp { self == .max ? .max : Swift.min(self, Self.windowLimit - 1) }
}

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
