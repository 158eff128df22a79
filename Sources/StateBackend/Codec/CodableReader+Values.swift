extension CodableReader {
    /// The value at `offset`, which lies inside `depth` others.
    func decode<Value: Decodable>(_ type: Value.Type, at offset: Int, depth: Int) throws -> Value {
        // The types are the same where the bits are taken as another's.
        if Value.self == String.self { return unsafeBitCast(try string(at: offset), to: Value.self) }
        if Value.self == Int.self { return unsafeBitCast(try integer(Int.self, at: offset), to: Value.self) }
        if Value.self == Int64.self { return unsafeBitCast(try integer(Int64.self, at: offset), to: Value.self) }
        if Value.self == Double.self { return unsafeBitCast(try double(at: offset), to: Value.self) }
        if Value.self == Bool.self { return unsafeBitCast(try bool(at: offset), to: Value.self) }
        if Value.self == Int32.self { return unsafeBitCast(try integer(Int32.self, at: offset), to: Value.self) }
        if Value.self == Float.self { return unsafeBitCast(try float(at: offset), to: Value.self) }
        if Value.self == UInt8.self { return unsafeBitCast(try integer(UInt8.self, at: offset), to: Value.self) }
        if Value.self == UInt64.self { return unsafeBitCast(try integer(UInt64.self, at: offset), to: Value.self) }
        if Value.self == UInt32.self { return unsafeBitCast(try integer(UInt32.self, at: offset), to: Value.self) }
        if Value.self == UInt.self { return unsafeBitCast(try integer(UInt.self, at: offset), to: Value.self) }
        if Value.self == Int16.self { return unsafeBitCast(try integer(Int16.self, at: offset), to: Value.self) }
        if Value.self == UInt16.self { return unsafeBitCast(try integer(UInt16.self, at: offset), to: Value.self) }
        if Value.self == Int8.self { return unsafeBitCast(try integer(Int8.self, at: offset), to: Value.self) }
        if #available(macOS 15, iOS 18, watchOS 11, tvOS 18, visionOS 2, *) {
            if Value.self == Int128.self { return unsafeBitCast(try integer(Int128.self, at: offset), to: Value.self) }
            if Value.self == UInt128.self {
                return unsafeBitCast(try integer(UInt128.self, at: offset), to: Value.self)
            }
        }
        guard depth < CodableCodec.maximumDepth else {
            throw malformed("values are nested more than \(CodableCodec.maximumDepth) deep", at: offset)
        }
        if !migrations.isEmpty, let migration = migrations.first(where: { $0.type == ObjectIdentifier(Value.self) }) {
            return try migrate(type, migration, at: offset)
        }
        return try Value(from: CodableDecoder(reader: self, offset: offset, depth: depth + 1))
    }

    private func bool(at offset: Int) throws -> Bool {
        switch bytes[offset] {
        case CodableTag.true: return true
        case CodableTag.false: return false
        default: throw mismatch(Bool.self, at: offset)
        }
    }

    private func integer<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) throws -> Value {
        let tag = bytes[offset]
        if (CodableTag.smallInteger..<CodableTag.smallString).contains(tag) {
            return Value(tag - CodableTag.smallInteger)
        }
        var next = offset + 1
        let value: Value?
        switch tag {
        case CodableTag.integer: value = varint(at: &next, limit: end).flatMap { Value(exactly: $0) }
        case CodableTag.negative:
            value = varint(at: &next, limit: end).flatMap { $0 > Int64.max ? nil : Value(exactly: ~Int64($0)) }
        case CodableTag.wide: value = wide(at: next)
        case CodableTag.wideNegative: value = Value.isSigned ? wide(at: next).map { ~$0 } : nil
        default: throw mismatch(type, at: offset)
        }
        if let value { return value }
        throw DecodingError.dataCorrupted(
            .init(codingPath: path(to: offset), debugDescription: "the number does not fit in \(type)"))
    }

    /// A number of 16 bytes, when it fits and is not negative.
    private func wide<Value: FixedWidthInteger>(at offset: Int) -> Value? {
        let (low, high) = (UInt64(fixed(at: offset, as: UInt64.self)), UInt64(fixed(at: offset + 8, as: UInt64.self)))
        if high == 0 { return Value(exactly: low) }
        guard Value.bitWidth == 128, let upper = Value(exactly: high), upper <= Value.max >> 64 else { return nil }
        return upper << 64 | Value(truncatingIfNeeded: low)
    }

    private func double(at offset: Int) throws -> Double {
        switch bytes[offset] {
        case CodableTag.double: return Double(bitPattern: fixed(at: offset + 1, as: UInt64.self))
        case CodableTag.float: return Double(Float(bitPattern: fixed(at: offset + 1, as: UInt32.self)))
        default: return try exactly(at: offset) { Double(exactly: $0) }
        }
    }

    private func float(at offset: Int) throws -> Float {
        switch bytes[offset] {
        case CodableTag.float: return Float(bitPattern: fixed(at: offset + 1, as: UInt32.self))
        case CodableTag.double:
            let value = Double(bitPattern: fixed(at: offset + 1, as: UInt64.self))
            if let exact = value.isNaN ? Float(value) : Float(exactly: value) { return exact }
            throw DecodingError.dataCorrupted(
                .init(codingPath: path(to: offset), debugDescription: "\(value) is no Float"))
        default: return try exactly(at: offset) { Float(exactly: $0) }
        }
    }

    private func exactly<Value: BinaryFloatingPoint>(at offset: Int, _ convert: (Int64) -> Value?) throws -> Value {
        guard CodableTag.name(bytes[offset]) == CodableTag.name(CodableTag.integer) else {
            throw mismatch(Value.self, at: offset)
        }
        let number = try integer(Int64.self, at: offset)
        if let value = convert(number) { return value }
        throw DecodingError.dataCorrupted(
            .init(codingPath: path(to: offset), debugDescription: "\(number) is no \(Value.self)"))
    }

    private func string(at offset: Int) throws -> String {
        let tag = bytes[offset]
        let range: Range<Int>
        if (CodableTag.smallString..<(CodableTag.smallString + 64)).contains(tag) {
            range = (offset + 1)..<(offset + 1 + Int(tag - CodableTag.smallString))
        } else {
            guard tag == CodableTag.string else { throw mismatch(String.self, at: offset) }
            guard let body = body(at: offset + 1, limit: end) else {
                throw malformed("there is no whole value", at: offset)
            }
            range = body
        }
        let text = bytes.withUnsafeBufferPointer {
            String(validating: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self)
        }
        guard let text else { throw malformed("a string is not UTF-8", at: offset) }
        return text
    }

    private func fixed<Bits: FixedWidthInteger>(at offset: Int, as type: Bits.Type) -> Bits {
        bytes.withUnsafeBytes { Bits(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Bits.self)) }
    }
}
