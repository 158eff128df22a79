public import StateBackend

/// The distinct values of a field; up to a limit, beyond which those with the lowest stable hashes are kept.
///
/// These are a uniform sample of the distinct values, the same in whatever order records come. The result is in the
/// order of the hashes.
@frozen
public struct CollectSet<Input, Value: StreamKey>: AggregateFunction {
    @usableFromInline let limit: Int
    /// The limit as it was given.
    @usableFromInline let given: Int
    @usableFromInline let value: @Sendable (Input) -> Value

    /// The distinct values that `value` gives.
    ///
    /// - Parameter limit: the number of values in the result, per key and window; at least 1. Twice as many are held.
    @inlinable
    public init(limit: Int, _ value: @escaping @Sendable (Input) -> Value) {
        self.limit = Swift.max(limit, 1)
        given = limit
        self.value = value
    }

    /// A set of the record's value.
    @inlinable
    public func start(_ element: Input) -> BoundedKeySet<Value> {
        var set = BoundedKeySet<Value>()
        set.insert(value(element), limit: limit)
        return set
    }
    /// The set with the record's value.
    @inlinable
    public func add(_ element: Input, to accumulator: inout BoundedKeySet<Value>) {
        accumulator.insert(value(element), limit: limit)
    }
    /// The union of both sets.
    @inlinable
    public func merge(_ other: BoundedKeySet<Value>, into accumulator: inout BoundedKeySet<Value>) {
        accumulator.merge(other, limit: limit)
    }
    /// The values.
    @inlinable
    public func result(_ accumulator: BoundedKeySet<Value>) -> Collected<Value> {
        let isComplete = !accumulator.isCut && accumulator.values.count <= limit
        return Collected(accumulator.lowest(limit), isComplete: isComplete)
    }

    /// A limit below 1.
    public var problem: String? {
        given > 0 ? nil : "the limit of a set of collected values is \(given); it must be at least 1"
    }

    /// The values, by their type's codec.
    public var accumulatorCodec: StateCodec<BoundedKeySet<Value>> { BoundedKeySet.codec(.automatic) }
}

extension AggregateFunction {
    /// The distinct values of a field, at most `limit` of them; see ``CollectSet`` for which.
    @inlinable
    public static func collectSet<Element, Value: StreamKey>(
        _ value: @escaping @Sendable (Element) -> Value, limit: Int
    ) -> Self where Self == CollectSet<Element, Value> { CollectSet(limit: limit, value) }
}
