public import StateBackend

/// The exact number of distinct values of a field.
///
/// Memory grows with that number.
@frozen
public struct DistinctCount<Input, Value: StreamKey>: AggregateFunction {
    @usableFromInline let value: @Sendable (Input) -> Value

    /// Counts the distinct values that `value` gives, which is called once or twice for a record.
    @inlinable
    public init(_ value: @escaping @Sendable (Input) -> Value) { self.value = value }

    /// A set of the record's value.
    @inlinable
    public func start(_ element: Input) -> KeySet<Value> {
        var set = KeySet<Value>()
        set.insert(value(element))
        return set
    }
    /// The set with the record's value.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout KeySet<Value>) { accumulator.insert(value(element)) }
    /// Sets are large.
    @inlinable public static var prefetches: Bool { true }
    /// Asks for the value's place in the set.
    @inlinable @inline(__always)
    public func prefetch(_ element: Input, for accumulator: UnsafePointer<KeySet<Value>>) {
        let value = value(element)
        accumulator.pointee.prefetch(value)
    }
    /// The union of both sets.
    @inlinable
    public func merge(_ other: KeySet<Value>, into accumulator: inout KeySet<Value>) { accumulator.formUnion(other) }
    /// The number of values.
    @inlinable
    public func result(_ accumulator: KeySet<Value>) -> Int { accumulator.count }

    /// The values, by their type's codec.
    public var accumulatorCodec: StateCodec<KeySet<Value>> { KeySet.codec(.automatic) }
}

extension AggregateFunction {
    /// The exact number of distinct values of a field.
    @inlinable
    public static func distinct<Element, Value: StreamKey>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == DistinctCount<Element, Value> { DistinctCount(value) }
}
