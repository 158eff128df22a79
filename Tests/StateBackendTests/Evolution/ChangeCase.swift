import StateBackend
import Testing

/// A change of a type, what the check must say of it, and values that the old type writes and the new one reads.
struct ChangeCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let expected: StateFit
    /// What the check says of a state whose values changed so.
    let check: @Sendable () -> StateCompatibility
    /// Reads with the new codec what the old one wrote; throws when it can't.
    let load: @Sendable () throws -> Void

    /// A change from the codec of `old` to `new`; `value` is one that must be read, or that can't be.
    init<Old: Sendable, New: Sendable>(
        _ name: String, _ expected: StateFit, _ value: Old, codec old: StateCodec<Old> = .automatic,
        to new: StateCodec<New>
    ) {
        testDescription = name
        self.expected = expected
        check = { Self.compare(old.schema, new.schema) }
        load = {
            var encoder = StateEncoder()
            try old.encode(value, into: &encoder)
            var decoder = StateDecoder(encoder.bytes)
            _ = try new.reading(try Self.written(old.schema)).decode(&decoder)
            guard decoder.isAtEnd else { throw decoder.malformed("bytes are left") }
        }
    }

    init<Old: Sendable, New: Sendable>(_ name: String, _ expected: StateFit, _ value: Old, to type: New.Type) {
        self.init(name, expected, value, to: StateCodec<New>.automatic)
    }

    /// The schema as it comes back from a manifest.
    static func written(_ schema: TypeSchema) throws -> TypeSchema {
        try CodableCodec.value(of: try CodableCodec.bytes(of: schema))
    }

    /// A manifest with one state of 3 rows.
    static func manifest(_ schema: StateSchema, rowCount: Int = 3, isStored: Bool = false) -> SnapshotManifest {
        var manifest = SnapshotManifest(
            pipeline: "p", id: 1, kind: .snapshot, begun: 0, parallelism: 1, keyGroups: 128)
        manifest.steps = [
            .init(
                name: "step", watermark: 0,
                parts: [.init(name: "state", schema: schema, rowCount: rowCount, isStored: isStored)])
        ]
        return manifest
    }

    static func state(
        _ value: TypeSchema?, key: TypeSchema? = StateCodec<Int>.automatic.schema, kind: String = "value",
        distribution: StateDistribution = .keyed
    ) -> StateSchema {
        StateSchema(kind: kind, key: key, value: value, distribution: distribution)
    }

    static func compare(_ old: TypeSchema, _ new: TypeSchema) -> StateCompatibility {
        manifest(state(old), isStored: true).check(against: ["step": ["state": state(new)]]).states[0]
    }
}
