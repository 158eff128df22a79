public import StateBackend
public import StreamCore

/// Windows of a number of records, per key, in the order of their arrival.
///
/// A window's result comes with its last record. It lasts from the earliest time among its records to the latest, which
/// is its result's timestamp. Windows that are incomplete when the input ends give nothing. Needs no event time; no
/// record is late, so that an allowed lateness and a side output of late records have no effect, and there is one pane,
/// whether accumulating or discarding.
@frozen
public struct CountWindows<Element: Sendable>: Windowing {
    @usableFromInline let size: Int
    @usableFromInline let step: Int

    /// Windows of `size` records, one beginning with every `step`-th record of a key.
    ///
    /// - Parameter step: by default `size`, so that windows come one after the other. With a larger one the records in
    ///   between are in no window.
    @inlinable
    public init(_ size: Int, every step: Int? = nil) {
        self.size = size
        self.step = step ?? size
    }

    /// Everything is in one window, of which the operator cuts off pieces by number.
    @inlinable
    public func assign(_ element: Element, at timestamp: Timestamp, _ body: (TimeWindow) throws -> Void) throws {
        try body(TimeWindow(start: .min, end: .max))
    }

    /// False.
    @inlinable
    public var needsEventTime: Bool { false }

    /// False.
    @inlinable
    public var takesTriggers: Bool { false }

    /// A size or step that isn't positive.
    @inlinable
    public var problem: String? {
        for (name, value) in [("size", size), ("step", step)] where value <= 0 || value > 1 << 40 {
            return "the count window's \(name) is \(value) records; it must be 1 to 2^40"
        }
        return nil
    }

    /// Attaches an operator that counts.
    @inlinable
    public func attach<Key: StreamKey, Function: WindowFunction>(
        _ name: String, to stream: KeyedStream<Key, Element>, _ settings: WindowSettings<Element>,
        _ function: @escaping @Sendable (OperatorContext) throws -> Function
    ) -> DataStream<Function.Output> where Function.Key == Key, Function.Input == Element {
        let windows = self
        return stream.transform(name) { context in
            try CountWindowOperator(try function(context), size: windows.size, step: windows.step, context)
        }
    }
}

extension Windowing {
    /// Windows of `size` records of a key, one beginning with every `step`-th; see ``CountWindows``.
    ///
    /// - Parameter step: by default `size`.
    @inlinable
    public static func count<Record>(_ size: Int, every step: Int? = nil) -> Self
    where Self == CountWindows<Record> { CountWindows(size, every: step) }
}
