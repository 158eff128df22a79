/// A number of distinct values, and whether it is exact.
@frozen
public struct DistinctEstimate: Sendable, Hashable, Codable {
    /// The number.
    public var count: Int
    /// The relative standard error of the number; 0 where it is exact.
    public var standardError: Double
    /// Whether the number is exact.
    @inlinable public var isExact: Bool { standardError == 0 }

    /// A number with its relative standard error.
    @inlinable
    public init(count: Int, standardError: Double) {
        self.count = count
        self.standardError = standardError
    }
}
