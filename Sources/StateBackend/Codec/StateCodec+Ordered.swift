extension StateCodec {
    /// The type's own codec; for integers of up to 64 bits, one whose bytes are in the order of the numbers.
    ///
    /// Those are 8 bytes whatever the width, high bytes first, the sign turned over.
    static var ordered: StateCodec<Value> {
        let automatic = StateCodec.automatic
        guard let range = IntegerRange.named(automatic.schema.name), range.bits <= 64, automatic.form == .own,
            let type = Value.self as? any FixedWidthInteger.Type
        else { return automatic }
        return ordered(type) ?? automatic
    }

    private static func ordered<Number: FixedWidthInteger>(_ type: Number.Type) -> StateCodec<Value>? {
        let sign: UInt64 = Number.isSigned ? 1 << 63 : 0
        let codec = StateCodec<Number>(
            form: .ordered,
            write: { $1.writeFixed((UInt64(truncatingIfNeeded: $0) ^ sign).bigEndian) },
            read: { decoder in
                let bits = UInt64(bigEndian: try decoder.readFixed()) ^ sign
                let number = Number(truncatingIfNeeded: bits)
                guard UInt64(truncatingIfNeeded: number) == bits else {
                    throw decoder.malformed("\(bits) is no \(Number.self)")
                }
                return number
            })
        return codec as? StateCodec<Value>
    }
}
