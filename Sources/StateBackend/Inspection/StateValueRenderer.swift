/// Writes keys and values of state as JSON without their types: by the schemas in a snapshot's manifest.
///
/// The form of `Codable` values describes itself. Own forms are known of the standard library's types, of ``Pair``, and
/// of what is put together from known ones; all others are shown as `{"type":…,"hex":…}`.
enum StateValueRenderer {
    /// A value that fills `bytes`.
    static func json(_ bytes: ArraySlice<UInt8>, _ schema: TypeSchema?) -> String {
        if let schema {
            var decoder = StateDecoder([UInt8](bytes))
            var output = JSONOutput()
            if (try? write(&decoder, schema, &output)) != nil, decoder.isAtEnd { return output.text }
        }
        return opaque(bytes, schema)
    }

    /// Two values that fill `bytes`; nil when their forms aren't known.
    static func json(_ bytes: [UInt8], _ first: TypeSchema?, _ second: TypeSchema) -> (String, String)? {
        guard let first else { return nil }
        var decoder = StateDecoder(bytes)
        var one = JSONOutput()
        var other = JSONOutput()
        guard (try? write(&decoder, first, &one)) != nil, (try? write(&decoder, second, &other)) != nil, decoder.isAtEnd
        else { return nil }
        return (one.text, other.text)
    }

    private static func opaque(_ bytes: ArraySlice<UInt8>, _ schema: TypeSchema?) -> String {
        var output = JSONOutput()
        output.object {
            if let schema { $0.field("type", schema.name) }
            $0.field("hex", hex(bytes))
        }
        return output.text
    }

    static func hex(_ bytes: some Collection<UInt8>) -> String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Reads a value and writes it; throws when its form isn't known.
    private static func write(
        _ decoder: inout StateDecoder, _ schema: TypeSchema, _ output: inout JSONOutput
    ) throws {
        switch schema.form {
        case .codable: try CodableCodec.writeJSON(&decoder, into: &output)
        case .raw:
            let bytes = try decoder.readBytes()
            output.raw(opaque(bytes, schema))
        case .ordered:
            let isSigned = IntegerRange.named(schema.name)?.isSigned ?? true
            let bits = UInt64(bigEndian: try decoder.readFixed())
            output.raw(isSigned ? "\(Int64(bitPattern: bits ^ 1 << 63))" : "\(bits)")
        case .missing: throw decoder.malformed("\(schema.name) has no form")
        case .own:
            if schema.components.isEmpty {
                try write(scalar: schema.name, &decoder, &output)
            } else {
                try write(composed: schema, &decoder, &output)
            }
        }
    }

    private static func write(
        scalar name: String, _ decoder: inout StateDecoder, _ output: inout JSONOutput
    ) throws {
        switch name {
        case "Swift.String": output.value(try decoder.decode(String.self))
        case "Swift.Bool": output.raw("\(try decoder.decode(Bool.self))")
        case "Swift.Double": output.value(try decoder.decode(Double.self))
        case "Swift.Float":
            let value = try decoder.decode(Float.self)
            if value.isFinite { output.raw("\(value)") } else { output.value("\(value)") }
        case "()": output.raw("null")
        default:
            guard let range = IntegerRange.named(name), name.hasPrefix("Swift."), range.bits <= 64 else {
                throw decoder.malformed("the form of \(name) isn't known")
            }
            output.raw(range.isSigned ? "\(try decoder.readSignedVarint())" : "\(try decoder.readVarint())")
        }
    }

    private static func write(
        composed schema: TypeSchema, _ decoder: inout StateDecoder, _ output: inout JSONOutput
    ) throws {
        let first = schema.components[0]
        let last = schema.components[schema.components.count - 1]
        switch schema.baseName {
        case "Swift.Array", "Swift.Set":
            try output.array { output in
                for _ in 0..<(try decoder.readCount()) {
                    let start = decoder.position
                    try write(&decoder, first, &output)
                    try decoder.skipPad(since: start)
                }
            }
        case "StateBackend.Expiring":
            _ = try decoder.readFixed(Int64.self)
            try write(&decoder, first, &output)
        case "Swift.Optional":
            if try decoder.decode(Bool.self) { try write(&decoder, first, &output) } else { output.raw("null") }
        case "StateBackend.Pair":
            try output.array { output in
                try write(&decoder, first, &output)
                try write(&decoder, last, &output)
            }
        case "Swift.Dictionary", "StateBackend.StateTable":
            let isPadded = schema.baseName == "Swift.Dictionary"
            let count = try decoder.readCount()
            if first.name == "Swift.String" {
                try output.object { output in
                    for _ in 0..<count {
                        output.name(try decoder.decode(String.self))
                        try write(&decoder, last, &output)
                    }
                }
            } else {
                try output.array { output in
                    for _ in 0..<count {
                        let start = decoder.position
                        try output.array { output in
                            try write(&decoder, first, &output)
                            try write(&decoder, last, &output)
                        }
                        if isPadded { try decoder.skipPad(since: start) }
                    }
                }
            }
        default:
            // A type with a raw value is written as that.
            guard schema.components.count == 1 else {
                throw decoder.malformed("the form of \(schema.name) isn't known")
            }
            try write(&decoder, first, &output)
        }
    }
}
