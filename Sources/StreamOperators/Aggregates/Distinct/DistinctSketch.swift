public import StateBackend

/// A HyperLogLog sketch of the distinct values of a field, to be united with others or compared with them.
///
/// ```swift
/// clicks.window(day).aggregate("audiences", .distinctSketch(\.user))    // later: a.overlap(with: b).intersection
/// ```
@frozen
public struct DistinctSketch<Input, Value: StreamKey>: AggregateFunction {
    @usableFromInline let count: ApproximateDistinctCount<Input, Value>

    /// A sketch of the values that `value` gives; `precision` as in ``HyperLogLog``.
    @inlinable
    public init(precision: Int = 14, _ value: @escaping @Sendable (Input) -> Value) {
        count = ApproximateDistinctCount(precision: precision, value)
    }

    /// A sketch of the record's value.
    @inlinable
    public func start(_ element: Input) -> HyperLogLog { count.start(element) }
    /// The sketch with the record's value.
    @inlinable
    public func add(_ element: Input, to accumulator: inout HyperLogLog) { count.add(element, to: &accumulator) }
    /// The union of both.
    @inlinable
    public func merge(_ other: HyperLogLog, into accumulator: inout HyperLogLog) { accumulator.merge(other) }
    /// The sketch.
    @inlinable
    public func result(_ accumulator: HyperLogLog) -> HyperLogLog { accumulator }
}

extension AggregateFunction {
    /// A HyperLogLog sketch of the distinct values of a field, for unions and overlaps.
    @inlinable
    public static func distinctSketch<Element, Value: StreamKey>(
        _ value: @escaping @Sendable (Element) -> Value, precision: Int = 14
    ) -> Self where Self == DistinctSketch<Element, Value> { DistinctSketch(precision: precision, value) }
}
