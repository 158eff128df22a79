/// A map per key whose entries are in the order of their keys, which are times in most cases; shows the current key's.
///
/// The latest entry is added, and the earliest ones are removed, in constant time; an entry between others moves those
/// after it. A handle belongs to one worker. As with ``MapState``, each entry is saved by itself; over a store, ranges of
/// integer keys are read from where they begin to where they end, and of other keys the whole map is read and sorted.
/// ```swift
/// let readings = try state.orderedMap("readings", from: Int64.self, to: Double.self)
/// readings[context.timestamp] = reading
/// readings.removeAll(before: context.timestamp - 3_600_000)
/// ```
public final class OrderedMapState<Key: StreamKey, MapKey: StreamKey & Comparable, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let maps: SortedMaps<Key, MapKey, Value>
    @usableFromInline let table: StateTable<Key, OrderedEntries<MapKey, Value>>
    /// Has the maps instead of `maps` where the worker has a store.
    @usableFromInline let stored: StoredOrder<Key, MapKey, Value>?
    @usableFromInline let lifetime: Lifetime

    init(
        store: KeyedStateStore<Key>, maps: SortedMaps<Key, MapKey, Value>, stored: StoredOrder<Key, MapKey, Value>?,
        lifetime: Lifetime
    ) {
        self.store = store
        self.maps = maps
        table = maps.table
        self.stored = stored
        self.lifetime = lifetime
    }

    @inlinable
    var map: UnsafePointer<OrderedEntries<MapKey, Value>>? {
        guard let key = store.currentKey else { return nil }
        return table.peek(key, hash: store.currentHash)
    }

    /// The value of `mapKey` in the current key's map; nil when there is none, and set to nil to remove it.
    @inlinable
    public subscript(_ mapKey: MapKey) -> Value? {
        get {
            if let stored { return read(mapKey, stored.maps) }
            guard let map, let index = map.pointee.find(mapKey) else { return nil }
            let entry = map.pointee.entries[index]
            guard entry.expiry > store.now else { return nil }
            let deadline = lifetime.deadline(store.now)
            if lifetime.refreshesOnRead && entry.expiry != deadline, let key = store.currentKey {
                table.find(key, hash: store.currentHash)?.pointee.refresh(index, deadline)
            }
            return entry.value
        }
        set {
            guard let key = store.currentKey else { return }
            if let stored {
                guard let newValue else { return stored.maps.remove(key, hash: store.currentHash, mapKey) }
                let entry = Expiring(expiry: lifetime.deadline(store.now), value: newValue)
                stored.maps.set(key, hash: store.currentHash, mapKey, entry)
            } else if let newValue {
                let map = table.upsert(key, hash: store.currentHash, OrderedEntries())
                map.pointee.set(mapKey, newValue, expiry: lifetime.deadline(store.now))
            } else {
                remove { map in map.find(mapKey).map { $0..<($0 + 1) } }
            }
        }
    }

    @inlinable
    func read(_ mapKey: MapKey, _ stored: StoredMaps<Key, MapKey, Value>) -> Value? {
        guard let key = store.currentKey, let entry = stored.get(key, hash: store.currentHash, mapKey),
            entry.expiry > store.now
        else { return nil }
        let deadline = lifetime.deadline(store.now)
        if lifetime.refreshesOnRead && entry.expiry != deadline {
            stored.refresh(key, hash: store.currentHash, mapKey, deadline)
        }
        return entry.value
    }

    @inlinable
    func remove(_ range: (borrowing OrderedEntries<MapKey, Value>) -> Range<Int>?) {
        guard let key = store.currentKey else { return }
        maps.remove(key, hash: store.currentHash, range)
    }

    /// The number of entries in the current key's map.
    @inlinable
    public var count: Int {
        if stored != nil {
            var count = 0
            forEach { _, _ in count += 1 }
            return count
        }
        guard let map else { return 0 }
        guard lifetime.milliseconds != nil else { return map.pointee.entries.count }
        return map.pointee.entries.reduce(0) { $1.expiry > store.now ? $0 + 1 : $0 }
    }

    /// Whether the current key's map has no entries.
    @inlinable public var isEmpty: Bool { first == nil }

    /// The entry of the lowest key, or nil when there are no entries.
    @inlinable
    public var first: (key: MapKey, value: Value)? {
        if let stored { return first(stored) }
        return map?.pointee.entries.first { $0.expiry > store.now }.map { ($0.key, $0.value) }
    }

    @usableFromInline
    func first(_ stored: StoredOrder<Key, MapKey, Value>) -> (key: MapKey, value: Value)? {
        guard let key = store.currentKey else { return nil }
        var first: (key: MapKey, value: Value)?
        stored.walk(key, hash: store.currentHash) { mapKey, entry in
            if entry.expiry > store.now { first = (mapKey, entry.value) }
            return first == nil
        }
        return first
    }

    /// The entry of the highest key, or nil when there are no entries.
    @inlinable
    public var last: (key: MapKey, value: Value)? {
        if let stored {
            guard let key = store.currentKey else { return nil }
            return stored.last(key, hash: store.currentHash, now: store.now)
        }
        return map?.pointee.entries.last { $0.expiry > store.now }.map { ($0.key, $0.value) }
    }

    /// Calls `body` with each entry of the current key's map in the order of the keys; it must not change the map.
    ///
    /// This doesn't make the life of entries begin anew.
    @inlinable
    public func forEach(_ body: (MapKey, Value) throws -> Void) rethrows {
        if let stored { return try forEach(stored, from: nil, to: nil, body) }
        guard let entries = map?.pointee.entries else { return }
        for entry in entries where entry.expiry > store.now { try body(entry.key, entry.value) }
    }

    /// Calls `body` with each entry whose key is in `range`, in the order of the keys; it must not change the map.
    ///
    /// This doesn't make the life of entries begin anew.
    @inlinable
    public func forEach(in range: Range<MapKey>, _ body: (MapKey, Value) throws -> Void) rethrows {
        if let stored { return try forEach(stored, from: range.lowerBound, to: range.upperBound, body) }
        guard let map = map?.pointee else { return }
        for entry in map.entries[map.index(of: range.lowerBound)..<map.index(of: range.upperBound)]
        where entry.expiry > store.now { try body(entry.key, entry.value) }
    }

    @usableFromInline
    func forEach(
        _ stored: StoredOrder<Key, MapKey, Value>, from lower: MapKey?, to upper: MapKey?,
        _ body: (MapKey, Value) throws -> Void
    ) rethrows {
        guard let key = store.currentKey else { return }
        try stored.walk(key, hash: store.currentHash, from: lower, to: upper) { mapKey, entry in
            if entry.expiry > store.now { try body(mapKey, entry.value) }
            return true
        }
    }

    /// Removes the entries whose keys are in `range`.
    @inlinable
    public func removeAll(in range: Range<MapKey>) {
        if let stored { return removeAll(stored, from: range.lowerBound, to: range.upperBound) }
        remove { $0.index(of: range.lowerBound)..<$0.index(of: range.upperBound) }
    }

    /// Removes the entries whose keys are before `mapKey`.
    @inlinable
    public func removeAll(before mapKey: MapKey) {
        if let stored { return removeAll(stored, from: nil, to: mapKey) }
        remove { $0.entries.startIndex..<$0.index(of: mapKey) }
    }

    /// Removes the current key's map.
    @inlinable
    public func removeAll() {
        if let stored { return removeAll(stored, from: nil, to: nil) }
        remove { $0.entries.startIndex..<$0.entries.endIndex }
    }

    @usableFromInline
    func removeAll(_ stored: StoredOrder<Key, MapKey, Value>, from lower: MapKey?, to upper: MapKey?) {
        guard let key = store.currentKey else { return }
        stored.removeAll(key, hash: store.currentHash, from: lower, to: upper)
    }
}
