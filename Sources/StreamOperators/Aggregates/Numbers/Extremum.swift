/// The lowest or highest value of a field.
///
/// NaN counts only where there is nothing else (as in IEEE 754's minimumNumber and maximumNumber).
@frozen
public struct Extremum<Input, Value: Comparable & Sendable>: AggregateFunction {
    @usableFromInline let value: @Sendable (Input) -> Value
    @usableFromInline let highest: Bool

    /// The highest (or lowest) of what `value` gives for each record.
    @inlinable
    public init(highest: Bool, _ value: @escaping @Sendable (Input) -> Value) {
        self.highest = highest
        self.value = value
    }

    /// The record's value.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Value { value(element) }
    /// The better one of both.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Value) { merge(value(element), into: &accumulator) }
    /// The better one of both.
    @inlinable @inline(__always)
    public func merge(_ other: Value, into accumulator: inout Value) {
        if accumulator != accumulator || (highest ? other > accumulator : other < accumulator) { accumulator = other }
    }
    /// The value.
    @inlinable @inline(__always)
    public func result(_ accumulator: Value) -> Value { accumulator }
}

extension AggregateFunction {
    /// The lowest value of a field.
    @inlinable
    public static func minimum<Element, Value: Comparable & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == Extremum<Element, Value> { Extremum(highest: false, value) }

    /// The highest value of a field.
    @inlinable
    public static func maximum<Element, Value: Comparable & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == Extremum<Element, Value> { Extremum(highest: true, value) }
}
