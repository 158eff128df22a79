/// What every piece of this format that stands for itself is wrapped in.
///
/// Eight bytes of magic, the version (2 bytes), 2 bytes of zero, the length of the body (4 bytes), the body, and the
/// CRC-32C of all that (4 bytes). It is the same in every version, so that a newer one can be told from a damaged one.
enum Envelope {
    /// The bytes before the body.
    static let headLength = 16
    /// The bytes besides the body.
    static let overhead = 20

    static func wrap(_ body: [UInt8], magic: [UInt8], version: UInt16) -> [UInt8] {
        var encoder = StateEncoder()
        encoder.bytes.reserveCapacity(body.count + overhead)
        encoder.bytes.append(contentsOf: magic)
        encoder.writeFixed(version)
        encoder.writeFixed(UInt16(0))
        encoder.writeFixed(UInt32(truncatingIfNeeded: body.count))
        encoder.bytes.append(contentsOf: body)
        encoder.writeFixed(CRC32C.of(encoder.bytes))
        return encoder.bytes
    }

    /// The number of bytes of the whole envelope that begins with these; nil when none does.
    static func length(_ head: [UInt8], magic: [UInt8]) -> Int? {
        guard head.count >= headLength, head.starts(with: magic) else { return nil }
        return overhead + Int(head.fixed(UInt32.self, at: 12))
    }

    /// The body of an envelope of the version that is known.
    static func unwrap(
        _ bytes: [UInt8], magic: [UInt8], version: UInt16, of what: String, file: String
    ) throws(SnapshotError) -> [UInt8] {
        guard let length = length(bytes, magic: magic) else {
            throw .damaged(file, "it does not begin as \(what) does")
        }
        guard length == bytes.count else {
            throw .damaged(file, "\(what) has \(bytes.count) bytes and should have \(length)")
        }
        guard CRC32C.of(bytes[..<(length - 4)]) == bytes.fixed(UInt32.self, at: length - 4) else {
            throw .damaged(file, "the checksum of \(what) is wrong")
        }
        let found = bytes.fixed(UInt16.self, at: 8)
        guard found == version else { throw .newerFormat(file, what, found: found, known: version) }
        return Array(bytes[headLength..<(length - 4)])
    }
}

extension Array where Element == UInt8 {
    /// The integer at `offset`, little-endian; the bytes must be there.
    func fixed<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        precondition(
            offset >= 0 && offset + MemoryLayout<Value>.size <= count, "an integer is read beyond the end of bytes")
        return Value(littleEndian: withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) })
    }
}
