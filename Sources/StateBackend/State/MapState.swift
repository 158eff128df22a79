/// A map per key; shows the current key's.
///
/// A handle belongs to one worker. The entries are in no particular order.
public final class MapState<Key: StreamKey, MapKey: StreamKey, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table: StateTable<Key, StateTable<MapKey, Value>>

    init(store: KeyedStateStore<Key>, table: StateTable<Key, StateTable<MapKey, Value>>) {
        self.store = store
        self.table = table
    }

    @inlinable
    var map: StateTable<MapKey, Value>? {
        guard let key = store.currentKey else { return nil }
        return table.peek(key, hash: store.currentHash)?.pointee
    }

    /// The value of `mapKey` in the current key's map; nil when there is none, and set to nil to remove it.
    @inlinable
    public subscript(_ mapKey: MapKey) -> Value? {
        get { map?.peek(mapKey, hash: mapKey.stableHash)?.pointee }
        set {
            guard let key = store.currentKey else { return }
            let hash = mapKey.stableHash
            if let newValue {
                let map = table.upsert(key, hash: store.currentHash, StateTable(minimumCapacity: 1)).pointee
                map.upsert(mapKey, hash: hash, newValue).pointee = newValue
            } else if let map = table.find(key, hash: store.currentHash)?.pointee {
                map.remove(mapKey, hash: hash)
                if map.count == 0 { table.remove(key, hash: store.currentHash) }
            }
        }
    }

    /// The number of entries in the current key's map.
    @inlinable public var count: Int { map?.count ?? 0 }

    /// Whether the current key's map has no entries.
    @inlinable public var isEmpty: Bool { count == 0 }

    /// Calls `body` with each entry of the current key's map, which it must not change meanwhile.
    @inlinable
    public func forEach(_ body: (MapKey, Value) throws -> Void) rethrows {
        try map?.forEachUnchanged { key, value in try body(key, value) }
    }

    /// The keys of the current key's map, in no particular order.
    public var keys: [MapKey] {
        var keys: [MapKey] = []
        forEach { key, _ in keys.append(key) }
        return keys
    }

    /// Removes the current key's map.
    @inlinable
    public func removeAll() {
        guard let key = store.currentKey else { return }
        table.remove(key, hash: store.currentHash)
    }
}

extension StateTable {
    /// How a whole table is saved as one value: the number of entries, then each key and value.
    public static func codec(values: StateCodec<Value>) -> StateCodec<StateTable<Key, Value>> {
        let keys = StateCodec<Key>.automatic
        return StateCodec<StateTable<Key, Value>>(
            of: { [keys.schema, values.schema] },
            encode: { table, encoder in
                encoder.writeVarint(UInt64(table.count))
                try table.forEachUnchanged { key, value in
                    try keys.encode(key, into: &encoder)
                    try values.encode(value, into: &encoder)
                }
            },
            decode: { written in
                let keys = keys.reading(written, 0)
                let values = values.reading(written, 1)
                return { decoder in
                    let count = try decoder.readCount()
                    let table = StateTable<Key, Value>(minimumCapacity: count)
                    for _ in 0..<count {
                        let key = try keys.decode(&decoder)
                        let value = try values.decode(&decoder)
                        table.upsert(key, hash: key.stableHash, value).pointee = value
                    }
                    return table
                }
            })
    }
}
