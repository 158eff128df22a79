/// Bytes being read: what a codec decodes a value from.
///
/// Never reads beyond its end: bytes that are cut off or damaged give a ``StateError`` with code `malformed`.
@frozen
public struct StateDecoder: Sendable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    /// A decoder of all of `bytes`.
    @inlinable
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    /// A decoder of the bytes of a range of `bytes`.
    @inlinable
    public init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// Whether everything has been read.
    @inlinable public var isAtEnd: Bool { position == end }

    /// The number of bytes left.
    @inlinable public var left: Int { end - position }

    /// Reads an integer of as many bytes as its type has.
    @inlinable
    public mutating func readFixed<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws -> Value {
        let size = MemoryLayout<Value>.size
        guard left >= size else { throw truncated("an integer of \(size) bytes") }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Value.self) }
        position += size
        return Value(littleEndian: value)
    }

    /// Reads an integer of one to ten bytes.
    @inlinable
    public mutating func readVarint() throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = bytes[position]
            position += 1
            if shift == 63 && byte > 1 { throw malformed("a number has more than 64 bits") }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw malformed("a number has more than ten bytes") }
        }
        throw truncated("a number")
    }

    /// Reads a signed integer of one to ten bytes.
    @inlinable
    public mutating func readSignedVarint() throws -> Int64 {
        let value = try readVarint()
        return Int64(bitPattern: value &>> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Reads a number of elements that follow, each of `size` bytes at least, which is 1 or more.
    @inlinable
    public mutating func readCount(ofSize size: Int = 1) throws -> Int {
        let count = try readVarint()
        guard count <= UInt64(left / Swift.max(size, 1)) else { throw truncated("\(count) elements") }
        return Int(count)
    }

    /// Reads bytes with their number in front.
    @inlinable
    public mutating func readBytes() throws -> ArraySlice<UInt8> {
        let count = try readCount()
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    /// Skips the byte of a value without bytes: what ``StateEncoder`` writes where `pad` is called.
    @inlinable
    mutating func skipPad(since start: Int) throws {
        if position == start { _ = try readFixed(UInt8.self) }
    }

    /// Reads a value by its own codec.
    @inlinable
    public mutating func decode<Value: StateCodable>(_ type: Value.Type = Value.self) throws -> Value {
        try Value(decoding: &self)
    }

    /// The error of bytes that end too early.
    @usableFromInline
    func truncated(_ what: String) -> StateError { malformed("the bytes end within \(what)") }

    /// The error of bytes that can't be what they should be.
    public func malformed(_ what: String) -> StateError {
        StateError(
            code: .malformed,
            message: "\(what), at byte \(position) of \(end); the state is damaged or was written by another codec")
    }
}
