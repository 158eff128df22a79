public import StateBackend
public import StreamCore

/// Windows that begin together and end one after the other: the day so far, every hour.
///
/// As Flink's CUMULATE: each stretch of the full size has a window from its beginning to every step.
@frozen
public struct CumulatingWindows<Element: Sendable>: Windowing {
    @usableFromInline let size: Int64
    @usableFromInline let step: Int64
    @usableFromInline let offset: Int64

    /// Windows up to `size` long, one ending every `step`; one begins at `offset` from 1970-01-01 UTC.
    @inlinable
    public init(upTo size: Duration, every step: Duration, offset: Duration = .zero) {
        self.size = size.milliseconds
        self.step = step.milliseconds
        self.offset = offset.milliseconds
    }

    /// The windows that hold the time, the shortest first.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let start = timestamp.floored(to: size, offset: offset)
        var end = start &+ ((timestamp &- start) / step &+ 1) &* step
        while end <= start &+ size {
            try body(TimeWindow(start: start, end: end))
            end &+= step
        }
    }

    /// A size or step that isn't positive, a size that isn't a multiple of the step, an offset that isn't smaller.
    @inlinable
    public var problem: String? {
        if let problem = WindowParameters.problem(length: size, "window's size")
            ?? WindowParameters.problem(length: step, "window's step")
            ?? WindowParameters.problem(offset: offset, below: size, "size")
        {
            return problem
        }
        if size % step == 0 { return nil }
        return "the window's size, \(size) ms, is not a multiple of its step, \(step) ms; choose a step that divides it"
    }

    /// Attaches an operator that adds each record to one slice; the general one where late records are allowed.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        if settings.allowedLateness > 0 {
            return attachGeneral(name, to: stream, settings, EventTimeTrigger(), function)
        }
        let windows = self
        return stream.transform(name, needsEventTime: true) { context in
            try CumulatingWindowOperator(
                try function(context), size: windows.size, step: windows.step, offset: windows.offset, settings, context
            )
        }
    }
}

extension Windowing {
    /// Windows that begin together and end one after the other, every `step` up to `size`; see ``CumulatingWindows``.
    @inlinable
    public static func cumulating<Record>(
        upTo size: Duration, every step: Duration, offset: Duration = .zero
    ) -> Self where Self == CumulatingWindows<Record> { CumulatingWindows(upTo: size, every: step, offset: offset) }
}
