public import StateBackend

/// The estimated number of distinct values of a field, in constant memory; see ``HyperLogLog`` for the error.
@frozen
public struct ApproximateDistinctCount<Input, Value: StreamKey>: AggregateFunction {
    @usableFromInline let precision: Int
    @usableFromInline let value: @Sendable (Input) -> Value

    /// Estimates the number of distinct values that `value` gives.
    @inlinable
    public init(precision: Int = 14, _ value: @escaping @Sendable (Input) -> Value) {
        self.precision = precision
        self.value = value
    }

    /// A sketch of the record's value.
    @inlinable
    public func start(_ element: Input) -> HyperLogLog {
        var sketch = HyperLogLog(precision: precision)
        sketch.insert(hash: value(element).stableHash)
        return sketch
    }
    /// The sketch with the record's value.
    @inlinable
    public func add(_ element: Input, to accumulator: inout HyperLogLog) {
        accumulator.insert(hash: value(element).stableHash)
    }
    /// The union of both.
    @inlinable
    public func merge(_ other: HyperLogLog, into accumulator: inout HyperLogLog) { accumulator.merge(other) }
    /// The estimate.
    @inlinable
    public func result(_ accumulator: HyperLogLog) -> Int { accumulator.estimate }
}

extension AggregateFunction {
    /// The estimated number of distinct values of a field; the standard error is 1.04 / sqrt(2^precision), 0.81 % at
    /// the default precision of 14.
    @inlinable
    public static func approximateDistinct<Element, Value: StreamKey>(
        precision: Int = 14, _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == ApproximateDistinctCount<Element, Value> {
        ApproximateDistinctCount(precision: precision, value)
    }
}
