public import StreamCore

/// What a variance divides the sum of squared distances by.
public enum VarianceKind: Sendable {
    /// One less than the number of values: an unbiased estimate from a sample.
    ///
    /// NaN for a single value. As `VARIANCE` in Flink and PostgreSQL.
    case sample
    /// The number of values: the variance of just these. 0 for a single value.
    case population
}

/// The variance of a field, or its square root, the standard deviation.
///
/// A NaN or an infinite value makes it NaN. The last bits depend on the order of the records.
@frozen
public struct Variance<Input>: AggregateFunction {
    @usableFromInline let value: @Sendable (Input) -> Double
    @usableFromInline let kind: VarianceKind
    @usableFromInline let isDeviation: Bool

    /// The variance of what `value` gives for each record.
    ///
    /// - Parameters:
    ///   - kind: what to divide by; by default `sample`.
    ///   - isDeviation: whether the result is the standard deviation; by default not.
    @inlinable
    public init(
        of kind: VarianceKind = .sample, isDeviation: Bool = false, _ value: @escaping @Sendable (Input) -> Double
    ) {
        self.kind = kind
        self.isDeviation = isDeviation
        self.value = value
    }

    /// The record's value, once.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Moments { Moments(value(element)) }
    /// With the record's value.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Moments) { accumulator.add(value(element)) }
    /// The moments of both together.
    @inlinable
    public func merge(_ other: Moments, into accumulator: inout Moments) { accumulator.merge(other) }
    /// The variance or standard deviation.
    @inlinable
    public func result(_ accumulator: Moments) -> Double {
        let variance = accumulator.squares / Double(kind == .sample ? accumulator.count &- 1 : accumulator.count)
        return isDeviation ? variance.squareRoot() : variance
    }
}

extension AggregateFunction {
    /// The variance of a field, of a sample by default.
    @inlinable
    public static func variance<Element>(
        _ value: @escaping @Sendable (Element) -> Double, of kind: VarianceKind = .sample
    ) -> Self where Self == Variance<Element> { Variance(of: kind, value) }

    /// The variance of an integer field, of a sample by default.
    @inlinable
    public static func variance<Element, Value: BinaryInteger & SendableType>(
        _ value: @escaping @Sendable (Element) -> Value, of kind: VarianceKind = .sample
    ) -> Self where Self == Variance<Element> { Variance(of: kind) { Double(value($0)) } }

    /// The standard deviation of a field, of a sample by default.
    @inlinable
    public static func standardDeviation<Element>(
        _ value: @escaping @Sendable (Element) -> Double, of kind: VarianceKind = .sample
    ) -> Self where Self == Variance<Element> { Variance(of: kind, isDeviation: true, value) }

    /// The standard deviation of an integer field, of a sample by default.
    @inlinable
    public static func standardDeviation<Element, Value: BinaryInteger & SendableType>(
        _ value: @escaping @Sendable (Element) -> Value, of kind: VarianceKind = .sample
    ) -> Self where Self == Variance<Element> { Variance(of: kind, isDeviation: true) { Double(value($0)) } }
}
