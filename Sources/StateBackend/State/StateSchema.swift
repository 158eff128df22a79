/// What a state holds: its kind, its types, and the forms in which they are written.
///
/// Part of every snapshot's manifest, so that a job can tell before it starts whether it can read what is there.
public struct StateSchema: Sendable, Equatable, Codable {
    /// The kind of transactions that a sink has prepared: unlike other states that belong to workers they must not be lost.
    public static let transactions = "transactions"
    /// The kind of records that a barrier has overtaken in an exchange; they must not be lost either.
    public static let inFlight = "in flight"
    /// The kind of the timers that keys have set.
    public static let timers = "timers"

    /// What kind of state it is: "value", "list", "map", "ordered map", "reducing", "aggregating", "timers",
    /// "broadcast", or "rows" where only the step itself knows.
    public var kind: String
    /// The keys; nil where rows have none.
    public var key: TypeSchema?
    /// The map keys, where each entry of a key's map is a row.
    ///
    /// Nil for other kinds, and where rows are whole maps, as they were saved first.
    public var mapKey: TypeSchema?
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

/// Which form the bytes have that a codec writes.
public enum CodecForm: String, Sendable, Codable {
    /// That of the type's own ``StateCodable`` conformance, or of hand-written functions.
    case own
    /// ``CodableCodec``: self-describing, with field names.
    case codable
    /// The bytes of a trivial type as they lie in memory.
    case raw
    /// 8 bytes in the order of the numbers, high bytes first: integers as keys of ordered maps.
    case ordered
    /// None: the type has no codec, and saving it fails.
    case missing
}
