public import StateBackend
public import StreamCore

/// Folds a window's records by an ``AggregateFunction`` and emits the result as a ``Pane``.
@frozen
public struct AggregatingWindowFunction<Key: StreamKey, Function: AggregateFunction>: WindowFunction
where Function.Input: Sendable {
    /// The records.
    public typealias Input = Function.Input
    /// What the aggregate keeps.
    public typealias Accumulator = Function.Accumulator
    /// A pane with the aggregate's result.
    public typealias Output = Pane<Key, Function.Output>

    @usableFromInline let function: Function

    @inlinable
    init(_ function: Function) { self.function = function }

    /// The aggregate of one record.
    @inlinable @inline(__always)
    public func start(_ element: Input, at timestamp: Timestamp) -> Accumulator {
        function.start(element, at: timestamp)
    }

    /// Adds a record.
    @inlinable @inline(__always)
    public func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator) {
        function.add(element, at: timestamp, to: &accumulator)
    }

    /// As the aggregate says.
    @inlinable public static var prefetches: Bool { Function.prefetches }

    /// Asks for what the aggregate will touch.
    @inlinable @inline(__always)
    public func prefetch(_ element: Input, for accumulator: UnsafePointer<Accumulator>) {
        function.prefetch(element, for: accumulator)
    }

    /// Adds another partial result.
    @inlinable @inline(__always)
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        function.merge(other, into: &accumulator)
    }

    /// Emits a pane with the result.
    @inlinable @inline(__always)
    public func emit(_ accumulator: inout Accumulator, _ pane: PaneInfo<Key>, _ output: Collector<Output>) throws {
        try output.emit(
            Pane(
                key: pane.key, window: pane.window, value: function.result(accumulator), kind: pane.kind,
                revision: pane.revision), at: pane.timestamp)
    }

    /// Whether the results are equal.
    public func isSame(_ a: Accumulator, _ b: Accumulator, in window: TimeWindow) -> Bool {
        function.isSame(function.result(a), function.result(b))
    }

    /// The aggregate's codec.
    public var accumulatorCodec: StateCodec<Accumulator> { function.accumulatorCodec }
}
