/// How maps are saved: a row per entry, whose key is the key and then the map key.
///
/// No length stands between the two: what a key's codec writes tells where it ends, since a row's value follows it. So
/// no key's bytes begin with those of another, and the rows of one key are those that begin with its bytes.
@usableFromInline
struct MapRowCodec<Key: StreamKey, MapKey: StreamKey, Value> {
    /// A key and a map key: what a row is found by.
    @usableFromInline typealias RowKey = Pair<Key, MapKey>

    let kind: String
    let keys = StateCodec<Key>.automatic
    let mapKeys: StateCodec<MapKey>
    let values: StateCodec<Value>
    let lifetime: Lifetime
    /// Reads the entries of a row that holds a whole map, as maps were saved first, whose value was of the given schema,
    /// with a time to live or without.
    let wholeReader: (TypeSchema?, _ expires: Bool) -> (inout StateDecoder) throws -> [(MapKey, Expiring<Value>)]

    var expires: Bool { lifetime.milliseconds != nil }

    /// Whether the rows of a key are in the order of their map keys.
    var isOrdered: Bool { mapKeys.form == .ordered }

    var schema: StateSchema {
        var schema = StateSchema(
            kind: kind, key: keys.schema, value: expires ? values.expiring.schema : values.schema, distribution: .keyed)
        schema.mapKey = mapKeys.schema
        schema.timeToLive = lifetime.milliseconds
        return schema
    }

    /// The codecs of a store's rows.
    var rowKeys: StateCodec<RowKey> {
        let keys = keys
        let mapKeys = mapKeys
        return StateCodec<RowKey>(
            encode: { row, encoder in
                try keys.encode(row.first, into: &encoder)
                try mapKeys.encode(row.second, into: &encoder)
            }, decode: { Pair(try keys.decode(&$0), try mapKeys.decode(&$0)) })
    }

    var entries: StateCodec<Expiring<Value>> {
        if expires { return values.expiring }
        let values = values
        return StateCodec<Expiring<Value>>(
            encode: { try values.encode($0.value, into: &$1) },
            decode: { Expiring(expiry: .max, value: try values.decode(&$0)) })
    }

    func bytes(of key: Key) throws -> [UInt8] {
        var encoder = StateEncoder()
        try keys.encode(key, into: &encoder)
        return encoder.bytes
    }

    /// Adds a row.
    func append(
        _ keyBytes: [UInt8], _ hash: UInt64, _ mapKey: MapKey, _ entry: Expiring<Value>, to rows: inout StateRows
    ) throws {
        try rows.append(hash: hash) {
            $0.bytes.append(contentsOf: keyBytes)
            try mapKeys.encode(mapKey, into: &$0)
        } value: {
            if expires { $0.writeFixed(entry.expiry) }
            try values.encode(entry.value, into: &$0)
        }
    }

    /// Adds that an entry is gone.
    func appendRemoval(_ keyBytes: [UInt8], _ hash: UInt64, _ mapKey: MapKey, to rows: inout StateRows) throws {
        try rows.appendRemoval(hash: hash) {
            $0.bytes.append(contentsOf: keyBytes)
            try mapKeys.encode(mapKey, into: &$0)
        }
    }
}
