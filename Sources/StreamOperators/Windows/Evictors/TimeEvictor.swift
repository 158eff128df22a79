internal import StreamCore

/// Keeps the records of a window that are less than or just a given time older than its newest one.
public struct TimeEvictor<Element: Sendable>: Evictor {
    private let span: Int64

    /// Keeps the records that are at most `span` older than the newest one.
    public init(_ span: Duration) { self.span = span.milliseconds }

    /// Removes the records that are too old.
    public func evictBefore(_ elements: inout [TimedElement<Element>], in window: TimeWindow) {
        guard let newest = elements.last?.timestamp else { return }
        let oldest = newest.advanced(byMilliseconds: -span)
        elements.removeAll { $0.timestamp < oldest }
    }

    /// A negative span.
    public var problem: String? {
        span >= 0 ? nil : "the evictor's span is \(span) ms; it must be zero or more"
    }
}

extension Evictor {
    /// Keeps the records that are at most `span` of event time older than the window's newest one.
    public static func time<Record>(_ span: Duration) -> Self where Self == TimeEvictor<Record> { TimeEvictor(span) }
}
