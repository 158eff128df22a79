public import StateBackend
public import StreamCore

/// How records are folded into a result, as mergeable partial results.
///
/// Partial results of disjoint sets of records can be merged, which lets overlapping windows share work and sessions
/// join. `add` and `merge` must be associative and commutative up to equality of results, so that results don't depend
/// on arrival order. Write one as a struct: it is then specialised into the operator's loop.
public protocol AggregateFunction<Input>: Sendable {
    /// The records.
    associatedtype Input
    /// A partial result, of at least one record.
    associatedtype Accumulator: Sendable
    /// The result.
    associatedtype Output: Sendable

    /// The partial result of one record.
    func start(_ element: Input) -> Accumulator

    /// Adds a record to a partial result.
    func add(_ element: Input, to accumulator: inout Accumulator)

    /// The partial result of one record with its event time; what windows call. By default the time is ignored.
    func start(_ element: Input, at timestamp: Timestamp) -> Accumulator

    /// Adds a record with its event time; what windows call. By default the time is ignored.
    func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator)

    /// Adds the records of another partial result, of later windows or sessions where there is an order.
    func merge(_ other: Accumulator, into accumulator: inout Accumulator)

    /// The result. May be asked for more than once, with records added in between.
    func result(_ accumulator: Accumulator) -> Output

    /// Whether a partial result has memory of its own that ``prefetch(_:for:)`` asks for. By default it hasn't.
    static var prefetches: Bool { get }

    /// Asks the memory system for what adding the record will touch; called some records before its turn comes.
    ///
    /// For partial results that refer to large sets or tables, whose memory a processor can't foresee. By default there
    /// is nothing to ask for. The pointer is valid during the call: through a copy of a partial result its references
    /// would be counted, record by record.
    func prefetch(_ element: Input, for accumulator: UnsafePointer<Accumulator>)

    /// How partial results are saved. By default ``StateCodec/automatic``.
    var accumulatorCodec: StateCodec<Accumulator> { get }

    /// Whether two results are the same, so that an early pane need not be emitted again.
    ///
    /// By default their `==` where the type has one (two NaN are the same), else never.
    func isSame(_ a: Output, _ b: Output) -> Bool

    /// What is wrong with the aggregate's parameters, with the remedy; nil when nothing is, which is the default.
    ///
    /// A pipeline with such an aggregate is rejected.
    var problem: String? { get }
}

extension AggregateFunction {
    /// Nothing.
    public var problem: String? { nil }

    /// The partial result of one record, whatever its time.
    @inlinable @inline(__always)
    public func start(_ element: Input, at timestamp: Timestamp) -> Accumulator { start(element) }

    /// Adds a record, whatever its time.
    @inlinable @inline(__always)
    public func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator) {
        add(element, to: &accumulator)
    }

    /// False.
    @inlinable public static var prefetches: Bool { false }

    /// Nothing to be asked for.
    @inlinable @inline(__always)
    public func prefetch(_ element: Input, for accumulator: UnsafePointer<Accumulator>) {}

    /// The codec that the accumulator's type brings.
    public var accumulatorCodec: StateCodec<Accumulator> { .automatic }

    /// Whether both are equal, if their type can tell.
    public func isSame(_ a: Output, _ b: Output) -> Bool {
        func equals<Value: Equatable>(_ x: Value) -> Bool {
            guard let b = b as? Value else { return false }
            return x == b || (x != x && b != b)
        }
        guard let x = a as? any Equatable else { return false }
        return equals(x)
    }
}

extension AggregateFunction where Output: Equatable {
    /// Whether both are equal, or both are NaN.
    @inlinable
    public func isSame(_ a: Output, _ b: Output) -> Bool { a == b || (a != a && b != b) }
}
