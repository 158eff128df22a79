/// A map per key; shows the current key's.
///
/// A handle belongs to one worker. The entries are in no particular order.
///
/// Each entry is saved by itself. Over a store, an access reads and writes one entry, so a key's map may be larger than
/// memory; ``count``, ``isEmpty``, ``keys`` and ``forEach(_:)`` read the map's rows where it isn't known to be small, and
/// ``removeAll()`` reads and removes them one by one.
public final class MapState<Key: StreamKey, MapKey: StreamKey, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let maps: NestedMaps<Key, MapKey, Value>
    @usableFromInline let table: StateTable<Key, StateTable<MapKey, Expiring<Value>>>
    /// Has the maps instead of `maps` where the worker has a store.
    @usableFromInline let stored: StoredMaps<Key, MapKey, Value>?
    @usableFromInline let lifetime: Lifetime

    init(
        store: KeyedStateStore<Key>, maps: NestedMaps<Key, MapKey, Value>, stored: StoredMaps<Key, MapKey, Value>?,
        lifetime: Lifetime
    ) {
        self.store = store
        self.maps = maps
        table = maps.table
        self.stored = stored
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
            if let stored { return read(mapKey, stored) }
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
            guard let newValue else {
                remove(mapKey, hash: mapKey.stableHash)
                return
            }
            let entry = Expiring(expiry: lifetime.deadline(store.now), value: newValue)
            if let stored { return stored.set(key, hash: store.currentHash, mapKey, entry) }
            let map = table.upsert(key, hash: store.currentHash, StateTable(minimumCapacity: 1)).pointee
            map.upsert(mapKey, hash: mapKey.stableHash, entry).pointee = entry
        }
    }

    @inlinable
    func read(_ mapKey: MapKey, _ stored: StoredMaps<Key, MapKey, Value>) -> Value? {
        guard let key = store.currentKey, let entry = stored.get(key, hash: store.currentHash, mapKey) else {
            return nil
        }
        guard entry.expiry > store.now else {
            stored.remove(key, hash: store.currentHash, mapKey)
            return nil
        }
        let deadline = lifetime.deadline(store.now)
        if lifetime.refreshesOnRead && entry.expiry != deadline {
            stored.refresh(key, hash: store.currentHash, mapKey, deadline)
        }
        return entry.value
    }

    @usableFromInline
    func remove(_ mapKey: MapKey, hash: UInt64) {
        guard let key = store.currentKey else { return }
        if let stored { return stored.remove(key, hash: store.currentHash, mapKey) }
        guard let map = table.find(key, hash: store.currentHash)?.pointee else { return }
        map.remove(mapKey, hash: hash)
        maps.forgetIfEmpty(key, hash: store.currentHash, map)
    }

    @usableFromInline
    func refresh(_ mapKey: MapKey, hash: UInt64) {
        // Through the outer table, which has to know of the change.
        guard let key = store.currentKey, let map = table.find(key, hash: store.currentHash)?.pointee else { return }
        map.find(mapKey, hash: hash)?.pointee.expiry = lifetime.deadline(store.now)
    }

    /// The number of entries in the current key's map.
    @inlinable public var count: Int {
        if stored == nil && lifetime.milliseconds == nil { return map?.count ?? 0 }
        var count = 0
        forEach { _, _ in count += 1 }
        return count
    }

    /// Whether the current key's map has no entries.
    @inlinable public var isEmpty: Bool {
        guard let stored else { return count == 0 }
        return isEmpty(stored)
    }

    @usableFromInline
    func isEmpty(_ stored: StoredMaps<Key, MapKey, Value>) -> Bool {
        guard let key = store.currentKey else { return true }
        var isEmpty = true
        func look(_ mapKey: MapKey, _ entry: Expiring<Value>) -> Bool {
            isEmpty = entry.expiry <= store.now
            return isEmpty
        }
        if stored.walkRemembered(key, hash: store.currentHash, look) { return isEmpty }
        stored.walk(key, hash: store.currentHash, look)
        return isEmpty
    }

    /// Calls `body` with each entry of the current key's map, which it must not change meanwhile.
    ///
    /// This doesn't make the life of entries begin anew.
    @inlinable
    public func forEach(_ body: (MapKey, Value) throws -> Void) rethrows {
        if let stored { return try forEach(stored, body) }
        try map?.forEachUnchanged { key, entry in if entry.expiry > store.now { try body(key, entry.value) } }
    }

    @inlinable
    func forEach(_ stored: StoredMaps<Key, MapKey, Value>, _ body: (MapKey, Value) throws -> Void) rethrows {
        guard let key = store.currentKey else { return }
        let isDone = try stored.walkRemembered(key, hash: store.currentHash) { mapKey, entry in
            if entry.expiry > store.now { try body(mapKey, entry.value) }
            return true
        }
        if !isDone { try walk(stored, key, body) }
    }

    @usableFromInline
    func walk(
        _ stored: StoredMaps<Key, MapKey, Value>, _ key: Key, _ body: (MapKey, Value) throws -> Void
    ) rethrows {
        try stored.walk(key, hash: store.currentHash) { mapKey, entry in
            if entry.expiry > store.now { try body(mapKey, entry.value) }
            return true
        }
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
        if let stored { return stored.removeAll(key, hash: store.currentHash) }
        maps.removeAll(key, hash: store.currentHash)
    }
}

extension StateTable {
    /// How a map was saved as one value, before its entries had rows: their number, then each key and value.
    ///
    /// Also says what a map in memory takes.
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
