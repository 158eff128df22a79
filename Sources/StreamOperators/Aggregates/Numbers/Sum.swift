/// The sum of an integer field; wraps around on overflow, so that it doesn't depend on the order of the records.
@frozen
public struct Sum<Input, Value: FixedWidthInteger & Sendable>: AggregateFunction {
    @usableFromInline let value: @Sendable (Input) -> Value

    /// The sum of what `value` gives for each record.
    @inlinable
    public init(_ value: @escaping @Sendable (Input) -> Value) { self.value = value }

    /// The record's value.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Value { value(element) }
    /// The record's value added.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Value) { accumulator &+= value(element) }
    /// The sum of both.
    @inlinable @inline(__always)
    public func merge(_ other: Value, into accumulator: inout Value) { accumulator &+= other }
    /// The sum.
    @inlinable @inline(__always)
    public func result(_ accumulator: Value) -> Value { accumulator }
}

/// The sum of a floating-point field.
///
/// As IEEE addition does: the last bits depend on the order of the records, overflow is infinite, a NaN makes the sum
/// NaN.
@frozen
public struct FloatingSum<Input, Value: BinaryFloatingPoint & Sendable>: AggregateFunction {
    @usableFromInline let value: @Sendable (Input) -> Value

    /// The sum of what `value` gives for each record.
    @inlinable
    public init(_ value: @escaping @Sendable (Input) -> Value) { self.value = value }

    /// The record's value.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Value { value(element) }
    /// The record's value added.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Value) { accumulator += value(element) }
    /// The sum of both.
    @inlinable @inline(__always)
    public func merge(_ other: Value, into accumulator: inout Value) { accumulator += other }
    /// The sum.
    @inlinable @inline(__always)
    public func result(_ accumulator: Value) -> Value { accumulator }
}

extension AggregateFunction {
    /// The sum of an integer field; wraps around on overflow.
    @inlinable
    public static func sum<Element, Value: FixedWidthInteger & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == Sum<Element, Value> { Sum(value) }

    /// The sum of a floating-point field.
    @inlinable
    public static func sum<Element, Value: BinaryFloatingPoint & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == FloatingSum<Element, Value> { FloatingSum(value) }
}
