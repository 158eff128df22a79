public import StateBackend
public import StreamCore

/// The arithmetic mean of a field.
///
/// A NaN makes it NaN; sums beyond the range of `Double` are infinite. The last bits depend on the order of the records.
@frozen
public struct Average<Input>: AggregateFunction {
    /// A sum and the number of values in it.
    @frozen
    public struct Accumulator: Sendable, StateCodable {
        @usableFromInline var sum: Double
        @usableFromInline var count: Int

        @inlinable
        init(sum: Double) {
            self.sum = sum
            count = 1
        }

        /// Reads a number and a sum.
        public init(decoding decoder: inout StateDecoder) throws {
            count = try decoder.decode()
            sum = try decoder.decode()
            guard count > 0 else { throw decoder.malformed("an average of \(count) values") }
        }

        /// Writes the number and the sum.
        public func encode(into encoder: inout StateEncoder) throws {
            try encoder.encode(count)
            try encoder.encode(sum)
        }
    }

    @usableFromInline let value: @Sendable (Input) -> Double

    /// The mean of what `value` gives for each record.
    @inlinable
    public init(_ value: @escaping @Sendable (Input) -> Double) { self.value = value }

    /// The record's value, once.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Accumulator { Accumulator(sum: value(element)) }
    /// The record's value added.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        accumulator.sum += value(element)
        accumulator.count &+= 1
    }
    /// Both sums and numbers added.
    @inlinable @inline(__always)
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        accumulator.sum += other.sum
        accumulator.count &+= other.count
    }
    /// The sum divided by the number.
    @inlinable @inline(__always)
    public func result(_ accumulator: Accumulator) -> Double { accumulator.sum / Double(accumulator.count) }
}

extension AggregateFunction {
    /// The arithmetic mean of a field.
    @inlinable
    public static func average<Element>(
        _ value: @escaping @Sendable (Element) -> Double
    ) -> Self where Self == Average<Element> { Average(value) }

    /// The arithmetic mean of an integer field; exact while the sum stays below 2^53.
    @inlinable
    public static func average<Element, Value: BinaryInteger & SendableType>(
        _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == Average<Element> { Average { Double(value($0)) } }
}
