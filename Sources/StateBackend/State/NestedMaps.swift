/// The entries of a map state in memory: a table per key, in a table of keys.
///
/// A change of a map is announced to the outer table before, which so captures a map before it changes. A map's own table
/// knows which entries were changed and which removed since the last capture of changes. A map that has lost its last
/// entry stays until a capture has written what was removed.
@usableFromInline
final class NestedMaps<Key: StreamKey, MapKey: StreamKey, Value>: MapEntries {
    @usableFromInline typealias Map = StateTable<MapKey, Expiring<Value>>

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
    func forgetIfEmpty(_ key: Key, hash: UInt64, _ map: Map) {
        if map.count == 0 && map.removed?.count ?? 0 == 0 { table.forget(key, hash: hash) }
    }

    @usableFromInline
    func removeAll(_ key: Key, hash: UInt64) {
        guard let map = table.find(key, hash: hash)?.pointee else { return }
        map.removeAll()
        forgetIfEmpty(key, hash: hash, map)
    }

    /// Removes maps that have become empty.
    func forgetEmptied() {
        guard !emptied.isEmpty else { return }
        for key in emptied {
            let hash = key.stableHash
            if let map = table.peek(key, hash: hash)?.pointee { forgetIfEmpty(key, hash: hash, map) }
        }
        emptied.removeAll()
    }

    /// What is to become of a map in which entries may have expired.
    static func verdict(_ map: Map, _ now: Int64) -> SweepVerdict {
        var expired = 0
        map.forEachUnchanged { _, entry in if entry.expiry <= now { expired += 1 } }
        return expired == 0 ? .keep : expired == map.count && !map.notesRemovals ? .forget : .trim
    }

    static func trim(_ map: Map, _ now: Int64) {
        var gone: [MapKey] = []
        map.forEachUnchanged { key, entry in if entry.expiry <= now { gone.append(key) } }
        for key in gone { map.remove(key, hash: key.stableHash) }
    }

    func put(_ key: Key, _ mapKey: MapKey, _ entry: Expiring<Value>) {
        let map = table.upsert(key, hash: key.stableHash, StateTable(minimumCapacity: 1)).pointee
        map.upsert(mapKey, hash: mapKey.stableHash, entry).pointee = entry
    }

    func drop(_ key: Key, _ mapKey: MapKey) {
        guard let map = table.find(key, hash: key.stableHash)?.pointee else { return }
        map.remove(mapKey, hash: mapKey.stableHash)
        forgetIfEmpty(key, hash: key.stableHash, map)
    }

    func dropAll(_ key: Key) { removeAll(key, hash: key.stableHash) }

    func forEach(_ body: (Key, MapKey, Expiring<Value>) throws -> Void) rethrows {
        try table.forEachUnchanged { key, map in try map.forEachUnchanged { try body(key, $0, $1) } }
    }

    func forEach(of key: Key, _ body: (MapKey, Expiring<Value>) throws -> Void) rethrows {
        try table.peek(key, hash: key.stableHash)?.pointee.forEachUnchanged(body)
    }

    func page(
        _ place: TablePlace, limit: Int, _ body: (Key, MapKey, Expiring<Value>) throws -> Void
    ) throws -> TablePlace? {
        try table.page(place, limit: limit) { key, map in
            try map.forEachUnchanged { try body(key, $0, $1) }
            return 1 + map.count
        }
    }

    func capture(_ mode: CaptureMode, now: @escaping () -> Int64) -> any StateCapture {
        let isComplete = table.isComplete(mode)
        return table.capture(mode) { [unowned self] key, map, rows in
            let keyBytes = try codec.bytes(of: key)
            let hash = key.stableHash
            if !isComplete {
                for mapKey in map.takeRemovals() { try codec.appendRemoval(keyBytes, hash, mapKey, to: &rows) }
            }
            let time = isComplete ? now() : .min
            try map.forEachUnsaved(all: isComplete) { mapKey, entry in
                if entry.expiry > time { try codec.append(keyBytes, hash, mapKey, entry, to: &rows) }
            }
            map.markSaved(notingRemovals: table.notesRemovals)
            if map.count == 0 { emptied.append(key) }
        }
    }
}

extension StateTable {
    /// Calls `body` with every entry, or with every one that was changed since ``markSaved(notingRemovals:)``.
    func forEachUnsaved(all: Bool, _ body: (Key, Value) throws -> Void) rethrows {
        for slot in 0...mask where tags[slot] != 0 && (all || tags[slot] & TableFlags.dirty != 0) {
            try body(entries[slot].key, entries[slot].value)
        }
    }

    /// Notes that an owner has saved all entries.
    func markSaved(notingRemovals: Bool) {
        for slot in 0...mask { tags[slot] &= ~(TableFlags.dirty | TableFlags.fresh) }
        removed?.removeAll()
        notesRemovals = notingRemovals
    }

    /// Takes a key out without telling anybody.
    func forget(_ key: Key, hash: UInt64) {
        guard let slot = slot(of: key, hash: hash) else { return }
        captureIfNeeded(slot)
        _ = takeOut(slot)
    }
}
