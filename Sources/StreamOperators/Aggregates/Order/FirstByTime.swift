public import StateBackend
public import StreamCore

/// The value of a field in the record that is first by event time.
///
/// Among records of the same time: where values are `Comparable`, the lowest value, so that the result doesn't depend
/// on arrival (NaN counts as the highest); else the first to arrive, which between splits is undefined.
@frozen
public struct FirstByTime<Input, Value: Sendable>: AggregateFunction {
    @usableFromInline let value: @Sendable (Input) -> Value
    /// The order of values of the same time, where there is one.
    @usableFromInline let precedes: (@Sendable (Value, Value) -> Bool)?

    /// The first of what `value` gives; among records of the same time, that of the first to arrive.
    @inlinable
    public init(_ value: @escaping @Sendable (Input) -> Value) {
        self.value = value
        precedes = nil
    }

    /// The first of what `value` gives; among records of the same time, the lowest.
    @inlinable
    public init(_ value: @escaping @Sendable (Input) -> Value) where Value: Comparable {
        self.value = value
        precedes = { TotalOrder.precedes($0, $1) }
    }

    /// The record's value; where no time is given, every record has the same.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> TimedValue<Value> { start(element, at: 0) }
    /// The record's value, if it is the first of all.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout TimedValue<Value>) {
        add(element, at: 0, to: &accumulator)
    }
    /// The record's value and time.
    @inlinable @inline(__always)
    public func start(_ element: Input, at timestamp: Timestamp) -> TimedValue<Value> {
        TimedValue(value(element), at: timestamp)
    }
    /// The record's value, if it is the first of all.
    @inlinable @inline(__always)
    public func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout TimedValue<Value>) {
        if timestamp > accumulator.timestamp { return }
        merge(start(element, at: timestamp), into: &accumulator)
    }
    /// The first one of both.
    @inlinable
    public func merge(_ other: TimedValue<Value>, into accumulator: inout TimedValue<Value>) {
        if other.timestamp == accumulator.timestamp {
            if let precedes, precedes(other.value, accumulator.value) { accumulator = other }
        } else if other.timestamp < accumulator.timestamp {
            accumulator = other
        }
    }
    /// The value.
    @inlinable
    public func result(_ accumulator: TimedValue<Value>) -> Value { accumulator.value }

    /// The time, then the value by its type's codec.
    public var accumulatorCodec: StateCodec<TimedValue<Value>> { TimedValue.codec(.automatic) }
}

extension AggregateFunction {
    /// The value of a field in the first record by event time; among records of the same time, that of the first to
    /// arrive.
    @inlinable
    public static func first<Element, Value: Sendable>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == FirstByTime<Element, Value> { FirstByTime(value) }

    /// The value of a field in the first record by event time; among records of the same time, the lowest value.
    @inlinable
    public static func first<Element, Value: Comparable & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == FirstByTime<Element, Value> { FirstByTime(value) }
}
