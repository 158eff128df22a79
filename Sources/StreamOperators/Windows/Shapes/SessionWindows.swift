public import StateBackend
public import StreamCore

/// Windows of activity: records of a key less than a gap apart are in the same one.
///
/// A session lasts from its first record to a gap after its last one. A record exactly a gap after another one begins a
/// new session.
@frozen
public struct SessionWindows<Element: Sendable>: Windowing {
    @usableFromInline let gap: Int64

    /// Sessions that end when there was no record for `gap`.
    @inlinable
    public init(gap: Duration) { self.gap = gap.milliseconds }

    /// The window from the time to a gap after it; those of a key that overlap become one.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        try body(TimeWindow(start: timestamp, end: timestamp &+ gap))
    }

    /// True.
    @inlinable
    public var merges: Bool { true }

    /// A gap that isn't positive.
    @inlinable
    public var problem: String? { WindowParameters.problem(length: gap, "session gap") }

    /// Attaches an operator with a small set of sessions per key.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        let gap = gap
        return stream.transform(name, needsEventTime: true) { context in
            try SessionWindowOperator(try function(context), gap: gap, settings, context)
        }
    }
}

extension Windowing {
    /// Windows of activity: records of a key less than `gap` apart are in the same one; see ``SessionWindows``.
    @inlinable
    public static func session<Record>(gap: Duration) -> Self where Self == SessionWindows<Record> {
        SessionWindows(gap: gap)
    }
}
