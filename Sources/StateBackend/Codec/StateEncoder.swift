/// Bytes being written: what a codec encodes a value into.
///
/// Numbers are little-endian; lengths and most integers are varints (7 bits a byte, low bits first), signed ones
/// zigzagged.
@frozen
public struct StateEncoder: Sendable, Equatable {
    /// The bytes so far.
    public var bytes: [UInt8]

    /// An encoder without bytes.
    @inlinable
    public init() { bytes = [] }

    /// Writes an integer in as many bytes as its type has.
    @inlinable
    public mutating func writeFixed<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes an integer in one to ten bytes, the fewer the smaller it is.
    @inlinable
    public mutating func writeVarint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value &>>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// Writes a signed integer in one to ten bytes, the fewer the nearer it is to zero.
    @inlinable
    public mutating func writeVarint(signed value: Int64) {
        writeVarint(UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)))
    }

    /// Writes bytes with their number in front.
    @inlinable
    public mutating func writeBytes(_ piece: some Collection<UInt8>) {
        writeVarint(UInt64(piece.count))
        bytes.append(contentsOf: piece)
    }

    /// Writes bytes with their number in front.
    @inlinable
    mutating func writeRaw(_ piece: UnsafeRawBufferPointer) {
        writeVarint(UInt64(piece.count))
        bytes.append(contentsOf: piece)
    }

    /// Writes a value by its own codec.
    @inlinable
    public mutating func encode<Value: StateCodable>(_ value: Value) throws { try value.encode(into: &self) }

    /// Writes a byte if nothing was written since there were `count` bytes.
    ///
    /// So each of several values has a byte at least, and a number of values that the bytes can't hold is known to be
    /// wrong before memory is taken for them.
    @inlinable
    mutating func pad(since count: Int) {
        if bytes.count == count { bytes.append(0) }
    }
}
