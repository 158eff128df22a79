/// A map per key whose entries are in the order of their keys, which are times in most cases; shows the current key's.
///
/// The latest entry is added, and the earliest ones are removed, in constant time; an entry between others moves those
/// after it. As with ``MapState``, a key's map is one value to snapshots and stores. A handle belongs to one worker.
/// ```swift
/// let readings = try state.orderedMap("readings", from: Int64.self, to: Double.self)
/// readings[context.timestamp] = reading
/// readings.removeAll(before: context.timestamp - 3_600_000)
/// ```
public final class OrderedMapState<Key: StreamKey, MapKey: StreamKey & Comparable, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table: StateTable<Key, OrderedEntries<MapKey, Value>>
    @usableFromInline let lifetime: Lifetime

    init(store: KeyedStateStore<Key>, table: StateTable<Key, OrderedEntries<MapKey, Value>>, lifetime: Lifetime) {
        self.store = store
        self.table = table
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
            guard let map, let index = map.pointee.find(mapKey) else { return nil }
            let entry = map.pointee.entries[index]
            guard entry.expiry > store.now else { return nil }
            let deadline = lifetime.deadline(store.now)
            if lifetime.refreshesOnRead && entry.expiry != deadline, let key = store.currentKey {
                table.find(key, hash: store.currentHash)?.pointee.entries[index].expiry = deadline
            }
            return entry.value
        }
        set {
            guard let key = store.currentKey else { return }
            if let newValue {
                let map = table.upsert(key, hash: store.currentHash, OrderedEntries())
                map.pointee.set(mapKey, newValue, expiry: lifetime.deadline(store.now))
            } else {
                remove { map in map.find(mapKey).map { $0..<($0 + 1) } }
            }
        }
    }

    @inlinable
    func remove(_ range: (borrowing OrderedEntries<MapKey, Value>) -> Range<Int>?) {
        guard let key = store.currentKey, let map = table.find(key, hash: store.currentHash),
            let range = range(map.pointee)
        else { return }
        map.pointee.remove(range)
        if map.pointee.entries.isEmpty { table.remove(key, hash: store.currentHash) }
    }

    /// The number of entries in the current key's map.
    @inlinable
    public var count: Int {
        guard let map else { return 0 }
        guard lifetime.milliseconds != nil else { return map.pointee.entries.count }
        return map.pointee.entries.reduce(0) { $1.expiry > store.now ? $0 + 1 : $0 }
    }

    /// Whether the current key's map has no entries.
    @inlinable public var isEmpty: Bool { first == nil }

    /// The entry of the lowest key, or nil when there are no entries.
    @inlinable
    public var first: (key: MapKey, value: Value)? {
        map?.pointee.entries.first { $0.expiry > store.now }.map { ($0.key, $0.value) }
    }

    /// The entry of the highest key, or nil when there are no entries.
    @inlinable
    public var last: (key: MapKey, value: Value)? {
        map?.pointee.entries.last { $0.expiry > store.now }.map { ($0.key, $0.value) }
    }

    /// Calls `body` with each entry of the current key's map in the order of the keys; it must not change the map.
    ///
    /// This doesn't make the life of entries begin anew.
    @inlinable
    public func forEach(_ body: (MapKey, Value) throws -> Void) rethrows {
        guard let entries = map?.pointee.entries else { return }
        for entry in entries where entry.expiry > store.now { try body(entry.key, entry.value) }
    }

    /// Calls `body` with each entry whose key is in `range`, in the order of the keys; it must not change the map.
    ///
    /// This doesn't make the life of entries begin anew.
    @inlinable
    public func forEach(in range: Range<MapKey>, _ body: (MapKey, Value) throws -> Void) rethrows {
        guard let map = map?.pointee else { return }
        for entry in map.entries[map.index(of: range.lowerBound)..<map.index(of: range.upperBound)]
        where entry.expiry > store.now { try body(entry.key, entry.value) }
    }

    /// Removes the entries whose keys are in `range`.
    @inlinable
    public func removeAll(in range: Range<MapKey>) {
        remove { $0.index(of: range.lowerBound)..<$0.index(of: range.upperBound) }
    }

    /// Removes the entries whose keys are before `mapKey`.
    @inlinable
    public func removeAll(before mapKey: MapKey) { remove { $0.entries.startIndex..<$0.index(of: mapKey) } }

    /// Removes the current key's map.
    @inlinable
    public func removeAll() {
        guard let key = store.currentKey else { return }
        table.remove(key, hash: store.currentHash)
    }
}
