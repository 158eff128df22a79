/// What a state holds: its kind, its types, and the forms in which they are written.
///
/// Part of every snapshot's manifest, so that a job can tell before it starts whether it can read what is there.
public struct StateSchema: Sendable, Equatable, Codable {
    /// What kind of state it is: "value", "list", "map", "ordered map", "reducing", "aggregating", "timers",
    /// "broadcast", or "rows" where only the step itself knows.
    public var kind: String
    /// The keys; nil where rows have none.
    public var key: TypeSchema?
    /// The values; nil where only the step itself knows.
    public var value: TypeSchema?
    /// How rows find their worker.
    public var distribution: StateDistribution
    /// How long values live, in milliseconds; nil where they don't expire.
    public var timeToLive: Int64?

    /// A schema.
    public init(kind: String, key: TypeSchema?, value: TypeSchema?, distribution: StateDistribution) {
        self.kind = kind
        self.key = key
        self.value = value
        self.distribution = distribution
    }
}

/// A type as state is written in it.
public struct TypeSchema: Sendable, Equatable, Codable {
    /// The type's name, with its module.
    public var name: String
    /// Which form the bytes have.
    public var form: CodecForm
    /// The version of the form that was written.
    public var version: Int

    /// The schema of a type.
    public init(name: String, form: CodecForm, version: Int = 1) {
        self.name = name
        self.form = form
        self.version = version
    }
}

/// Which form the bytes have that a codec writes.
public enum CodecForm: String, Sendable, Codable {
    /// That of the type's own ``StateCodable`` conformance, or of hand-written functions.
    case own
    /// ``CodableCodec``: self-describing, with field names.
    case codable
    /// The bytes of a trivial type as they lie in memory.
    case raw
    /// None: the type has no codec, and saving it fails.
    case missing
}

extension StateCodec {
    /// The type and form that the codec writes.
    public var schema: TypeSchema { TypeSchema(name: String(reflecting: Value.self), form: form) }
}
