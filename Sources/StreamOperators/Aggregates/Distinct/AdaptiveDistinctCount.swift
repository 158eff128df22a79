public import StateBackend

/// The number of distinct values of a field: exact up to a threshold, beyond it the estimate of a ``HyperLogLog``.
///
/// Which of both, and the estimate, depend only on the set of values, not on their order nor on how partial results
/// were merged: more values than the threshold always give the sketch of all of them.
@frozen
public struct AdaptiveDistinctCount<Input, Value: StreamKey>: AggregateFunction {
    /// The values, or a sketch of them.
    @frozen
    public struct Accumulator: Sendable {
        /// Empty once there is a sketch.
        @usableFromInline var values = KeySet<Value>()
        @usableFromInline var sketch: HyperLogLog?

        @inlinable
        init() {}
    }

    @usableFromInline let threshold: Int
    @usableFromInline let precision: Int
    @usableFromInline let value: @Sendable (Input) -> Value

    /// Counts the distinct values that `value` gives, which is called once or twice for a record.
    ///
    /// - Parameters:
    ///   - threshold: the highest number that is exact.
    ///   - precision: of the sketch, as in ``HyperLogLog``.
    @inlinable
    public init(exactUpTo threshold: Int, precision: Int = 14, _ value: @escaping @Sendable (Input) -> Value) {
        self.threshold = threshold
        self.precision = precision
        self.value = value
    }

    /// The record's value.
    @inlinable
    public func start(_ element: Input) -> Accumulator {
        var accumulator = Accumulator()
        add(element, to: &accumulator)
        return accumulator
    }
    /// With the record's value.
    @inlinable
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        let value = value(element)
        if accumulator.sketch == nil {
            accumulator.values.insert(value)
            if accumulator.values.count > threshold { makeSketch(&accumulator) }
        } else {
            accumulator.sketch?.insert(hash: value.stableHash)
        }
    }
    /// Sets may be large.
    @inlinable public static var prefetches: Bool { true }
    /// Asks for the value's place in the set.
    @inlinable @inline(__always)
    public func prefetch(_ element: Input, for accumulator: UnsafePointer<Accumulator>) {
        let value = value(element)
        accumulator.pointee.values.prefetch(value)
    }
    /// The union of both.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        guard let sketch = other.sketch else {
            if accumulator.sketch == nil {
                accumulator.values.formUnion(other.values)
                if accumulator.values.count > threshold { makeSketch(&accumulator) }
            } else {
                other.values.forEach { accumulator.sketch?.insert(hash: $0.stableHash) }
            }
            return
        }
        if accumulator.sketch == nil { makeSketch(&accumulator) }
        accumulator.sketch?.merge(sketch)
    }

    @usableFromInline
    func makeSketch(_ accumulator: inout Accumulator) {
        var sketch = HyperLogLog(precision: precision)
        accumulator.values.forEach { sketch.insert(hash: $0.stableHash) }
        accumulator.sketch = sketch
        accumulator.values = KeySet()
    }

    /// The number, and how exact it is.
    @inlinable
    public func result(_ accumulator: Accumulator) -> DistinctEstimate {
        guard let sketch = accumulator.sketch else {
            return DistinctEstimate(count: accumulator.values.count, standardError: 0)
        }
        return DistinctEstimate(count: sketch.estimate, standardError: sketch.standardError)
    }

    /// The values by their type's codec, or the sketch.
    public var accumulatorCodec: StateCodec<Accumulator> {
        let values = KeySet<Value>.codec(.automatic)
        return StateCodec(
            of: { [values.schema] },
            encode: { accumulator, encoder in
                try encoder.encode(accumulator.sketch)
                if accumulator.sketch == nil { try values.encode(accumulator.values, into: &encoder) }
            },
            decode: { written in
                let values = values.reading(written, 0)
                return { decoder in
                    var accumulator = Accumulator()
                    accumulator.sketch = try decoder.decode()
                    if accumulator.sketch == nil { accumulator.values = try values.decode(&decoder) }
                    return accumulator
                }
            })
    }
}

extension AggregateFunction {
    /// The number of distinct values of a field: exact up to a threshold, beyond it estimated with a standard error of
    /// 1.04 / sqrt(2^precision), 0.81 % at the default precision of 14.
    @inlinable
    public static func distinct<Element, Value: StreamKey>(
        _ value: @escaping @Sendable (Element) -> Value, exactUpTo threshold: Int, precision: Int = 14
    ) -> Self where Self == AdaptiveDistinctCount<Element, Value> {
        AdaptiveDistinctCount(exactUpTo: threshold, precision: precision, value)
    }
}
