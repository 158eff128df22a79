public import StateBackend
public import StreamCore

/// The values of the records that rank highest, the highest first.
///
/// Equal ranks: the earlier record by event time first; at the same time the lower value where values are
/// `Comparable`, else the first to arrive. A record whose rank is NaN is left out. Every record counts: a value that
/// occurs in several of them is there several times.
@frozen
public struct TopN<Input, Value: Sendable, Rank: Comparable & Sendable>: AggregateFunction {
    @usableFromInline let limit: Int
    /// The limit as it was given.
    @usableFromInline let given: Int
    @usableFromInline let value: @Sendable (Input) -> Value
    @usableFromInline let rank: @Sendable (Input) -> Rank
    /// The order of values of the same rank and time, where there is one.
    @usableFromInline let precedes: (@Sendable (Value, Value) -> Bool)?

    @inlinable
    init(
        limit: Int, _ value: @escaping @Sendable (Input) -> Value, _ rank: @escaping @Sendable (Input) -> Rank,
        _ precedes: (@Sendable (Value, Value) -> Bool)?
    ) {
        self.limit = Swift.max(limit, 1)
        given = limit
        self.value = value
        self.rank = rank
        self.precedes = precedes
    }

    /// What `value` gives for the `limit` records (at least one) with the highest `rank`.
    @inlinable
    public init(
        _ limit: Int, of value: @escaping @Sendable (Input) -> Value, by rank: @escaping @Sendable (Input) -> Rank
    ) {
        self.init(limit: limit, value, rank, nil)
    }

    /// What `value` gives for the `limit` records (at least one) with the highest `rank`; lower values first where
    /// rank and time are equal.
    @inlinable
    public init(
        _ limit: Int, of value: @escaping @Sendable (Input) -> Value, by rank: @escaping @Sendable (Input) -> Rank
    ) where Value: Comparable {
        self.init(limit: limit, value, rank) { TotalOrder.precedes($0, $1) }
    }

    /// The record; where no time is given, every record has the same.
    @inlinable
    public func start(_ element: Input) -> [RankedValue<Value, Rank>] { start(element, at: 0) }
    /// The record, if it is among the highest.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout [RankedValue<Value, Rank>]) {
        add(element, at: 0, to: &accumulator)
    }
    /// The record.
    @inlinable
    public func start(_ element: Input, at timestamp: Timestamp) -> [RankedValue<Value, Rank>] {
        var accumulator: [RankedValue<Value, Rank>] = []
        add(element, at: timestamp, to: &accumulator)
        return accumulator
    }
    /// The record, if it is among the highest.
    @inlinable
    public func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout [RankedValue<Value, Rank>]) {
        let rank = rank(element)
        guard rank == rank else { return }
        if accumulator.count >= limit, let last = accumulator.last, rank < last.rank { return }
        BoundedOrder.insert(
            RankedValue(value(element), rank: rank, at: timestamp), into: &accumulator, limit: limit
        ) { isHigher($0, $1) }
    }
    /// The highest of both.
    @inlinable
    public func merge(_ other: [RankedValue<Value, Rank>], into accumulator: inout [RankedValue<Value, Rank>]) {
        BoundedOrder.merge(other, into: &accumulator, limit: limit) { isHigher($0, $1) }
    }
    /// The values, the highest rank first.
    @inlinable
    public func result(_ accumulator: [RankedValue<Value, Rank>]) -> [Value] {
        accumulator.prefix(limit).map { $0.value }
    }

    @inlinable
    func isHigher(_ a: RankedValue<Value, Rank>, _ b: RankedValue<Value, Rank>) -> Bool {
        if a.rank != b.rank { return a.rank > b.rank }
        if a.timestamp != b.timestamp { return a.timestamp < b.timestamp }
        return precedes?(a.value, b.value) ?? false
    }

    /// A limit below 1.
    public var problem: String? {
        given > 0 ? nil : "the number of values at the top is \(given); it must be at least 1"
    }

    /// The entries, by the codecs of rank and value.
    public var accumulatorCodec: StateCodec<[RankedValue<Value, Rank>]> {
        RankedValue.codec(.automatic, rank: .automatic).array
    }
}
