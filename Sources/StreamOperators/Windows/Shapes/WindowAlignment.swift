public import StreamCore

/// Where windows lie that come one after the other, so that every time is in exactly one.
@usableFromInline
protocol WindowAlignment: Sendable {
    /// The window that holds a time.
    mutating func window(of timestamp: Timestamp) -> TimeWindow
}

/// Windows of equal length.
///
/// The last two are kept: records in disorder go back and forth between neighbours, and a division for each would cost
/// as much as all the rest.
@frozen
@usableFromInline
struct FixedAlignment: WindowAlignment {
    @usableFromInline let size: Int64
    @usableFromInline let offset: Int64
    @usableFromInline var last = TimeWindow(start: .max, end: .min)
    @usableFromInline var previous = TimeWindow(start: .max, end: .min)

    @inlinable
    init(size: Int64, offset: Int64) {
        self.size = size
        self.offset = offset
    }

    @inlinable @inline(__always)
    mutating func window(of timestamp: Timestamp) -> TimeWindow {
        if timestamp >= last.start && timestamp < last.end { return last }
        swap(&last, &previous)
        if timestamp >= last.start && timestamp < last.end { return last }
        let start = timestamp.forWindows.floored(to: size, offset: offset)
        last = TimeWindow(start: start, end: start &+ size)
        return last
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
