public import StreamCore

/// Sessions whose gap each record says itself.
///
/// A record's session lasts at least its own gap from its time; sessions of a key that overlap become one.
public struct RecordGapSessionWindows<Element: Sendable>: Windowing {
    @usableFromInline let gap: @Sendable (Element) -> Duration

    /// Sessions that end when the gaps of all their records have passed.
    ///
    /// - Parameter gap: a record's gap, which must be 1 ms to 2^60 ms; else the job fails with ``OperatorError``.
    @inlinable
    public init(gap: @escaping @Sendable (Element) -> Duration) { self.gap = gap }

    /// The window from the time to the record's gap after it.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let milliseconds = gap(element).milliseconds
        if let problem = WindowParameters.problem(length: milliseconds, "record's session gap") {
            throw OperatorError(code: .invalidRecord, message: problem)
        }
        try body(TimeWindow(start: timestamp, end: timestamp &+ milliseconds))
    }

    /// True.
    @inlinable
    public var merges: Bool { true }
}

extension Windowing {
    /// Sessions whose gap each record says itself; see ``RecordGapSessionWindows``.
    @inlinable
    public static func session<Record>(gapOf gap: @escaping @Sendable (Record) -> Duration) -> Self
    where Self == RecordGapSessionWindows<Record> { RecordGapSessionWindows(gap: gap) }
}
