public import StateBackend
public import StreamCore

/// Windows of equal size, one beginning every step; they overlap when the step is shorter than the size.
@frozen
public struct SlidingWindows<Element: Sendable>: Windowing {
    @usableFromInline let size: Int64
    @usableFromInline let step: Int64
    @usableFromInline let offset: Int64

    /// Windows of `size`, one beginning every `step`; one begins at `offset` from 1970-01-01 UTC.
    @inlinable
    public init(_ size: Duration, every step: Duration, offset: Duration = .zero) {
        self.size = size.milliseconds
        self.step = step.milliseconds
        self.offset = offset.milliseconds
    }

    /// Each window that holds the time; none in the gaps that a step longer than the size leaves.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        let last = timestamp.floored(to: step, offset: offset)
        var windows = (timestamp &- last) < size ? (size &- 1 &- (timestamp &- last)) / step &+ 1 : 0
        while windows > 0 {
            windows &-= 1
            let start = last &- windows &* step
            try body(TimeWindow(start: start, end: start &+ size))
        }
    }

    /// A size or step that isn't positive, an offset that isn't smaller than the step.
    @inlinable
    public var problem: String? {
        WindowParameters.problem(length: size, "window's size")
            ?? WindowParameters.problem(length: step, "window's step")
            ?? WindowParameters.problem(offset: offset, below: step, "step")
    }

    /// Attaches an operator that adds each record to one slice.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        let windows = self
        return stream.transform(name, needsEventTime: true) { context in
            try SlidingWindowOperator(
                try function(context), size: windows.size, step: windows.step, offset: windows.offset, settings, context
            )
        }
    }
}

extension Windowing {
    /// Windows of `size`, one beginning every `step`; a record is in each that contains its time.
    ///
    /// A step longer than the size leaves gaps, whose records are in no window.
    @inlinable
    public static func sliding<Record>(
        _ size: Duration, every step: Duration, offset: Duration = .zero
    ) -> Self where Self == SlidingWindows<Record> { SlidingWindows(size, every: step, offset: offset) }
}
