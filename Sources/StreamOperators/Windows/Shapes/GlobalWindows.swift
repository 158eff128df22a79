public import StateBackend
public import StreamCore

/// One window per key that holds everything.
///
/// By default its result comes when the input ends; give it a trigger for results before that.
@frozen
public struct GlobalWindows<Element: Sendable>: Windowing {
    /// One window for everything.
    @inlinable
    public init() {}

    /// The one window.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        try body(TimeWindow(start: .min, end: .max))
    }

    /// False.
    @inlinable
    public var needsEventTime: Bool { false }

    /// Attaches an operator with a table of keys.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        stream.transform(name) { context in
            try TumblingWindowOperator(try function(context), WholeAlignment(), settings, context)
        }
    }
}

extension Windowing {
    /// One window per key that holds everything; by default its result comes when the input ends.
    @inlinable
    public static func global<Record>() -> Self where Self == GlobalWindows<Record> { GlobalWindows() }
}
