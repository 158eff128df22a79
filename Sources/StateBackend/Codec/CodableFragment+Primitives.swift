extension CodableFragment {
    /// Writes a value that is no container, and whether it is one of those.
    @inline(__always)
    func appendPrimitive<Value>(_ value: Value) -> Bool {
        // The types are the same where the bits are taken as another's.
        if Value.self == String.self {
            append(string: unsafeBitCast(value, to: String.self))
        } else if Value.self == Int.self {
            append(integer: unsafeBitCast(value, to: Int.self))
        } else if Value.self == Int64.self {
            append(integer: unsafeBitCast(value, to: Int64.self))
        } else if Value.self == Double.self {
            append(tag: CodableTag.double, unsafeBitCast(value, to: Double.self).bitPattern)
        } else if Value.self == Bool.self {
            bytes.append(unsafeBitCast(value, to: Bool.self) ? CodableTag.true : CodableTag.false)
        } else if Value.self == CodableNil.self {
            bytes.append(CodableTag.null)
        } else {
            return appendRarePrimitive(value)
        }
        return true
    }

    private func appendRarePrimitive<Value>(_ value: Value) -> Bool {
        if Value.self == Int32.self {
            append(integer: unsafeBitCast(value, to: Int32.self))
        } else if Value.self == Float.self {
            append(tag: CodableTag.float, unsafeBitCast(value, to: Float.self).bitPattern)
        } else if Value.self == UInt8.self {
            append(integer: unsafeBitCast(value, to: UInt8.self))
        } else if Value.self == UInt64.self {
            append(integer: unsafeBitCast(value, to: UInt64.self))
        } else if Value.self == UInt32.self {
            append(integer: unsafeBitCast(value, to: UInt32.self))
        } else if Value.self == UInt.self {
            append(integer: unsafeBitCast(value, to: UInt.self))
        } else if Value.self == Int16.self {
            append(integer: unsafeBitCast(value, to: Int16.self))
        } else if Value.self == UInt16.self {
            append(integer: unsafeBitCast(value, to: UInt16.self))
        } else if Value.self == Int8.self {
            append(integer: unsafeBitCast(value, to: Int8.self))
        } else if #available(macOS 15, iOS 18, watchOS 11, tvOS 18, visionOS 2, *), Value.self == Int128.self {
            append(integer: unsafeBitCast(value, to: Int128.self))
        } else if #available(macOS 15, iOS 18, watchOS 11, tvOS 18, visionOS 2, *), Value.self == UInt128.self {
            append(integer: unsafeBitCast(value, to: UInt128.self))
        } else {
            return false
        }
        return true
    }

    private func append<Value: FixedWidthInteger>(integer value: Value) {
        if let number = UInt64(exactly: value) {
            if number < UInt64(CodableTag.smallCount) {
                bytes.append(CodableTag.smallInteger + UInt8(truncatingIfNeeded: number))
            } else {
                bytes.append(CodableTag.integer)
                bytes.append(varint: number)
            }
        } else if let number = Int64(exactly: value) {
            bytes.append(CodableTag.negative)
            bytes.append(varint: UInt64(bitPattern: ~number))
        } else {
            // Only integers of 128 bits come here.
            let rest = value < 0 ? ~value : value
            bytes.append(value < 0 ? CodableTag.wideNegative : CodableTag.wide)
            append(fixed: UInt64(truncatingIfNeeded: rest))
            append(fixed: UInt64(truncatingIfNeeded: rest >> 64))
        }
    }

    private func append(string value: String) {
        let count = value.utf8.count
        if count < CodableTag.smallCount {
            bytes.append(CodableTag.smallString + UInt8(truncatingIfNeeded: count))
        } else {
            bytes.append(CodableTag.string)
            bytes.append(varint: UInt64(count))
        }
        bytes.append(contentsOf: value.utf8)
    }

    private func append<Bits: FixedWidthInteger>(tag: UInt8, _ bits: Bits) {
        bytes.append(tag)
        append(fixed: bits)
    }

    private func append<Bits: FixedWidthInteger>(fixed bits: Bits) {
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Encodes as nil.
struct CodableNil: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}
