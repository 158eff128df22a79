public import Weir

/// A value of a database's column.
public enum SQLValue: Sendable, Hashable {
    /// No value.
    case null
    /// A whole number.
    case integer(Int64)
    /// A floating-point number; SQLite keeps NaN as null.
    case real(Double)
    /// Text; PostgreSQL takes none with a zero character.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// True or false; 1 or 0 in SQLite.
    case boolean(Bool)
    /// A time, in milliseconds since 1970-01-01 UTC; text as `2026-03-01T12:00:00.000Z` in SQLite.
    case timestamp(Timestamp)

    /// A whole number.
    public static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByFloatLiteral {
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }

    /// A floating-point number.
    public init(floatLiteral value: Double) { self = .real(value) }
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral {
    /// No value.
    public init(nilLiteral: ()) { self = .null }

    /// True or false.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
