/// The entries of a map state over a store: rows of one table, whose keys are pairs of key and map key.
///
/// So an entry is fetched, evicted, captured and removed by itself, and a map may be larger than memory. What a table by
/// pairs can't say is which entries a key has. A walk through them merges the rows of the store with those entries that
/// the store may lack; a map that turns out to be small is remembered by its keys, and walked through without the store.
@usableFromInline
final class StoredMaps<Key: StreamKey, MapKey: StreamKey, Value>: MapEntries {
    @usableFromInline typealias RowKey = Pair<Key, MapKey>

    /// Map keys of one key; some of them may be gone.
    @usableFromInline
    struct KnownKeys {
        @usableFromInline var keys: [MapKey] = []
        /// Whether the map has no others; else those are there that the store may lack.
        @usableFromInline var isComplete = false

        @usableFromInline
        init() {}
    }

    /// Maps of up to so many entries are remembered.
    static var remembered: Int { 64 }

    @usableFromInline let table: StateTable<RowKey, Expiring<Value>>
    @usableFromInline let expires: Bool
    private let codec: MapRowCodec<Key, MapKey, Value>
    private let store: TableStore<RowKey, Expiring<Value>>
    private let allowance: TableAllowance
    private let keyGroups: KeyGroups
    @usableFromInline private(set) var known = StateTable<Key, KnownKeys>()
    /// The number of map keys in `known`, and what they are charged for.
    private var knownCount = 0
    private var charged = 0

    init(
        _ table: StateTable<RowKey, Expiring<Value>>, _ store: TableStore<RowKey, Expiring<Value>>,
        _ codec: MapRowCodec<Key, MapKey, Value>, in environment: StateEnvironment
    ) {
        self.table = table
        self.store = store
        self.codec = codec
        expires = codec.expires
        allowance = environment.allowance
        keyGroups = environment.keyGroups
    }

    deinit { allowance.give(charged) }

    var isStored: Bool { true }

    /// Looks after the memory.
    func beginBatch() {
        if table.count > 0 { table.lookAtMemory(store, announced: 512) }
        let bytes = known.byteCount + knownCount * (MemoryLayout<MapKey>.stride + (_isPOD(MapKey.self) ? 8 : 40))
        allowance.force(bytes - charged)
        charged = bytes
    }

    // MARK: entries

    @inlinable @inline(__always)
    func hash(_ hash: UInt64, _ mapKey: MapKey) -> UInt64 { StableHash.combine(hash, mapKey.stableHash) }

    @inlinable
    func get(_ key: Key, hash: UInt64, _ mapKey: MapKey) -> Expiring<Value>? {
        table.peek(Pair(key, mapKey), hash: self.hash(hash, mapKey))?.pointee
    }

    @inlinable
    func set(_ key: Key, hash: UInt64, _ mapKey: MapKey, _ entry: Expiring<Value>) {
        let rowHash = self.hash(hash, mapKey)
        // The row that the store has may end and be dropped before this one's time.
        var isNew = expires && !table.isDirty(Pair(key, mapKey), hash: rowHash)
        table.update(Pair(key, mapKey), hash: rowHash) {
            isNew = true
            return entry
        } update: {
            $0 = entry
        }
        if isNew { note(key, hash: hash, mapKey) }
    }

    @inlinable
    func refresh(_ key: Key, hash: UInt64, _ mapKey: MapKey, _ deadline: Int64) {
        let rowHash = self.hash(hash, mapKey)
        if !table.isDirty(Pair(key, mapKey), hash: rowHash) { note(key, hash: hash, mapKey) }
        table.find(Pair(key, mapKey), hash: rowHash)?.pointee.expiry = deadline
    }

    @inlinable
    func remove(_ key: Key, hash: UInt64, _ mapKey: MapKey) {
        table.remove(Pair(key, mapKey), hash: self.hash(hash, mapKey))
    }

    /// Notes a map key of which the store may not have a row.
    @usableFromInline
    func note(_ key: Key, hash: UInt64, _ mapKey: MapKey) {
        let keys = known.upsert(key, hash: hash, KnownKeys())
        if keys.pointee.isComplete {
            if keys.pointee.keys.contains(where: { MapKey.same($0, mapKey) }) { return }
            keys.pointee.isComplete = keys.pointee.keys.count < Self.remembered
        }
        keys.pointee.keys.append(mapKey)
        knownCount += 1
        if knownCount + known.count > Swift.max(4_096, 2 * table.size) { forgetKnown() }
    }

    /// Forgets all map keys but those that the store may lack.
    private func forgetKnown() {
        // What a capture has taken looks as if it were in the store.
        guard table.capturing == nil else { return }
        known = StateTable()
        knownCount = 0
        for slot in 0...table.mask where table.tags[slot] & TableFlags.dirty != 0 {
            let key = table.entries[slot].key
            known.upsert(key.first, hash: key.first.stableHash, KnownKeys()).pointee.keys.append(key.second)
            knownCount += 1
        }
    }

    private func remember(_ key: Key, hash: UInt64, _ keys: [MapKey], isComplete: Bool) {
        let known = self.known.upsert(key, hash: hash, KnownKeys())
        knownCount += keys.count - known.pointee.keys.count
        known.pointee.keys = keys
        known.pointee.isComplete = isComplete
    }

    // MARK: walks

    /// Calls `body` with the entries of a key, in no particular order, until it returns false; if they are remembered.
    ///
    /// - Returns: whether they are.
    @inlinable
    func walkRemembered(
        _ key: Key, hash: UInt64, _ body: (MapKey, Expiring<Value>) throws -> Bool
    ) rethrows -> Bool {
        guard let known = known.peek(key, hash: hash)?.pointee, known.isComplete else { return false }
        let keys = known.keys
        if keys.contains(where: { table.slot(of: Pair(key, $0), hash: self.hash(hash, $0)) == nil }) {
            fetch(key, hash: hash, keys)
        }
        var isTidy = true
        for mapKey in keys {
            guard let entry = get(key, hash: hash, mapKey) else {
                isTidy = false
                continue
            }
            guard try body(mapKey, entry) else { return true }
        }
        if !isTidy { forgetGone(key, hash: hash, keys) }
        return true
    }

    /// Has the table fetch entries of a key, all at once.
    @usableFromInline
    func fetch(_ key: Key, hash: UInt64, _ keys: [MapKey]) {
        let hashes = keys.map { self.hash(hash, $0) }
        table.prepare(keys.map { Pair(key, $0) }, hashes: hashes, count: keys.count)
    }

    /// Forgets those of a remembered map's keys that have no entry any more.
    @usableFromInline
    func forgetGone(_ key: Key, hash: UInt64, _ keys: [MapKey]) {
        remember(key, hash: hash, keys.filter { get(key, hash: hash, $0) != nil }, isComplete: true)
    }

    /// An entry as a walk finds it: with the bytes of its map key, by which the store orders them.
    private typealias Found = (bytes: [UInt8], key: MapKey, entry: Expiring<Value>)

    /// How far a walk has come.
    private struct Walk {
        /// Entries that the store may lack, in the order of their map keys' bytes, and the next of them.
        var pending: [(bytes: [UInt8], key: MapKey)]
        var next = 0
        /// What was read of the store, and the next of it.
        var piece: [Found] = []
        var taken = 0
        /// Where the store is to be read on; nil at its end.
        var place: [UInt8]?
        let end: [UInt8]?
        var limit = StoredMaps.remembered + 1
        /// The first map keys that were found.
        var kept: [MapKey] = []
    }

    /// Calls `body` with the entries of a key until it returns false: in order of the map keys' bytes.
    ///
    /// - Parameter range: bytes of map keys, from the first of which on, up to the second.
    func walk(
        _ key: Key, hash: UInt64, in range: (from: [UInt8], to: [UInt8]?) = ([], nil),
        _ body: (MapKey, Expiring<Value>) throws -> Bool
    ) rethrows {
        // First, so that what the store lacks is known.
        store.settle()
        let known = self.known.peek(key, hash: hash)?.pointee
        var walk = Walk(
            pending: candidates(key, hash, known?.keys ?? [], range),
            place: known?.isComplete == true ? nil : range.from, end: range.to)
        while let found = next(key, hash, &walk) {
            if walk.kept.count <= Self.remembered { walk.kept.append(found.key) }
            guard try body(found.key, found.entry) else { return }
        }
        if range.from.isEmpty && range.to == nil && walk.kept.count <= Self.remembered {
            remember(key, hash: hash, walk.kept, isComplete: true)
        }
    }

    /// The next entry: the lower one of the store's and of those that it may lack.
    private func next(_ key: Key, _ hash: UInt64, _ walk: inout Walk) -> Found? {
        while true {
            if walk.taken == walk.piece.count, let place = walk.place {
                walk.piece.removeAll(keepingCapacity: true)
                walk.taken = 0
                walk.place = read(key, hash, from: place, to: walk.end, walk.limit, &walk.piece)
                walk.limit = 1_024
                continue
            }
            let stored = walk.taken < walk.piece.count ? walk.piece[walk.taken] : nil
            if walk.next < walk.pending.count {
                let candidate = walk.pending[walk.next]
                if let stored, !candidate.bytes.lexicographicallyPrecedes(stored.bytes) {
                    if candidate.bytes == stored.bytes { walk.next += 1 }
                } else {
                    walk.next += 1
                    guard let entry = get(key, hash: hash, candidate.key) else { continue }
                    return (candidate.bytes, candidate.key, entry)
                }
            }
            if stored != nil { walk.taken += 1 }
            return stored
        }
    }

    /// Known map keys in the order of their bytes, each once; their entries are fetched where not all are wanted.
    private func candidates(
        _ key: Key, _ hash: UInt64, _ known: [MapKey], _ range: (from: [UInt8], to: [UInt8]?)
    ) -> [(bytes: [UInt8], key: MapKey)] {
        guard !known.isEmpty else { return [] }
        var found: [(bytes: [UInt8], key: MapKey)] = []
        found.reserveCapacity(known.count)
        do {
            for mapKey in known {
                let bytes = try bytes(of: mapKey)
                if bytes.lexicographicallyPrecedes(range.from) { continue }
                if let end = range.to, !bytes.lexicographicallyPrecedes(end) { continue }
                found.append((bytes, mapKey))
            }
        } catch { store.failure.note(error) }
        found.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var unique: [(bytes: [UInt8], key: MapKey)] = []
        unique.reserveCapacity(found.count)
        for one in found where unique.last?.bytes != one.bytes { unique.append(one) }
        // All at once from the store; the lists of large maps are of what is here in most cases.
        if unique.count <= Self.remembered { fetch(key, hash: hash, unique.map(\.key)) }
        return unique
    }

    func bytes(of mapKey: MapKey) throws -> [UInt8] {
        var encoder = StateEncoder()
        try codec.mapKeys.encode(mapKey, into: &encoder)
        return encoder.bytes
    }

    /// Reads rows of the store, as the table has them where it does; the place of the next ones, or nil at the end.
    private func read(
        _ key: Key, _ hash: UInt64, from start: [UInt8], to end: [UInt8]?, _ limit: Int, _ found: inout [Found]
    ) -> [UInt8]? {
        guard table.storedOnly > 0 || table.size > 0 else { return nil }
        let group = keyGroups.group(ofHash: hash)
        var next: [UInt8]?
        var count = 0
        do {
            let prefix = try codec.bytes(of: key)
            try store.scan(groups: group..<(group + 1), prefix: prefix, from: prefix + start) {
                _, keyBytes, valueBytes in
                let bytes = [UInt8](keyBytes[prefix.count...])
                if let end, !bytes.lexicographicallyPrecedes(end) { return false }
                guard count < limit else {
                    next = bytes
                    return false
                }
                count += 1
                var decoder = StateDecoder(bytes)
                let mapKey = try codec.mapKeys.decode(&decoder)
                let row = Pair(key, mapKey)
                let rowHash = self.hash(hash, mapKey)
                if let slot = table.slot(of: row, hash: rowHash) {
                    found.append((bytes, mapKey, table.entries[slot].value))
                } else if !table.isGone(row, hash: rowHash) {
                    var decoder = StateDecoder([UInt8](valueBytes))
                    found.append((bytes, mapKey, try store.valueCodec.decode(&decoder)))
                }
                return true
            }
        } catch { store.failure.note(error) }
        return next
    }

    /// Removes a key's entries, or those of a range.
    @usableFromInline
    func removeAll(_ key: Key, hash: UInt64, in range: (from: [UInt8], to: [UInt8]?) = ([], nil)) {
        var gone: [MapKey] = []
        walk(key, hash: hash, in: range) { mapKey, _ in
            gone.append(mapKey)
            return true
        }
        // In pieces: removing fetches.
        var start = 0
        while start < gone.count {
            let piece = gone[start..<Swift.min(start + 1_024, gone.count)]
            let rows = piece.map { Pair(key, $0) }
            let hashes = piece.map { self.hash(hash, $0) }
            table.prepare(rows, hashes: hashes, count: rows.count)
            for (row, hash) in zip(rows, hashes) { table.remove(row, hash: hash) }
            start += piece.count
        }
        if range.from.isEmpty && range.to == nil { remember(key, hash: hash, [], isComplete: true) }
    }

    // MARK: the part

    func put(_ key: Key, _ mapKey: MapKey, _ entry: Expiring<Value>) { set(key, hash: key.stableHash, mapKey, entry) }

    func drop(_ key: Key, _ mapKey: MapKey) { remove(key, hash: key.stableHash, mapKey) }

    func dropAll(_ key: Key) { removeAll(key, hash: key.stableHash) }

    func forEach(_ body: (Key, MapKey, Expiring<Value>) throws -> Void) rethrows {
        try table.forEachUnchanged { try body($0.first, $0.second, $1) }
    }

    func forEach(of key: Key, _ body: (MapKey, Expiring<Value>) throws -> Void) rethrows {
        try walk(key, hash: key.stableHash) {
            try body($0, $1)
            return true
        }
    }

    func page(
        _ place: TablePlace, limit: Int, _ body: (Key, MapKey, Expiring<Value>) throws -> Void
    ) throws -> TablePlace? {
        try table.page(place, limit: limit) { row, entry in
            try body(row.first, row.second, entry)
            return 1
        }
    }

    func capture(_ mode: CaptureMode, now: @escaping () -> Int64) -> any StateCapture {
        let capture = table.capture(mode) { [codec] key, entry, rows in
            try codec.append(codec.bytes(of: key.first), key.first.stableHash, key.second, entry, to: &rows)
        }
        capture.onForsaken = { [weak self] in self?.forgetKnown() }
        return capture
    }
}

extension StateTable {
    /// Whether an entry is here and was changed since it was last written or captured.
    @usableFromInline
    func isDirty(_ key: Key, hash: UInt64) -> Bool {
        slot(of: key, hash: hash).map { tags[$0] & TableFlags.dirty != 0 } ?? false
    }
}
