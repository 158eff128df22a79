/// How values of a type are written to state and snapshots, and read again.
///
/// A codec is a value, so that code that is generic over any record can have one; ``automatic`` finds it from the type.
///
/// Invariant (the reason for `@unchecked Sendable`): the functions are `@Sendable` where they come from outside; those
/// formed here capture nothing but a type, which the compiler can't tell for a type found by a dynamic cast.
public struct StateCodec<Value>: @unchecked Sendable {
    /// Which form the bytes have.
    public let form: CodecForm
    /// The version of the bytes, which is raised when they change.
    public internal(set) var version = 1
    @usableFromInline let write: (Value, inout StateEncoder) throws -> Void
    @usableFromInline var read: (inout StateDecoder) throws -> Value
    /// The schemas of what the values are put together from, where they are.
    ///
    /// Whether the codec is the type's ``automatic`` one.
    @usableFromInline var isAutomatic = false
    var components: (() -> [TypeSchema])?
    /// Reads values whose components were written by the given schemas.
    var recompose: (([TypeSchema]) -> Reader)?
    /// Reads values in which there are others that need migrations.
    var readNested: (([NestedMigration]) -> Reader)?
    var migrations: [StateMigration<Value>] = []

    /// A codec of the given functions.
    ///
    /// - Parameters:
    ///   - encode: writes a value.
    ///   - decode: reads what `encode` wrote; throws ``StateError`` when the bytes are no value.
    public init(
        encode: @escaping @Sendable (Value, inout StateEncoder) throws -> Void,
        decode: @escaping @Sendable (inout StateDecoder) throws -> Value
    ) {
        self.init(form: .own, write: encode, read: decode)
    }

    init(
        form: CodecForm, write: @escaping (Value, inout StateEncoder) throws -> Void,
        read: @escaping (inout StateDecoder) throws -> Value
    ) {
        self.form = form
        self.write = write
        self.read = read
    }

    /// A codec whose bytes are put together from those of other codecs.
    ///
    /// The schema names them, so that a change of one is noticed, and migrations of them are applied.
    ///
    /// - Parameters:
    ///   - components: the other codecs' schemas.
    ///   - encode: writes a value.
    ///   - decode: reads a value, whose components were written by the given schemas: see ``reading(_:)``. Nil stands
    ///     for the present ones.
    public init(
        of components: @escaping @Sendable () -> [TypeSchema],
        encode: @escaping @Sendable (Value, inout StateEncoder) throws -> Void,
        decode: @escaping @Sendable (_ written: [TypeSchema]?) -> (inout StateDecoder) throws -> Value
    ) {
        self.init(form: .own, write: encode, read: decode(nil))
        self.components = components
        recompose = { decode($0) }
    }

    /// The codec that the type brings: its ``StateCodable`` conformance; else ``CodableCodec`` when it is `Codable`;
    /// else the codec of its raw value when it has one; else, for a trivial type, its bytes in memory.
    ///
    /// With the migrations of a ``StateMigrating`` type. A type with none of these gets a codec that throws ``StateError`` with code `noCodec` when it is used.
    public static var automatic: StateCodec<Value> { ownForm.withMigrations() }

    private static var ownForm: StateCodec<Value> {
        if let type = Value.self as? any StateCodable.Type, let codec = Self.of(stateCodable: type) { return codec }
        if let type = Value.self as? any Codable.Type, let codec = Self.of(codable: type) { return codec }
        // Before the bytes in memory: those of an enumeration are the places of its cases, which may be reordered.
        if let type = Value.self as? any RawRepresentable.Type, let codec = Self.of(rawRepresentable: type) {
            return codec
        }
        if _isPOD(Value.self) { return raw }
        let error = StateError(
            code: .noCodec,
            message: "values of type \(Value.self) can't be saved; make the type Codable, or StateCodable")
        return StateCodec(form: .missing, write: { _, _ in throw error }, read: { _ in throw error })
    }

    /// Writes a value.
    @inlinable
    public func encode(_ value: Value, into encoder: inout StateEncoder) throws {
        // Known where the caller is specialised: then nothing is left of this but the type's own few instructions.
        if isAutomatic {
            if form == .raw {
                withUnsafeBytes(of: value) { encoder.writeRaw($0) }
                return
            }
            if let number = value as? Int { return number.encode(into: &encoder) }
            if let number = value as? Int64 { return number.encode(into: &encoder) }
        }
        try write(value, &encoder)
    }

    /// Reads a value.
    @inlinable
    public func decode(_ decoder: inout StateDecoder) throws -> Value { try read(&decoder) }

    private static func of<Type: StateCodable>(stateCodable type: Type.Type) -> StateCodec<Value>? {
        let functions = OwnFunctions<Type>()
        var codec = StateCodec<Type>(form: .own, write: functions.write, read: functions.read)
        codec.version = Type.stateVersion
        codec.isAutomatic = true
        codec.components = functions.components
        if let container = type as? any ComposedStateCodable.Type { codec.recompose = composed(container) }
        return codec as? StateCodec<Value>
    }

    private static func composed<Type, Container: ComposedStateCodable>(
        _ type: Container.Type
    ) -> (([TypeSchema]) -> StateCodec<Type>.Reader)? {
        { Container.reader($0) } as? ([TypeSchema]) -> StateCodec<Type>.Reader
    }

    private static func of<Type: Codable>(codable type: Type.Type) -> StateCodec<Value>? {
        let functions = CodableFunctions<Type>()
        var codec = StateCodec<Type>(form: .codable, write: functions.write, read: functions.read)
        codec.readNested = { migrations in { try functions.read(from: &$0, migrations) } }
        return codec as? StateCodec<Value>
    }

    private static func of<Type: RawRepresentable>(rawRepresentable type: Type.Type) -> StateCodec<Value>? {
        let functions = RawValueFunctions<Type>(codec: StateCodec<Type.RawValue>.automatic)
        let form: CodecForm
        switch functions.codec.form {
        case .own: form = .own
        case .codable: form = .codable
        case .raw, .missing, .ordered: return nil
        }
        var codec = StateCodec<Type>(form: form, write: functions.write, read: functions.read)
        if form == .own { codec.components = functions.components }
        return codec as? StateCodec<Value>
    }

    private static var raw: StateCodec<Value> {
        var codec = StateCodec(
            form: .raw,
            write: { value, encoder in withUnsafeBytes(of: value) { encoder.writeBytes($0) } },
            read: { decoder in
                let bytes = try decoder.readBytes()
                guard bytes.count == MemoryLayout<Value>.size else {
                    throw decoder.malformed("\(bytes.count) bytes are no \(Value.self)")
                }
                return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 0, as: Value.self) }
            })
        codec.isAutomatic = true
        return codec
    }
}

/// A conformance's functions as values that may be sent, which closures that capture its type may not.
private struct OwnFunctions<Value: StateCodable>: Sendable {
    @Sendable func write(_ value: Value, into encoder: inout StateEncoder) throws { try value.encode(into: &encoder) }
    @Sendable func read(from decoder: inout StateDecoder) throws -> Value { try Value(decoding: &decoder) }
    @Sendable func components() -> [TypeSchema] { Value.stateComponents }
}

/// As ``OwnFunctions``, for `Codable`.
private struct CodableFunctions<Value: Codable>: Sendable {
    @Sendable func write(_ value: Value, into encoder: inout StateEncoder) throws {
        try CodableCodec.encode(value, into: &encoder)
    }
    @Sendable func read(from decoder: inout StateDecoder) throws -> Value {
        try CodableCodec.decode(Value.self, &decoder)
    }
    @Sendable func read(from decoder: inout StateDecoder, _ migrations: [NestedMigration]) throws -> Value {
        try CodableCodec.decode(Value.self, &decoder, migrations)
    }
}

/// As ``OwnFunctions``, for raw values.
private struct RawValueFunctions<Value: RawRepresentable>: Sendable {
    let codec: StateCodec<Value.RawValue>

    @Sendable func write(_ value: Value, into encoder: inout StateEncoder) throws {
        try codec.encode(value.rawValue, into: &encoder)
    }
    @Sendable func read(from decoder: inout StateDecoder) throws -> Value {
        let raw = try codec.decode(&decoder)
        guard let value = Value(rawValue: raw) else { throw decoder.malformed("\(raw) is no \(Value.self)") }
        return value
    }
    @Sendable func components() -> [TypeSchema] { [codec.schema] }
}
