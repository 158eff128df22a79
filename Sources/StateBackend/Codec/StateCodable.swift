/// A type that writes and reads itself in the compact form of state and snapshots.
///
/// The fastest of the three ways (see ``StateCodec/automatic``). Integers, floating-point numbers, `Bool`, `String`,
/// optionals, arrays, sets, dictionaries and ``Pair`` conform. Reading must accept what any earlier version wrote.
/// ```swift
/// extension Visit: StateCodable {
///     func encode(into encoder: inout StateEncoder) throws {
///         try encoder.encode(page)
///         try encoder.encode(seconds)
///     }
///     init(decoding decoder: inout StateDecoder) throws {
///         page = try decoder.decode()
///         seconds = try decoder.decode()
///     }
/// }
/// ```
public protocol StateCodable {
    /// Writes the value.
    func encode(into encoder: inout StateEncoder) throws

    /// Reads a value; throws ``StateError`` with code `malformed` when the bytes are none.
    init(decoding decoder: inout StateDecoder) throws

    /// The version of the bytes: to be raised when reading no longer accepts what was written before.
    ///
    /// Older versions then need a migration (``StateCodec/migrating(fromVersion:_:)``). The default is 1.
    static var stateVersion: Int { get }

    /// The schemas of the types that values are put together from, for generic containers. The default is none.
    ///
    /// So changes of these are noticed. A container of another module than this reads them itself, without migrations of
    /// theirs: give it a codec of its own (``StateCodec/init(of:encode:decode:)``) where it needs these.
    static var stateComponents: [TypeSchema] { get }
}

extension StateCodable {
    /// 1.
    public static var stateVersion: Int { 1 }
    /// None.
    public static var stateComponents: [TypeSchema] { [] }
}

extension StateCodable where Self: FixedWidthInteger & SignedInteger {
    /// Writes a signed varint.
    @inlinable
    public func encode(into encoder: inout StateEncoder) { encoder.writeVarint(signed: Int64(self)) }

    /// Reads a signed varint, which must fit.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        let value = try decoder.readSignedVarint()
        guard let fitting = Self(exactly: value) else { throw decoder.malformed("\(value) is no \(Self.self)") }
        self = fitting
    }
}

extension StateCodable where Self: FixedWidthInteger & UnsignedInteger {
    /// Writes a varint.
    @inlinable
    public func encode(into encoder: inout StateEncoder) { encoder.writeVarint(UInt64(self)) }

    /// Reads a varint, which must fit.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        let value = try decoder.readVarint()
        guard let fitting = Self(exactly: value) else { throw decoder.malformed("\(value) is no \(Self.self)") }
        self = fitting
    }
}

extension Int: StateCodable {}
extension Int8: StateCodable {}
extension Int16: StateCodable {}
extension Int32: StateCodable {}
extension Int64: StateCodable {}
extension UInt: StateCodable {}
extension UInt8: StateCodable {}
extension UInt16: StateCodable {}
extension UInt32: StateCodable {}
extension UInt64: StateCodable {}

extension Bool: StateCodable {
    /// Writes 0 or 1.
    @inlinable
    public func encode(into encoder: inout StateEncoder) { encoder.bytes.append(self ? 1 : 0) }

    /// Reads 0 or 1.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        let byte: UInt8 = try decoder.readFixed()
        guard byte <= 1 else { throw decoder.malformed("\(byte) is no Bool") }
        self = byte == 1
    }
}

extension Double: StateCodable {
    /// Writes the 64 bits.
    @inlinable
    public func encode(into encoder: inout StateEncoder) { encoder.writeFixed(bitPattern) }

    /// Reads the 64 bits.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws { self = Double(bitPattern: try decoder.readFixed()) }
}

extension Float: StateCodable {
    /// Writes the 32 bits.
    @inlinable
    public func encode(into encoder: inout StateEncoder) { encoder.writeFixed(bitPattern) }

    /// Reads the 32 bits.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws { self = Float(bitPattern: try decoder.readFixed()) }
}

extension String: StateCodable {
    /// Writes the UTF-8 bytes with their number in front.
    @inlinable
    public func encode(into encoder: inout StateEncoder) { encoder.writeBytes(utf8) }

    /// Reads UTF-8 bytes.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        let bytes = try decoder.readBytes()
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw decoder.malformed("a string is not UTF-8")
        }
        self = text
    }
}

extension Optional: StateCodable where Wrapped: StateCodable {
    /// The element's.
    public static var stateComponents: [TypeSchema] { [StateCodec<Wrapped>.automatic.schema] }

    /// Writes 0, or 1 and the value.
    @inlinable
    public func encode(into encoder: inout StateEncoder) throws {
        (self != nil).encode(into: &encoder)
        if let self { try encoder.encode(self) }
    }

    /// Reads an optional value.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        self = try decoder.decode(Bool.self) ? try decoder.decode(Wrapped.self) : nil
    }
}

extension Array: StateCodable where Element: StateCodable {
    /// The element's.
    public static var stateComponents: [TypeSchema] { [StateCodec<Element>.automatic.schema] }

    /// Writes the elements with their number in front.
    @inlinable
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeVarint(UInt64(count))
        for element in self {
            let start = encoder.bytes.count
            try encoder.encode(element)
            encoder.pad(since: start)
        }
    }

    /// Reads elements.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        let count = try decoder.readCount()
        self = []
        for _ in 0..<count {
            let start = decoder.position
            append(try decoder.decode())
            try decoder.skipPad(since: start)
        }
    }
}

extension Set: StateCodable where Element: StateCodable {
    /// The element's.
    public static var stateComponents: [TypeSchema] { [StateCodec<Element>.automatic.schema] }

    /// Writes the elements, in no particular order, with their number in front.
    @inlinable
    public func encode(into encoder: inout StateEncoder) throws { try Array(self).encode(into: &encoder) }

    /// Reads elements.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws { self = Set(try [Element](decoding: &decoder)) }
}

extension Dictionary: StateCodable where Key: StateCodable, Value: StateCodable {
    /// Those of both parts.
    public static var stateComponents: [TypeSchema] {
        [StateCodec<Key>.automatic.schema, StateCodec<Value>.automatic.schema]
    }

    /// Writes keys and values, in no particular order, with their number in front.
    @inlinable
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeVarint(UInt64(count))
        for (key, value) in self {
            let start = encoder.bytes.count
            try encoder.encode(key)
            try encoder.encode(value)
            encoder.pad(since: start)
        }
    }

    /// Reads keys and values.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        self = [:]
        for _ in 0..<(try decoder.readCount()) {
            let start = decoder.position
            let key: Key = try decoder.decode()
            self[key] = try decoder.decode(Value.self)
            try decoder.skipPad(since: start)
        }
    }
}

extension Pair: StateCodable where First: StateCodable, Second: StateCodable {
    /// Those of both parts.
    public static var stateComponents: [TypeSchema] {
        [StateCodec<First>.automatic.schema, StateCodec<Second>.automatic.schema]
    }

    /// Writes both parts.
    @inlinable
    public func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(first)
        try encoder.encode(second)
    }

    /// Reads both parts.
    @inlinable
    public init(decoding decoder: inout StateDecoder) throws {
        self.init(try decoder.decode(), try decoder.decode())
    }
}
