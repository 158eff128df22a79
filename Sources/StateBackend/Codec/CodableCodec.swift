/// The form of `Codable` values: self-describing, with field names, so that fields can be added, removed and reordered.
///
/// Any later version of a type reads what an earlier one wrote as long as each field that it asks for is there (or is
/// optional, or has a default in a hand-written `init(from:)`) and has a type that holds the old value: integers of any
/// width read integers that fit, `Double` also reads `Float` and integers. Enumerations with associated values,
/// dictionaries and nested containers work. `Int??` loses the difference between its two kinds of nil, as with every
/// `Codable` form.
///
/// The bytes are described in `Docs/internals/codable-form.md`.
public enum CodableCodec {
    /// How deep values may be nested, both ways: as far as a thread's stack surely goes.
    public static let maximumDepth = 128

    /// The first byte of each value, so that a later form can be told apart.
    static let form: UInt8 = 1

    /// Writes a value.
    ///
    /// What an `encode(to:)` throws passes through, and leaves `encoder` as it was.
    public static func encode<Value: Encodable>(_ value: Value, into encoder: inout StateEncoder) throws {
        let mark = encoder.bytes.count
        let fragment = CodableFragment(names: CodableNames(), path: [], depth: 0)
        // The value is written where it shall lie: the buffer moves over and comes back.
        swap(&fragment.bytes, &encoder.bytes)
        defer { swap(&fragment.bytes, &encoder.bytes) }
        fragment.bytes.append(form)
        fragment.bytes.append(0)
        let start = fragment.bytes.count
        do {
            try fragment.append(value, key: nil)
        } catch {
            fragment.bytes.removeSubrange(mark...)
            throw error
        }
        fragment.patchLength(ofBodyAt: start)
        fragment.names.write(to: &fragment.bytes)
    }

    /// Reads a value.
    ///
    /// Bytes that are no value give a ``StateError`` with code `malformed` that names the field; a field that is absent
    /// or of another type, the `DecodingError` that the type throws.
    public static func decode<Value: Decodable>(_ type: Value.Type, _ decoder: inout StateDecoder) throws -> Value {
        try decode(type, &decoder, [])
    }

    /// As ``decode(_:_:)``, with migrations of types that lie in the value.
    static func decode<Value: Decodable>(
        _ type: Value.Type, _ decoder: inout StateDecoder, _ migrations: [NestedMigration]
    ) throws -> Value {
        let reader = try open(&decoder, migrations)
        return try reader.decode(type, at: reader.root, depth: 0)
    }

    /// A reader of the next value, which is whole.
    static func open(
        _ decoder: inout StateDecoder, _ migrations: [NestedMigration] = []
    ) throws -> CodableReader {
        let form: UInt8 = try decoder.readFixed()
        guard form == self.form else {
            throw decoder.malformed(
                "Codable values of form \(form) are unknown to this version, which writes \(self.form)")
        }
        let length = try decoder.readCount()
        let root = decoder.position
        decoder.position += length
        let reader = CodableReader(
            bytes: decoder.bytes, names: try names(&decoder), root: root, end: root + length, migrations: migrations)
        guard reader.end(ofValueAt: root, limit: reader.end) == reader.end else {
            throw reader.malformed("the value has another length than it says", at: root)
        }
        return reader
    }

    private static func names(_ decoder: inout StateDecoder) throws -> [String] {
        let count = try decoder.readCount()
        var names: [String] = []
        names.reserveCapacity(count)
        for _ in 0..<count { names.append(try decoder.decode()) }
        return names
    }
}
