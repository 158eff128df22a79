public import StreamCore

/// Decides for a window operator when a window is closed, and disposes of late records.
@usableFromInline
struct LatenessPolicy<Element: Sendable> {
    /// Milliseconds for which a window still takes records after the watermark has passed its end.
    @usableFromInline let allowed: Int64
    @usableFromInline let output: Collector<Element>?
    @usableFromInline let counters: StepCounters
    @usableFromInline var count = 0

    @inlinable
    init(allowed: Int64, late: LateRecords<Element>, context: OperatorContext) throws {
        self.allowed = allowed
        counters = context.counters
        switch late {
        case .drop: output = nil
        case .sideOutput(let tag): output = try context.collector(for: tag)
        }
    }

    /// Whether a window that ends at `end` no longer takes records: end − 1 + allowed lateness ≤ watermark.
    @inlinable @inline(__always)
    func isClosed(end: Timestamp, at watermark: Timestamp) -> Bool { closing(end: end) <= watermark }

    /// The watermark at which a window that ends at `end` closes.
    @inlinable @inline(__always)
    func closing(end: Timestamp) -> Timestamp {
        end.advanced(byMilliseconds: -1).advanced(byMilliseconds: allowed)
    }

    /// Disposes of a late record.
    @inlinable
    mutating func dispose(_ element: Element, at timestamp: Timestamp) throws {
        count &+= 1
        try output?.emit(element, at: timestamp)
    }

    /// Passes on the late records of a batch and counts them.
    @inlinable
    mutating func flush() throws {
        guard count > 0 else { return }
        counters.addLate(count)
        count = 0
        try output?.flush()
    }
}
