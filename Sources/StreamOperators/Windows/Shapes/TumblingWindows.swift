public import StateBackend
public import StreamCore

/// Windows of equal size, one after the other.
@frozen
public struct TumblingWindows<Element: Sendable>: Windowing {
    @usableFromInline let size: Int64
    @usableFromInline let offset: Int64

    /// Windows of `size`; one begins at `offset` from 1970-01-01 UTC.
    @inlinable
    public init(_ size: Duration, offset: Duration = .zero) {
        self.size = size.milliseconds
        self.offset = offset.milliseconds
    }

    /// The window that holds the time.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let start = timestamp.forWindows.floored(to: size, offset: offset)
        try body(TimeWindow(start: start, end: start &+ size))
    }

    /// A size that isn't positive, an offset that isn't smaller.
    @inlinable
    public var problem: String? {
        WindowParameters.problem(length: size, "window's size")
            ?? WindowParameters.problem(offset: offset, below: size, "size")
    }

    /// Attaches an operator with a table of keys per window.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        let alignment = FixedAlignment(size: size, offset: offset)
        return stream.transform(name, needsEventTime: true) { context in
            try TumblingWindowOperator(try function(context), alignment, settings, context)
        }
    }
}

extension Windowing {
    /// Windows of `size`, one after the other; one begins at `offset` from 1970-01-01 UTC.
    @inlinable
    public static func tumbling<Record>(_ size: Duration, offset: Duration = .zero) -> Self
    where Self == TumblingWindows<Record> { TumblingWindows(size, offset: offset) }
}
