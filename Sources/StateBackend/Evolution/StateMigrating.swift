/// A type that reads what older versions of itself wrote, wherever it is part of some state.
///
/// For records in the states of operators, to which no codec can be given: reductions, joins, patterns, windows,
/// accumulators of aggregates, timers. ``StateCodec/automatic`` has the migrations, whichever form the type is written in,
/// and so have arrays, optionals, sets, dictionaries and ``Pair``s of it, the operators' own rows, and `Codable` types with
/// fields of it. Where a state is given another codec, that one's migrations count.
/// ```swift
/// struct VisitV1: Codable { var name: String }
/// struct Visit: Codable { var title: String }
///
/// extension Visit: StateMigrating {
///     static func migrations(_ codec: StateCodec<Visit>) -> StateCodec<Visit> {
///         codec.migrating(from: VisitV1.self) { Visit(title: $0.name) }
///     }
/// }
/// ```
/// A type with a ``StateCodable`` conformance of its own that has such a type among its fields reads them itself, and
/// needs a migration of its own (``StateCodable/stateVersion``). So does a `Codable` type that was saved with older and
/// newer forms of such a type side by side.
///
/// Migrations from a version (``StateCodec/migrating(fromVersion:_:)``) are for values that stand alone or in containers:
/// values within those of a `Codable` type don't say which version they are.
public protocol StateMigrating {
    /// The codec with the type's migrations added: ``StateCodec/migrating(from:codec:named:_:)``,
    /// ``StateCodec/migrating(fromVersion:_:)``.
    ///
    /// - Parameter codec: the type's own codec.
    static func migrations(_ codec: StateCodec<Self>) -> StateCodec<Self>
}

extension StateCodec {
    /// The codec with the migrations that its type brings.
    func withMigrations() -> StateCodec<Value> {
        guard let type = Value.self as? any StateMigrating.Type else { return self }
        return Self.migrations(of: type, self)
    }

    private static func migrations<Type: StateMigrating>(
        of type: Type.Type, _ codec: StateCodec<Value>
    ) -> StateCodec<Value> {
        guard let own = codec as? StateCodec<Type> else { return codec }
        return type.migrations(own) as? StateCodec<Value> ?? codec
    }
}

/// A container whose elements may have migrations.
protocol ComposedStateCodable: StateCodable {
    /// Reads values whose elements are of the given schemas.
    static func reader(_ written: [TypeSchema]) -> (inout StateDecoder) throws -> Self
}

extension Optional: ComposedStateCodable where Wrapped: StateCodable {
    static func reader(_ written: [TypeSchema]) -> (inout StateDecoder) throws -> Self {
        let wrapped = StateCodec<Wrapped>.automatic.reading(written, 0).optional
        return { try wrapped.decode(&$0) }
    }
}

extension Array: ComposedStateCodable where Element: StateCodable {
    static func reader(_ written: [TypeSchema]) -> (inout StateDecoder) throws -> Self {
        let elements = StateCodec<Element>.automatic.reading(written, 0).array
        return { try elements.decode(&$0) }
    }
}

extension Set: ComposedStateCodable where Element: StateCodable {
    static func reader(_ written: [TypeSchema]) -> (inout StateDecoder) throws -> Self {
        let elements = StateCodec<Element>.automatic.reading(written, 0).array
        return { Set(try elements.decode(&$0)) }
    }
}

extension Dictionary: ComposedStateCodable where Key: StateCodable, Value: StateCodable {
    static func reader(_ written: [TypeSchema]) -> (inout StateDecoder) throws -> Self {
        let keys = StateCodec<Key>.automatic.reading(written, 0)
        let values = StateCodec<Value>.automatic.reading(written, 1)
        let entries = StateCodec<(Key, Value)>(
            form: .own,
            write: { entry, encoder in
                try keys.encode(entry.0, into: &encoder)
                try values.encode(entry.1, into: &encoder)
            },
            read: { (try keys.decode(&$0), try values.decode(&$0)) }
        )
        let list = entries.array
        return { Dictionary(try list.decode(&$0)) { _, last in last } }
    }
}

extension Pair: ComposedStateCodable where First: StateCodable, Second: StateCodable {
    static func reader(_ written: [TypeSchema]) -> (inout StateDecoder) throws -> Self {
        let first = StateCodec<First>.automatic.reading(written, 0)
        let second = StateCodec<Second>.automatic.reading(written, 1)
        return { Pair(try first.decode(&$0), try second.decode(&$0)) }
    }
}
