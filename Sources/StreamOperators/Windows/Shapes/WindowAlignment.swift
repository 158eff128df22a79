public import StreamCore

/// Where windows lie that come one after the other, so that every time is in exactly one.
@usableFromInline
protocol WindowAlignment: Sendable {
    /// The window that holds a time.
    mutating func window(of timestamp: Timestamp) -> TimeWindow
}

/// Windows of equal length.
@frozen
@usableFromInline
struct FixedAlignment: WindowAlignment {
    @usableFromInline let size: Int64
    @usableFromInline let offset: Int64

    @inlinable
    init(size: Int64, offset: Int64) {
        self.size = size
        self.offset = offset
    }

    @inlinable @inline(__always)
    func window(of timestamp: Timestamp) -> TimeWindow {
        let start = timestamp.forWindows.floored(to: size, offset: offset)
        return TimeWindow(start: start, end: start &+ size)
    }
}

/// One window that holds every time.
@frozen
@usableFromInline
struct WholeAlignment: WindowAlignment {
    @inlinable
    init() {}

    @inlinable @inline(__always)
    func window(of timestamp: Timestamp) -> TimeWindow { TimeWindow(start: .min, end: .max) }
}
