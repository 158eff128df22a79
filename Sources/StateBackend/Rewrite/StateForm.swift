/// A kind of state with its types, as a ``SnapshotRewrite`` reads or writes it: for each key a value, of lists and maps the
/// whole.
///
/// Keys are written by ``StateCodec/automatic``, as states do.
public struct StateForm<Key: StreamKey, Value> {
    /// What the state holds.
    let schema: StateSchema
    /// Adds the rows of a key.
    let write: (_ key: Key, _ value: Value, _ expiry: Int64?, _ rows: inout StateRows) throws -> Void
    /// A function that hands a key's value to the last argument, from rows of one schema, ordered by keys.
    let reader: (_ written: StateSchema) throws -> RowsReader

    typealias RowsReader = (_ rows: [SnapshotRow], _ body: (Key, Value, _ expiry: Int64?) throws -> Void) throws -> Void

    /// One value per key: the states of the kinds value, reducing and aggregating.
    ///
    /// - Parameter codec: how values are saved. By default ``StateCodec/automatic``.
    public static func value(_ codec: StateCodec<Value>? = nil) -> StateForm {
        single("value", codec ?? .automatic, .keyed)
    }

    /// A list per key.
    ///
    /// - Parameter codec: how elements are saved. By default ``StateCodec/automatic``.
    public static func list<Element>(_ codec: StateCodec<Element>? = nil) -> StateForm where Value == [Element] {
        single("list", (codec ?? .automatic).array, .keyed)
    }

    /// A map per key, as a dictionary.
    ///
    /// - Parameter codec: how the map's values are saved. By default ``StateCodec/automatic``.
    public static func map<MapKey: StreamKey, Element>(
        _ codec: StateCodec<Element>? = nil
    ) -> StateForm where Value == [MapKey: Element] { map("map", .automatic, codec ?? .automatic) }

    /// An ordered map per key, as a dictionary.
    ///
    /// - Parameter codec: how the map's values are saved. By default ``StateCodec/automatic``.
    public static func orderedMap<MapKey: StreamKey & Comparable, Element>(
        _ codec: StateCodec<Element>? = nil
    ) -> StateForm where Value == [MapKey: Element] { map("ordered map", .ordered, codec ?? .automatic) }

    /// A broadcast state: the same for all workers.
    ///
    /// - Parameter codec: how values are saved. By default ``StateCodec/automatic``.
    public static func broadcast(_ codec: StateCodec<Value>? = nil) -> StateForm {
        single("broadcast", codec ?? .automatic, .broadcast)
    }

    private static func single(
        _ kind: String, _ codec: StateCodec<Value>, _ distribution: StateDistribution
    ) -> StateForm {
        let keys = StateCodec<Key>.automatic
        return StateForm(
            schema: StateSchema(kind: kind, key: keys.schema, value: codec.schema, distribution: distribution),
            write: { key, value, expiry, rows in
                try rows.append(hash: key.stableHash) {
                    try keys.encode(key, into: &$0)
                } value: {
                    if let expiry { $0.writeFixed(expiry) }
                    try codec.encode(value, into: &$0)
                }
            },
            reader: { written in
                let codec = written.plainValue.map { codec.reading($0) } ?? codec
                return { rows, body in
                    for row in rows {
                        var key = StateDecoder(row.keyBytes)
                        var value = StateDecoder(row.valueBytes)
                        let expiry = written.timeToLive == nil ? nil : try value.readFixed(Int64.self)
                        try body(try keys.decode(&key), try codec.decode(&value), expiry)
                        guard key.isAtEnd, value.isAtEnd else { throw value.malformed("a row is longer than its type") }
                    }
                }
            })
    }

    private static func map<MapKey: StreamKey, Element>(
        _ kind: String, _ mapKeys: StateCodec<MapKey>, _ codec: StateCodec<Element>
    ) -> StateForm where Value == [MapKey: Element] {
        let keys = StateCodec<Key>.automatic
        var schema = StateSchema(kind: kind, key: keys.schema, value: codec.schema, distribution: .keyed)
        schema.mapKey = mapKeys.schema
        return StateForm(
            schema: schema,
            write: { key, value, expiry, rows in
                for (mapKey, element) in value {
                    try rows.append(hash: key.stableHash) {
                        try keys.encode(key, into: &$0)
                        try mapKeys.encode(mapKey, into: &$0)
                    } value: {
                        if let expiry { $0.writeFixed(expiry) }
                        try codec.encode(element, into: &$0)
                    }
                }
            },
            reader: { written in
                guard let writtenKeys = written.mapKey else {
                    throw StateError(
                        code: .incompatible,
                        message:
                            "its rows are whole maps, as they were saved first; begin a job with the snapshot and take "
                            + "a savepoint")
                }
                let mapKeys = mapKeys.reading(writtenKeys)
                let codec = written.plainValue.map { codec.reading($0) } ?? codec
                return { rows, body in
                    var current: (key: Key, map: [MapKey: Element], expiry: Int64?)?
                    for row in rows {
                        var decoder = StateDecoder(row.keyBytes)
                        let key = try keys.decode(&decoder)
                        if let last = current, !Key.same(last.key, key) {
                            try body(last.key, last.map, last.expiry)
                            current = nil
                        }
                        let mapKey = try mapKeys.decode(&decoder)
                        var value = StateDecoder(row.valueBytes)
                        let expiry = written.timeToLive == nil ? nil : try value.readFixed(Int64.self)
                        var (map, latest) = (current?.map ?? [:], current?.expiry ?? nil)
                        // Else it would be copied.
                        current = nil
                        map[mapKey] = try codec.decode(&value)
                        guard decoder.isAtEnd, value.isAtEnd else {
                            throw value.malformed("a row is longer than its type")
                        }
                        latest = expiry.map { Swift.max($0, latest ?? .min) }
                        current = (key, map, latest)
                    }
                    if let current { try body(current.key, current.map, current.expiry) }
                }
            })
    }
}

extension StateSchema {
    /// The values' type, without the time at which they expire.
    var plainValue: TypeSchema? { timeToLive == nil ? value : value?.components.first }

    /// The schema with a time to live, whose values have the time in front.
    func expiring(_ milliseconds: Int64?) -> StateSchema {
        guard let milliseconds else { return self }
        var schema = self
        schema.timeToLive = milliseconds
        schema.value = value.map {
            var expiring = TypeSchema(name: "StateBackend.Expiring<\($0.name)>", form: .own, components: [$0])
            expiring.recomposes = true
            return expiring
        }
        return schema
    }
}
