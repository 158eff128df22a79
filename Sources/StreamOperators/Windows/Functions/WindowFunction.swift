public import StateBackend
public import StreamCore

/// What a window does with its records: keeps a partial result of them and emits something when the window fires.
///
/// Written by the library for `aggregate`, `reduce` and `process`; what users write is an ``AggregateFunction`` or a
/// closure.
public protocol WindowFunction<Key, Input>: Sendable, SendableType {
    /// The keys.
    associatedtype Key: StreamKey
    /// The records that come in.
    associatedtype Input: Sendable
    /// What is kept of a window's records: of one at least.
    associatedtype Accumulator: Sendable
    /// The records that go out.
    associatedtype Output: Sendable

    /// What is kept of one record.
    func start(_ element: Input, at timestamp: Timestamp) -> Accumulator

    /// Adds a record.
    func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator)

    /// Whether an accumulator has memory of its own that ``prefetch(_:for:)`` asks for.
    static var prefetches: Bool { get }

    /// Asks the memory system for what adding the record will touch, before its turn comes.
    func prefetch(_ element: Input, for accumulator: UnsafePointer<Accumulator>)

    /// Adds the records of another accumulator, which are later ones where there is an order.
    func merge(_ other: Accumulator, into accumulator: inout Accumulator)

    /// Emits the result of a pane, with the pane's timestamp.
    mutating func emit(
        _ accumulator: inout Accumulator, _ pane: PaneInfo<Key>, _ output: Collector<Output>
    ) throws

    /// Whether two accumulators give the same result, so that an early pane need not be repeated.
    func isSame(_ a: Accumulator, _ b: Accumulator, in window: TimeWindow) -> Bool

    /// How accumulators are saved.
    var accumulatorCodec: StateCodec<Accumulator> { get }

    /// Passes on what was emitted to side outputs.
    mutating func flush() throws
}

extension WindowFunction {
    /// False.
    public func isSame(_ a: Accumulator, _ b: Accumulator, in window: TimeWindow) -> Bool { false }

    /// False.
    @inlinable public static var prefetches: Bool { false }

    /// Nothing to be asked for.
    @inlinable @inline(__always)
    public func prefetch(_ element: Input, for accumulator: UnsafePointer<Accumulator>) {}

    /// There are no side outputs.
    @inlinable
    public mutating func flush() throws {}
}

/// Which pane of which window a result belongs to.
@frozen
public struct PaneInfo<Key: StreamKey>: Sendable {
    /// The key.
    public var key: Key
    /// The window.
    public var window: TimeWindow
    /// When the pane is emitted, relative to the watermark's passing the window's end.
    public var kind: PaneKind
    /// How many panes of this key and window came before.
    public var revision: Int32
    /// The watermark; `Timestamp.min` before there is one.
    public var watermark: Timestamp
    /// The results' timestamp: the window's last millisecond.
    public var timestamp: Timestamp

    /// A pane of the given window, whose results carry the window's last millisecond.
    @inlinable @inline(__always)
    public init(key: Key, window: TimeWindow, kind: PaneKind = .onTime, revision: Int32 = 0, watermark: Timestamp) {
        self.key = key
        self.window = window
        self.kind = kind
        self.revision = revision
        self.watermark = watermark
        timestamp = window.maxTimestamp
    }

    /// Window and key, for messages.
    @usableFromInline var text: String { "window \(window.start)..<\(window.end) of key \(key)" }
}
