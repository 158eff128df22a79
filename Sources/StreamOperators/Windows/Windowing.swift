public import StateBackend
public import StreamCore

/// How records are assigned to windows: a shape such as ``TumblingWindows``, or one of your own.
///
/// A shape says which windows a record belongs to; that is all it must do. Given that, every trigger, evictor and
/// function works with it, through one general operator. A shape that knows a faster way for the usual case (panes when
/// the watermark passes the window's end, accumulating) brings an operator of its own in ``attach(_:to:_:_:)``.
/// ```swift
/// struct EvenSeconds: Windowing {            // [0 s, 1 s), [2 s, 3 s), …; what is between is in no window
///     typealias Element = Reading
///     func assign(_ element: Reading, at time: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
///         let start = time.floored(to: 2_000)
///         if time < start + 1_000 { try body(TimeWindow(start: start, end: start + 1_000)) }
///     }
/// }
/// ```
public protocol Windowing<Element>: Sendable {
    /// The records.
    associatedtype Element: Sendable

    /// Calls `body` with each window that a record of this time belongs to, the earlier ones first.
    ///
    /// - Throws: when the record can't be assigned; and what `body` throws.
    func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws

    /// Whether windows of a key that overlap become one, as those of sessions do. The default is false.
    var merges: Bool { get }

    /// Whether windows wait for watermarks, so that a stream without them is rejected. The default is true.
    var needsEventTime: Bool { get }

    /// Whether triggers other than the default one can be used, by way of the general operator. The default is true.
    ///
    /// If not, ``attach(_:to:_:_:)`` must see to discarding panes and evictors itself.
    var takesTriggers: Bool { get }

    /// What is wrong with the parameters, with the remedy, or nil.
    var problem: String? { get }

    /// Attaches the operator for the usual case: the default trigger, accumulating panes.
    ///
    /// The default is the general operator.
    func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element
}

extension Windowing {
    /// False.
    public var merges: Bool { false }

    /// True.
    public var needsEventTime: Bool { true }

    /// True.
    public var takesTriggers: Bool { true }

    /// Nothing.
    public var problem: String? { nil }

    /// Attaches the general operator.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        attachGeneral(name, to: stream, settings, EventTimeTrigger(), function)
    }

    @inlinable
    func attachGeneral<Key: StreamKey, Function: WindowFunction, Firing: Trigger>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>, _ trigger: Firing,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output>
    where Function.Key == Key, Function.Input == Element, Firing.Element == Element {
        let windowing = self
        return stream.transform(name, needsEventTime: needsEventTime || trigger.needsEventTime) { context in
            try GeneralWindowOperator<Key, Self, Function, Firing>(
                windowing, try function(context), trigger, settings, context)
        }
    }
}

/// What a window operator is told besides its shape and function.
public struct WindowSettings<Element: Sendable>: Sendable {
    /// How long, in milliseconds, a window still takes records after the watermark has passed its end.
    public var allowedLateness: Int64
    /// What becomes of later ones.
    public var late: LateRecords<Element>
    /// Whether a pane carries everything or what is new.
    public var accumulation: Accumulation

    /// Settings.
    @inlinable
    public init(
        allowedLateness: Int64 = 0, late: LateRecords<Element> = .drop, accumulation: Accumulation = .accumulating
    ) {
        self.allowedLateness = allowedLateness
        self.late = late
        self.accumulation = accumulation
    }
}

/// What becomes of records that are late for every window they belong to.
public enum LateRecords<Element: Sendable>: Sendable {
    /// They are dropped and counted in the step's `late`.
    case drop
    /// They go to this side output of the step, and are counted.
    case sideOutput(SideOutput<Element>)
}

/// What a pane carries when a window has several.
@frozen
public enum Accumulation: Sendable, Equatable {
    /// The whole: all records of the window so far.
    case accumulating
    /// The delta: the records since the pane before. A pane without any is not emitted.
    case discarding
}
