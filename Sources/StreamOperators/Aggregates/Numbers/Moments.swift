public import StateBackend

/// The number of some values, their mean and the sum of their squared distances from it.
///
/// Kept up with each value as Welford does (1962) and merged as Chan, Golub and LeVeque do (1979), which loses no
/// digits to cancellation as a sum of squares would.
@frozen
public struct Moments: Sendable, Equatable, StateCodable {
    @usableFromInline var count: Int
    @usableFromInline var mean: Double
    @usableFromInline var squares: Double

    /// The moments of one value.
    @inlinable @inline(__always)
    init(_ value: Double) {
        count = 1
        mean = value
        // 0; NaN for an infinite value, as it would become with any other value beside it.
        squares = value - value
    }

    @inlinable @inline(__always)
    mutating func add(_ value: Double) {
        count &+= 1
        let distance = value - mean
        mean += distance / Double(count)
        squares += distance * (value - mean)
    }

    @inlinable
    mutating func merge(_ other: Moments) {
        let (a, b) = (Double(count), Double(other.count))
        let distance = other.mean - mean
        count &+= other.count
        mean += distance * (b / (a + b))
        squares += other.squares + distance * distance * (a * b / (a + b))
    }

    /// Reads moments.
    public init(decoding decoder: inout StateDecoder) throws {
        count = try decoder.decode()
        mean = try decoder.decode()
        squares = try decoder.decode()
        guard count > 0 else { throw decoder.malformed("the moments of \(count) values") }
    }

    /// Writes the number, the mean and the sum of squares.
    public func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(count)
        try encoder.encode(mean)
        try encoder.encode(squares)
    }
}
