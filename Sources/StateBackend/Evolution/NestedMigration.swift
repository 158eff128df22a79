/// How a type with migrations that lies in values of the `Codable` form is read.
struct NestedMigration: Equatable {
    /// The type.
    let type: ObjectIdentifier
    /// Its name.
    let name: String
    /// What was written; nil where it is read as it is.
    let written: TypeSchema?
    /// A function that reads a value from the form that it would have alone; nil where it is read as it is.
    let read: ((inout StateDecoder) throws -> Any)?

    static func == (a: NestedMigration, b: NestedMigration) -> Bool { a.type == b.type && a.written == b.written }
}

/// The migrations that a type in values of the `Codable` form brings.
///
/// Looked for only when they are needed: the older types have shapes of their own.
struct ShapeMigrations: Equatable, Sendable {
    /// The type.
    let type: ObjectIdentifier
    /// The migration that reads what is of the given shape; nil where none does.
    let find: @Sendable (TypeShape) -> NestedMigration?

    static func == (a: ShapeMigrations, b: ShapeMigrations) -> Bool { a.type == b.type }

    /// Those of a type; nil where it brings none.
    init?<Value: Decodable>(_ type: Value.Type) {
        guard type is any StateMigrating.Type else { return nil }
        let id = ObjectIdentifier(type)
        self.type = id
        find = Finder<Value>(type: id).find
    }

    /// A value that may be sent, which a closure that captures the type may not.
    private struct Finder<Value: Decodable>: Sendable {
        let type: ObjectIdentifier

        @Sendable func find(_ shape: TypeShape) -> NestedMigration? {
            var codec = StateCodec<Value>.automatic
            // Values within others don't tell their version.
            codec.migrations.removeAll { $0.isByVersion }
            let written = TypeSchema(name: shape.name, form: .codable, shape: shape)
            let match = codec.schema.match(written)
            guard codec.form == .codable, let index = match.migration else { return nil }
            let read = codec.migrations[index].reader(match.written ?? written)
            let name = TypeSchema.stableName(of: Value.self)
            return NestedMigration(type: type, name: name, written: written) { try read(&$0) }
        }
    }
}

extension CodableReader {
    /// Reads the value at `offset` by a migration, which is given it as if it stood alone.
    func migrate<Value>(_ type: Value.Type, _ migration: NestedMigration, at offset: Int) throws -> Value {
        guard let next = end(ofValueAt: offset, limit: end) else {
            throw malformed("there is no whole value", at: offset)
        }
        var encoder = StateEncoder()
        encoder.bytes.append(CodableCodec.form)
        encoder.writeVarint(UInt64(next - offset))
        encoder.bytes.append(contentsOf: bytes[offset..<next])
        encoder.writeVarint(UInt64(names.count))
        for name in names { try encoder.encode(name) }
        var decoder = StateDecoder(encoder.bytes)
        guard let value = try migration.read?(&decoder) as? Value else { throw mismatch(type, at: offset) }
        return value
    }
}
