#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A type by which a stream can be keyed.
///
/// Integers, `Bool`, `String`, `Optional` and ``Pair`` conform. A key type of your own combines its parts:
/// ```swift
/// struct Visitor: StreamKey {
///     var tenant: Int32
///     var user: String
///     var stableHash: UInt64 { StableHash.combine(tenant.stableHash, user.stableHash) }
/// }
/// ```
/// Equal keys must have equal hashes, in every process: derive the hash from the value alone. A key must equal itself: one
/// that holds a number that may be NaN has to compare it by its bits. A type with a raw value
/// that is a key, such as an enumeration, only declares the conformance:
/// ```swift
/// enum Country: String, StreamKey { case de, fr, it }
/// ```
public protocol StreamKey: Hashable, Sendable {
    /// A 64-bit hash that is the same for equal keys, in every process and on every machine.
    var stableHash: UInt64 { get }

    /// Whether two keys are the same. The default is `==`; a type whose `==` is wider than its hash narrows it here.
    static func same(_ a: Self, _ b: Self) -> Bool
}

extension StreamKey {
    /// Whether two keys are the same: `==`.
    @inlinable @inline(__always)
    public static func same(_ a: Self, _ b: Self) -> Bool { a == b }
}

extension StreamKey where Self: FixedWidthInteger {
    /// The hash of the number, the same for every width.
    @inlinable @inline(__always)
    public var stableHash: UInt64 { StableHash.hash(UInt64(truncatingIfNeeded: self)) }
}

extension StreamKey where Self: RawRepresentable, RawValue: StreamKey {
    /// The hash of the raw value.
    @inlinable @inline(__always)
    public var stableHash: UInt64 { rawValue.stableHash }

    /// Whether the raw values are the same.
    @inlinable @inline(__always)
    public static func same(_ a: Self, _ b: Self) -> Bool { a == b && RawValue.same(a.rawValue, b.rawValue) }
}

extension Int: StreamKey {}
extension Int8: StreamKey {}
extension Int16: StreamKey {}
extension Int32: StreamKey {}
extension Int64: StreamKey {}
extension UInt: StreamKey {}
extension UInt8: StreamKey {}
extension UInt16: StreamKey {}
extension UInt32: StreamKey {}
extension UInt64: StreamKey {}

extension Bool: StreamKey {
    /// The hash of 0 or 1.
    @inlinable
    public var stableHash: UInt64 { StableHash.hash(self ? 1 : 0) }
}

extension String: StreamKey {
    /// The hash of the UTF-8 bytes.
    @inlinable
    public var stableHash: UInt64 {
        var copy = self
        return copy.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0)) }
    }

    /// Whether two strings have the same UTF-8 bytes: narrower than `==`, which also equates strings that Unicode
    /// writes in two ways and that the hash, of bytes, would tell apart.
    @inlinable
    public static func same(_ a: String, _ b: String) -> Bool {
        // The two words of a String decide it at once when they are equal (short strings hold their text in them).
        let x = unsafeBitCast(a, to: (UInt64, UInt64).self)
        let y = unsafeBitCast(b, to: (UInt64, UInt64).self)
        if x.0 == y.0 && x.1 == y.1 { return true }
        return sameBytes(a, b)
    }

    @usableFromInline
    static func sameBytes(_ a: String, _ b: String) -> Bool {
        var a = a
        var b = b
        return a.withUTF8 { p in
            b.withUTF8 { q in
                guard p.count == q.count else { return false }
                guard let x = p.baseAddress, let y = q.baseAddress else { return true }
                return memcmp(x, y, p.count) == 0
            }
        }
    }
}

extension Optional: StreamKey where Wrapped: StreamKey {
    /// The hash of the value, mixed with its presence.
    @inlinable
    public var stableHash: UInt64 {
        switch self {
        case .none: StableHash.combine(0, 0)
        case .some(let value): StableHash.combine(1, value.stableHash)
        }
    }

    /// Whether both are nil or the same.
    @inlinable
    public static func same(_ a: Wrapped?, _ b: Wrapped?) -> Bool {
        switch (a, b) {
        case (.none, .none): true
        case (.some(let x), .some(let y)): Wrapped.same(x, y)
        default: false
        }
    }
}

/// A key of two parts, as tuples can't conform to protocols.
@frozen
public struct Pair<First: StreamKey, Second: StreamKey>: StreamKey, CustomStringConvertible {
    /// The first part.
    public var first: First
    /// The second part.
    public var second: Second

    /// A key of `first` and `second`.
    @inlinable
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    /// Both parts' hashes, combined.
    @inlinable
    public var stableHash: UInt64 { StableHash.combine(first.stableHash, second.stableHash) }

    /// Whether both parts are the same.
    @inlinable
    public static func same(_ a: Self, _ b: Self) -> Bool {
        First.same(a.first, b.first) && Second.same(a.second, b.second)
    }

    /// `(first, second)`.
    public var description: String { "(\(first), \(second))" }
}

extension Pair: BitwiseCopyable where First: BitwiseCopyable, Second: BitwiseCopyable {}
