public import StreamCore

/// Keeps the records of a window that are less than a given time older than its newest one, as Flink's does.
public struct TimeEvictor<Element: Sendable>: Evictor {
    @usableFromInline let span: Int64

    /// Keeps the records that are less than `span` older than the newest one.
    @inlinable
    public init(_ span: Duration) { self.span = span.milliseconds }

    /// Removes the records that are too old.
    @inlinable
    public func evictBefore(_ elements: inout [TimedElement<Element>], in window: TimeWindow) {
        guard let newest = elements.last?.timestamp else { return }
        let oldest = newest.advanced(byMilliseconds: -span)
        elements.removeAll { $0.timestamp <= oldest }
    }

    /// A span that would keep nothing.
    @inlinable
    public var problem: String? { WindowParameters.problem(length: span, "evictor's span") }
}

extension Evictor {
    /// Keeps the records that are less than `span` of event time older than the window's newest one.
    @inlinable
    public static func time<Record>(_ span: Duration) -> Self where Self == TimeEvictor<Record> { TimeEvictor(span) }
}
