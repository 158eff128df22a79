/// A map whose entries are in the order of their keys: a sorted array, of which the front can go without moving the rest.
@frozen
@usableFromInline
struct OrderedEntries<MapKey: StreamKey & Comparable, Value> {
    @frozen
    @usableFromInline
    struct Entry {
        @usableFromInline let key: MapKey
        @usableFromInline var expiry: Int64
        @usableFromInline var value: Value

        @inlinable
        init(key: MapKey, expiry: Int64, value: Value) {
            self.key = key
            self.expiry = expiry
            self.value = value
        }
    }

    @usableFromInline var entries: ArraySlice<Entry> = []
    /// Whether a capture has had the entries, so that changes are noted from then on.
    @usableFromInline var notesChanges = false
    /// Keys that were set or removed since then; nil stands for none.
    @usableFromInline var changes: StateTable<MapKey, Void>?

    @inlinable
    init() {}

    /// The first index whose key is not before `key`.
    @inlinable
    func index(of key: MapKey) -> Int {
        // Most entries come last.
        if let last = entries.last, last.key < key { return entries.endIndex }
        var low = entries.startIndex
        var high = entries.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The index of the entry of `key`.
    @inlinable
    func find(_ key: MapKey) -> Int? {
        let index = index(of: key)
        return index < entries.endIndex && entries[index].key == key ? index : nil
    }

    @inlinable
    mutating func set(_ key: MapKey, _ value: Value, expiry: Int64) {
        note(key)
        let index = index(of: key)
        if index < entries.endIndex && entries[index].key == key {
            entries[index].value = value
            entries[index].expiry = expiry
        } else {
            entries.insert(Entry(key: key, expiry: expiry, value: value), at: index)
        }
    }

    @inlinable
    mutating func refresh(_ index: Int, _ expiry: Int64) {
        note(entries[index].key)
        entries[index].expiry = expiry
    }

    @inlinable
    mutating func note(_ key: MapKey) { if notesChanges { noteChange(key) } }

    @usableFromInline
    mutating func noteChange(_ key: MapKey) {
        let changes = self.changes ?? StateTable(minimumCapacity: 1)
        self.changes = changes
        _ = changes.upsert(key, hash: key.stableHash, ())
    }

    /// Notes that all entries are saved.
    mutating func markSaved(notingChanges: Bool) {
        notesChanges = notingChanges
        changes = nil
    }

    @inlinable
    mutating func remove(_ range: Range<Int>) {
        if notesChanges { for entry in entries[range] { note(entry.key) } }
        if range.lowerBound == entries.startIndex {
            entries.removeFirst(range.count)
        } else {
            entries.removeSubrange(range)
        }
    }

    /// How a map was saved as one value: as ``StateTable/codec(values:expires:)`` does, in the order of the keys.
    static func codec(values: StateCodec<Value>, expires: Bool) -> StateCodec<Self> {
        let keys = StateCodec<MapKey>.automatic
        return StateCodec<Self>(
            of: { [keys.schema, values.schema] },
            encode: { map, encoder in
                if expires { encoder.writeFixed(map.entries.reduce(Int64.min) { Swift.max($0, $1.expiry) }) }
                encoder.writeVarint(UInt64(map.entries.count))
                for entry in map.entries {
                    try keys.encode(entry.key, into: &encoder)
                    if expires { encoder.writeFixed(entry.expiry) }
                    try values.encode(entry.value, into: &encoder)
                }
            },
            decode: { written in
                let keys = keys.reading(written, 0)
                let values = values.reading(written, 1)
                return { decoder in
                    if expires { _ = try decoder.readFixed(Int64.self) }
                    var map = Self()
                    for _ in 0..<(try decoder.readCount()) {
                        let key = try keys.decode(&decoder)
                        let expiry = expires ? try decoder.readFixed(Int64.self) : .max
                        if let last = map.entries.last, last.key >= key {
                            throw decoder.malformed("the keys of an ordered map are out of order")
                        }
                        map.entries.append(Entry(key: key, expiry: expiry, value: try values.decode(&decoder)))
                    }
                    return map
                }
            })
    }
}
