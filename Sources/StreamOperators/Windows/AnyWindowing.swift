public import StateBackend
public import StreamCore

/// Any shape of windows, for programs that choose one while they run.
///
/// Its operator is the shape's own, but not specialised: prefer the shape itself where speed counts.
public struct AnyWindowing<Element: Sendable>: Windowing, CustomStringConvertible {
    private let base: any Windowing<Element>

    /// The given shape.
    public init<Base: Windowing>(_ base: Base) where Base.Element == Element { self.base = base }

    /// The shape's windows.
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        try base.assign(element, at: timestamp, body)
    }

    /// As the shape.
    public var merges: Bool { base.merges }

    /// As the shape.
    public var needsEventTime: Bool { base.needsEventTime }

    /// As the shape.
    public var takesTriggers: Bool { base.takesTriggers }

    /// As the shape.
    public var problem: String? { base.problem }

    /// Attaches the shape's own operator.
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        func open<Base: Windowing>(_ base: Base) -> DataStream<Function.Output> where Base.Element == Element {
            base.attach(name, to: stream, settings, function)
        }
        return open(base)
    }

    /// The shape.
    public var description: String { "\(base)" }
}
