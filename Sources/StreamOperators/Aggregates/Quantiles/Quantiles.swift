public import StateBackend
public import StreamCore

/// Quantiles of a field, estimated by a ``KLLSketch``, whose doc says how exact they are.
///
/// The same records in the same order give the same result. In another order, or merged otherwise, the result may
/// differ within the error.
@frozen
public struct Quantiles<Input, Value: Comparable & Sendable>: AggregateFunction {
    @usableFromInline let quantiles: [Double]
    @usableFromInline let accuracy: Int
    @usableFromInline let value: @Sendable (Input) -> Value

    /// The given quantiles of what `value` gives for each record.
    ///
    /// - Parameters:
    ///   - quantiles: 0 (the lowest value) through 1 (the highest).
    ///   - accuracy: about how many values are kept, clamped to 8...65,535. The default of 200 gives a rank error of
    ///     1.33 %, 400 one of 0.68 %.
    ///   - value: the field.
    @inlinable
    public init(_ quantiles: [Double], accuracy: Int = 200, _ value: @escaping @Sendable (Input) -> Value) {
        self.quantiles = quantiles
        self.accuracy = accuracy
        self.value = value
    }

    /// A sketch of the record's value.
    @inlinable
    public func start(_ element: Input) -> KLLSketch<Value> { start(element, at: 0) }
    /// A sketch of the record's value; the time seeds the coin, so that partial results err independently.
    @inlinable
    public func start(_ element: Input, at timestamp: Timestamp) -> KLLSketch<Value> {
        KLLSketch(
            value(element), accuracy: accuracy, seed: StableHash.hash(UInt64(truncatingIfNeeded: timestamp)))
    }
    /// The sketch with the record's value.
    @inlinable
    public func add(_ element: Input, to accumulator: inout KLLSketch<Value>) { accumulator.insert(value(element)) }
    /// A sketch of the values of both.
    @inlinable
    public func merge(_ other: KLLSketch<Value>, into accumulator: inout KLLSketch<Value>) { accumulator.merge(other) }
    /// The quantiles, in the order in which they were asked for.
    @inlinable
    public func result(_ accumulator: KLLSketch<Value>) -> [Value] { accumulator.quantiles(quantiles) }

    /// A quantile out of range.
    public var problem: String? {
        quantiles.first { !($0 >= 0 && $0 <= 1) }.map { "the quantile \($0) is out of range; give numbers from 0 to 1" }
    }

    /// The sketch, by the codec of its values.
    public var accumulatorCodec: StateCodec<KLLSketch<Value>> { KLLSketch.codec(.automatic) }
}

extension AggregateFunction {
    /// Quantiles of a field, 0 through 1 each; estimated with a rank error of 1.33 % at the default accuracy, exact up
    /// to 200 values.
    @inlinable
    public static func quantiles<Element, Value: Comparable & Sendable>(
        _ value: @escaping @Sendable (Element) -> Value, _ quantiles: [Double], accuracy: Int = 200
    ) -> Self where Self == Quantiles<Element, Value> { Quantiles(quantiles, accuracy: accuracy, value) }
}
