/// A map per key; shows the current key's.
///
/// A handle belongs to one worker. The entries are in no particular order.
///
/// A key's map is one value to snapshots and stores: over a store it is read and written as a whole, so it should fit
/// memory many times over. State of few keys with very large maps is better keyed by ``Pair`` of key and map key.
public final class MapState<Key: StreamKey, MapKey: StreamKey, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table: StateTable<Key, StateTable<MapKey, Expiring<Value>>>
    @usableFromInline let lifetime: Lifetime

    init(
        store: KeyedStateStore<Key>, table: StateTable<Key, StateTable<MapKey, Expiring<Value>>>, lifetime: Lifetime
    ) {
        self.store = store
        self.table = table
        self.lifetime = lifetime
    }

    @inlinable
    var map: StateTable<MapKey, Expiring<Value>>? {
        guard let key = store.currentKey else { return nil }
        return table.peek(key, hash: store.currentHash)?.pointee
    }

    /// The value of `mapKey` in the current key's map; nil when there is none, and set to nil to remove it.
    @inlinable
    public subscript(_ mapKey: MapKey) -> Value? {
        get {
            let hash = mapKey.stableHash
            guard let found = map?.peek(mapKey, hash: hash) else { return nil }
            guard found.pointee.expiry > store.now else {
                remove(mapKey, hash: hash)
                return nil
            }
            let value = found.pointee.value
            if lifetime.refreshesOnRead { refresh(mapKey, hash: hash) }
            return value
        }
        set {
            guard let key = store.currentKey else { return }
            let hash = mapKey.stableHash
            if let newValue {
                let map = table.upsert(key, hash: store.currentHash, StateTable(minimumCapacity: 1)).pointee
                let entry = Expiring(expiry: lifetime.deadline(store.now), value: newValue)
                map.upsert(mapKey, hash: hash, entry).pointee = entry
            } else {
                remove(mapKey, hash: hash)
            }
        }
    }

    @usableFromInline
    func remove(_ mapKey: MapKey, hash: UInt64) {
        guard let key = store.currentKey, let map = table.find(key, hash: store.currentHash)?.pointee else { return }
        map.remove(mapKey, hash: hash)
        if map.count == 0 { table.remove(key, hash: store.currentHash) }
    }

    @usableFromInline
    func refresh(_ mapKey: MapKey, hash: UInt64) {
        // Through the outer table, which has to know of the change.
        guard let key = store.currentKey, let map = table.find(key, hash: store.currentHash)?.pointee else { return }
        map.find(mapKey, hash: hash)?.pointee.expiry = lifetime.deadline(store.now)
    }

    /// The number of entries in the current key's map.
    @inlinable public var count: Int {
        guard lifetime.milliseconds != nil else { return map?.count ?? 0 }
        var count = 0
        map?.forEachUnchanged { _, entry in if entry.expiry > store.now { count += 1 } }
        return count
    }

    /// Whether the current key's map has no entries.
    @inlinable public var isEmpty: Bool { count == 0 }

    /// Calls `body` with each entry of the current key's map, which it must not change meanwhile.
    ///
    /// This doesn't make the life of entries begin anew.
    @inlinable
    public func forEach(_ body: (MapKey, Value) throws -> Void) rethrows {
        try map?.forEachUnchanged { key, entry in if entry.expiry > store.now { try body(key, entry.value) } }
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
    /// How a map is saved as one value: the number of entries, then each key and value.
    ///
    /// Where entries expire, the last time comes first, then each value has its own before it.
    static func codec<Element>(
        values: StateCodec<Element>, expires: Bool
    ) -> StateCodec<StateTable<Key, Value>> where Value == Expiring<Element> {
        let keys = StateCodec<Key>.automatic
        return StateCodec<StateTable<Key, Value>>(
            of: { [keys.schema, values.schema] },
            encode: { table, encoder in
                if expires {
                    var last = Int64.min
                    table.forEachUnchanged { last = Swift.max(last, $1.expiry) }
                    encoder.writeFixed(last)
                }
                encoder.writeVarint(UInt64(table.count))
                try table.forEachUnchanged { key, entry in
                    try keys.encode(key, into: &encoder)
                    if expires { encoder.writeFixed(entry.expiry) }
                    try values.encode(entry.value, into: &encoder)
                }
            },
            decode: { written in
                let keys = keys.reading(written, 0)
                let values = values.reading(written, 1)
                return { decoder in
                    if expires { _ = try decoder.readFixed(Int64.self) }
                    let count = try decoder.readCount()
                    let table = StateTable<Key, Value>(minimumCapacity: count)
                    for _ in 0..<count {
                        let key = try keys.decode(&decoder)
                        let expiry = expires ? try decoder.readFixed(Int64.self) : .max
                        let entry = Expiring(expiry: expiry, value: try values.decode(&decoder))
                        table.upsert(key, hash: key.stableHash, entry).pointee = entry
                    }
                    return table
                }
            })
    }
}
