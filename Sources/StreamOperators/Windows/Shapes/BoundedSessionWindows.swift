public import StateBackend
public import StreamCore

/// Sessions that last a given time at most.
///
/// A session ends when there was no record for its gap, or at its maximum length from its first record; a record at
/// that time or later begins the next one. Which record is a session's first is decided in the order of event time, so
/// results don't depend on arrival: records wait until the watermark has reached them. A late record joins the session
/// that holds its time, or begins one; sessions that run into each other then become one if they fit into the maximum
/// length.
public struct BoundedSessionWindows<Element: Sendable>: Windowing {
    @usableFromInline let gap: @Sendable (Element) -> Int64
    @usableFromInline let maximum: Int64
    @usableFromInline let fixedGap: Int64?

    /// Sessions that end when there was no record for `gap`, and are at most `maximum` long.
    @inlinable
    public init(gap: Duration, maximum: Duration) {
        let gap = gap.milliseconds
        self.gap = { _ in gap }
        self.maximum = maximum.milliseconds
        fixedGap = gap
    }

    /// Sessions that end when the gaps of all their records have passed, and are at most `maximum` long.
    @inlinable
    public init(gapOf gap: @escaping @Sendable (Element) -> Duration, maximum: Duration) {
        self.gap = { gap($0).milliseconds }
        self.maximum = maximum.milliseconds
        fixedGap = nil
    }

    /// The window from the time to the record's gap after it, or to the maximum length.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let gap = gap(element)
        if let problem = WindowParameters.problem(length: gap, "record's session gap") {
            throw OperatorError(code: .invalidRecord, message: problem)
        }
        try body(TimeWindow(start: timestamp, end: timestamp &+ min(gap, maximum)))
    }

    /// True.
    @inlinable
    public var merges: Bool { true }

    /// False.
    @inlinable
    public var takesTriggers: Bool { false }

    /// A gap or maximum that isn't positive.
    @inlinable
    public var problem: String? {
        fixedGap.flatMap { WindowParameters.problem(length: $0, "session gap") }
            ?? WindowParameters.problem(length: maximum, "session's maximum length")
    }

    /// Attaches an operator that orders records by time.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        let windows = self
        return stream.transform(name, needsEventTime: true) { context in
            try BoundedSessionWindowOperator(
                try function(context), windows, maximum: windows.maximum, settings, context)
        }
    }
}

extension Windowing {
    /// Sessions that end when there was no record for `gap`, and are at most `maximum` long; see
    /// ``BoundedSessionWindows``.
    @inlinable
    public static func session<Record>(gap: Duration, maximum: Duration) -> Self
    where Self == BoundedSessionWindows<Record> { BoundedSessionWindows(gap: gap, maximum: maximum) }

    /// Sessions whose gap each record says itself, and that are at most `maximum` long.
    @inlinable
    public static func session<Record>(
        gapOf gap: @escaping @Sendable (Record) -> Duration, maximum: Duration
    ) -> Self where Self == BoundedSessionWindows<Record> { BoundedSessionWindows(gapOf: gap, maximum: maximum) }
}
