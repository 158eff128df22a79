public import StateBackend
public import StreamCore

/// The values of a field, duplicates included, in the order of event time; up to a limit, beyond which the earliest
/// are kept.
///
/// At the same time the lower value comes first where values are `Comparable`, else the first to arrive.
@frozen
public struct CollectList<Input, Value: Sendable>: AggregateFunction {
    /// The earliest values, in order, and the number of all.
    @frozen
    public struct Accumulator: Sendable {
        @usableFromInline var values: [TimedValue<Value>]
        @usableFromInline var count: Int

        @inlinable
        init(_ values: [TimedValue<Value>], count: Int) {
            self.values = values
            self.count = count
        }
    }

    @usableFromInline let limit: Int
    /// The limit as it was given.
    @usableFromInline let given: Int
    @usableFromInline let value: @Sendable (Input) -> Value
    /// The order of values of the same time, where there is one.
    @usableFromInline let precedes: (@Sendable (Value, Value) -> Bool)?

    /// The values that `value` gives.
    ///
    /// - Parameter limit: the number of values that are kept, per key and window; at least 1.
    @inlinable
    public init(limit: Int, _ value: @escaping @Sendable (Input) -> Value) {
        self.limit = Swift.max(limit, 1)
        given = limit
        self.value = value
        precedes = nil
    }

    /// The values that `value` gives; lower ones first where times are equal.
    ///
    /// - Parameter limit: the number of values that are kept, per key and window; at least 1.
    @inlinable
    public init(limit: Int, _ value: @escaping @Sendable (Input) -> Value) where Value: Comparable {
        self.limit = Swift.max(limit, 1)
        given = limit
        self.value = value
        precedes = { TotalOrder.precedes($0, $1) }
    }

    /// The record's value; where no time is given, every record has the same.
    @inlinable
    public func start(_ element: Input) -> Accumulator { start(element, at: 0) }
    /// The record's value, if it is among the earliest.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) { add(element, at: 0, to: &accumulator) }
    /// The record's value.
    @inlinable
    public func start(_ element: Input, at timestamp: Timestamp) -> Accumulator {
        Accumulator([TimedValue(value(element), at: timestamp)], count: 1)
    }
    /// The record's value, if it is among the earliest.
    @inlinable
    public func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator) {
        accumulator.count &+= 1
        if accumulator.values.count >= limit, let last = accumulator.values.last, timestamp > last.timestamp { return }
        BoundedOrder.insert(TimedValue(value(element), at: timestamp), into: &accumulator.values, limit: limit) {
            isEarlier($0, $1)
        }
    }
    /// The earliest of both.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        accumulator.count &+= other.count
        BoundedOrder.merge(other.values, into: &accumulator.values, limit: limit) { isEarlier($0, $1) }
    }
    /// The values, the earliest first.
    @inlinable
    public func result(_ accumulator: Accumulator) -> Collected<Value> {
        let values = accumulator.values.prefix(limit).map { $0.value }
        return Collected(values, isComplete: values.count == accumulator.count)
    }

    @inlinable
    func isEarlier(_ a: TimedValue<Value>, _ b: TimedValue<Value>) -> Bool {
        if a.timestamp != b.timestamp { return a.timestamp < b.timestamp }
        return precedes?(a.value, b.value) ?? false
    }

    /// A limit below 1.
    public var problem: String? {
        given > 0 ? nil : "the limit of a list of collected values is \(given); it must be at least 1"
    }

    /// The number of all values, then those kept.
    public var accumulatorCodec: StateCodec<Accumulator> {
        let values = TimedValue<Value>.codec(.automatic).array
        return StateCodec(
            of: { [values.schema] },
            encode: { accumulator, encoder in
                try encoder.encode(accumulator.count)
                try values.encode(accumulator.values, into: &encoder)
            },
            decode: { written in
                let values = values.reading(written, 0)
                return { decoder in
                    let count: Int = try decoder.decode()
                    return Accumulator(try values.decode(&decoder), count: count)
                }
            })
    }
}

extension AggregateFunction {
    /// The values of a field in the order of event time; the earliest `limit` of them.
    @inlinable
    public static func collect<Element, Value: Sendable>(
        _ value: @escaping @Sendable (Element) -> Value, limit: Int
    ) -> Self where Self == CollectList<Element, Value> { CollectList(limit: limit, value) }

    /// The values of a field in the order of event time, lower ones first where times are equal; the earliest `limit`
    /// of them.
    @inlinable
    public static func collect<Element, Value: Comparable & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value, limit: Int
    ) -> Self where Self == CollectList<Element, Value> { CollectList(limit: limit, value) }
}
