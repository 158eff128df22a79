/// The form of `Codable` values: self-describing, with field names, so that fields can be added, removed and reordered.
public enum CodableCodec {
    /// Writes a value.
    public static func encode<Value: Encodable>(_ value: Value, into encoder: inout StateEncoder) throws {
        throw StateError(code: .noCodec, message: "\(Value.self)")
    }

    /// Reads a value.
    public static func decode<Value: Decodable>(_ type: Value.Type, _ decoder: inout StateDecoder) throws -> Value {
        throw StateError(code: .noCodec, message: "\(Value.self)")
    }
}
