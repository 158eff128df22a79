/// The entries of an ordered map state in memory: a sorted array per key, in a table of keys.
///
/// As ``NestedMaps``; which entries have changed is noted beside the array once a capture of changes has been begun.
@usableFromInline
final class SortedMaps<Key: StreamKey, MapKey: StreamKey & Comparable, Value>: MapEntries {
    @usableFromInline typealias Map = OrderedEntries<MapKey, Value>

    @usableFromInline let table: StateTable<Key, Map>
    private let codec: MapRowCodec<Key, MapKey, Value>
    /// Keys whose maps were empty when a capture took them.
    private var emptied: [Key] = []

    init(_ table: StateTable<Key, Map>, _ codec: MapRowCodec<Key, MapKey, Value>) {
        self.table = table
        self.codec = codec
    }

    var isStored: Bool { false }

    /// Removes the map of `key` if it is empty and nobody has to be told.
    @usableFromInline
    func forgetIfEmpty(_ key: Key, hash: UInt64) {
        guard let map = table.peek(key, hash: hash) else { return }
        if map.pointee.entries.isEmpty && map.pointee.changes?.count ?? 0 == 0 { table.forget(key, hash: hash) }
    }

    /// Removes a range of a key's entries.
    @inlinable
    func remove(_ key: Key, hash: UInt64, _ range: (borrowing Map) -> Range<Int>?) {
        guard let map = table.find(key, hash: hash), let range = range(map.pointee) else { return }
        map.pointee.remove(range)
        if map.pointee.entries.isEmpty { forgetIfEmpty(key, hash: hash) }
    }

    /// Removes maps that have become empty.
    func forgetEmptied() {
        guard !emptied.isEmpty else { return }
        for key in emptied { forgetIfEmpty(key, hash: key.stableHash) }
        emptied.removeAll()
    }

    static func verdict(_ map: Map, _ now: Int64) -> SweepVerdict {
        let expired = map.entries.reduce(0) { $1.expiry <= now ? $0 + 1 : $0 }
        return expired == 0 ? .keep : expired == map.entries.count && !map.notesChanges ? .forget : .trim
    }

    static func trim(_ map: inout Map, _ now: Int64) {
        for entry in map.entries where entry.expiry <= now { map.note(entry.key) }
        map.entries.removeAll { $0.expiry <= now }
    }

    func put(_ key: Key, _ mapKey: MapKey, _ entry: Expiring<Value>) {
        table.upsert(key, hash: key.stableHash, Map()).pointee.set(mapKey, entry.value, expiry: entry.expiry)
    }

    func drop(_ key: Key, _ mapKey: MapKey) {
        remove(key, hash: key.stableHash) { map in map.find(mapKey).map { $0..<($0 + 1) } }
    }

    func dropAll(_ key: Key) { remove(key, hash: key.stableHash) { $0.entries.indices } }

    func forEach(_ body: (Key, MapKey, Expiring<Value>) throws -> Void) rethrows {
        try table.forEachUnchanged { key, map in
            for entry in map.entries { try body(key, entry.key, Expiring(expiry: entry.expiry, value: entry.value)) }
        }
    }

    func forEach(of key: Key, _ body: (MapKey, Expiring<Value>) throws -> Void) rethrows {
        guard let map = table.peek(key, hash: key.stableHash)?.pointee else { return }
        for entry in map.entries { try body(entry.key, Expiring(expiry: entry.expiry, value: entry.value)) }
    }

    /// Calls `body` with the entries of a key from `lower` on and before `upper`, in order, until it returns false.
    func walk(_ key: Key, _ lower: MapKey, _ upper: MapKey, _ body: (MapKey, Expiring<Value>) -> Bool) {
        guard let map = table.peek(key, hash: key.stableHash)?.pointee else { return }
        for entry in map.entries[map.index(of: lower)..<map.index(of: upper)] {
            guard body(entry.key, Expiring(expiry: entry.expiry, value: entry.value)) else { return }
        }
    }

    func page(
        _ place: TablePlace, limit: Int, _ body: (Key, MapKey, Expiring<Value>) throws -> Void
    ) throws -> TablePlace? {
        try table.page(place, limit: limit) { key, map in
            for entry in map.entries { try body(key, entry.key, Expiring(expiry: entry.expiry, value: entry.value)) }
            return 1 + map.entries.count
        }
    }

    func capture(_ mode: CaptureMode, now: @escaping () -> Int64) -> any StateCapture {
        let isComplete = table.isComplete(mode)
        return table.capture(mode) { [unowned self] key, map, rows in
            let keyBytes = try codec.bytes(of: key)
            let hash = key.stableHash
            func add(_ entry: Map.Entry) throws {
                let value = Expiring(expiry: entry.expiry, value: entry.value)
                try codec.append(keyBytes, hash, entry.key, value, to: &rows)
            }
            if isComplete || !map.notesChanges {
                let time = isComplete ? now() : .min
                for entry in map.entries where entry.expiry > time { try add(entry) }
            } else {
                try map.changes?.forEachUnchanged { mapKey, _ in
                    if let index = map.find(mapKey) {
                        try add(map.entries[index])
                    } else {
                        try codec.appendRemoval(keyBytes, hash, mapKey, to: &rows)
                    }
                }
            }
            if map.entries.isEmpty { emptied.append(key) }
            guard let slot = table.slot(of: key, hash: hash) else { return }
            table.value(at: slot).pointee.markSaved(notingChanges: table.notesRemovals)
        }
    }
}
