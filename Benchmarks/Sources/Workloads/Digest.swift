/// A result as a multiset of rows of integers: how many, and the wrapping sum of their hashes.
///
/// The sum doesn't depend on the order of the rows, so digests of parts add up to that of the whole.
@frozen
public struct Digest: Equatable, Sendable, BitwiseCopyable {
    /// Rows added less rows retracted.
    public var rows: Int64
    /// Sum of `sign * hash(row)`, wrapping.
    public var sum: UInt64

    /// Creates the digest of no rows, or one from known figures.
    @inlinable
    public init(rows: Int64 = 0, sum: UInt64 = 0) {
        self.rows = rows
        self.sum = sum
    }

    /// Adds a row of two fields.
    @inlinable
    @inline(__always)
    public mutating func add(_ a: Int64, _ b: Int64) {
        rows &+= 1
        sum &+= mix(Self.fold(Self.fold(2, a), b))
    }

    /// Adds a row of three fields.
    @inlinable
    @inline(__always)
    public mutating func add(_ a: Int64, _ b: Int64, _ c: Int64) {
        rows &+= 1
        sum &+= mix(Self.fold(Self.fold(Self.fold(3, a), b), c))
    }

    /// Adds a row of four fields.
    @inlinable
    @inline(__always)
    public mutating func add(_ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64) {
        rows &+= 1
        sum &+= mix(Self.fold(Self.fold(Self.fold(Self.fold(4, a), b), c), d))
    }

    /// Adds a row of four fields, or retracts it when `sign` is -1.
    @inlinable
    @inline(__always)
    public mutating func add(_ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64, sign: Int64) {
        rows &+= sign
        sum &+= UInt64(bitPattern: sign) &* mix(Self.fold(Self.fold(Self.fold(Self.fold(4, a), b), c), d))
    }

    /// Adds a row of five fields.
    @inlinable
    @inline(__always)
    public mutating func add(_ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64, _ e: Int64) {
        rows &+= 1
        sum &+= mix(Self.fold(Self.fold(Self.fold(Self.fold(Self.fold(5, a), b), c), d), e))
    }

    /// Adds a row of ten fields.
    @inlinable
    @inline(__always)
    public mutating func add(
        _ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64, _ e: Int64, _ f: Int64, _ g: Int64, _ h: Int64, _ i: Int64,
        _ j: Int64
    ) {
        let half = Self.fold(Self.fold(Self.fold(Self.fold(Self.fold(10, a), b), c), d), e)
        rows &+= 1
        sum &+= mix(Self.fold(Self.fold(Self.fold(Self.fold(Self.fold(half, f), g), h), i), j))
    }

    /// Adds a row of any width, or retracts it when `sign` is -1.
    @inlinable
    public mutating func add(_ fields: some Collection<Int64>, sign: Int64 = 1) {
        var hash = UInt64(truncatingIfNeeded: fields.count)
        for field in fields { hash = Self.fold(hash, field) }
        rows &+= sign
        sum &+= UInt64(bitPattern: sign) &* mix(hash)
    }

    /// Adds the rows of another digest.
    @inlinable
    public mutating func add(_ other: Digest) {
        rows &+= other.rows
        sum &+= other.sum
    }

    /// The sum as 16 hexadecimal digits, as printed in the tables of expected results.
    public var hexadecimal: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    @inlinable
    @inline(__always)
    static func fold(_ hash: UInt64, _ field: Int64) -> UInt64 {
        hash &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: field)
    }
}
