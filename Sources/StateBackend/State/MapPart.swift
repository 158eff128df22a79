/// A map state as a part of a step's state: a row is a key, a map key and a value.
final class MapPart<Key: StreamKey, MapKey: StreamKey, Value>: StatePart {
    private let entries: any MapEntries<Key, MapKey, Value>
    private let codec: MapRowCodec<Key, MapKey, Value>
    /// The time by which entries are captured, that of the batch; and the time by which they are shown.
    private let now: () -> Int64
    private let clock: () -> Int64
    /// The time by which what was written with a time to live has expired.
    private let restoreClock: () -> Int64
    private var reader: MapRowReader<Key, MapKey, Value>
    /// Walks through a range of a key's entries in order, until its last argument returns false; nil where they have none.
    private let walk: RangeWalk?

    typealias RangeWalk = (
        _ key: Key, _ from: MapKey, _ to: MapKey, _ body: (MapKey, Expiring<Value>) -> Bool
    ) -> Void

    init(
        _ entries: any MapEntries<Key, MapKey, Value>, _ codec: MapRowCodec<Key, MapKey, Value>, walk: RangeWalk?,
        now: @escaping () -> Int64, clock: @escaping () -> Int64
    ) {
        self.walk = walk
        self.entries = entries
        self.codec = codec
        self.now = codec.expires ? now : { .min }
        self.clock = codec.expires ? clock : { .min }
        restoreClock = clock
        reader = MapRowReader(codec, nil, now: 0)
    }

    var distribution: StateDistribution { .keyed }

    var isStored: Bool { entries.isStored }

    var schema: StateSchema { codec.schema }

    func save(into rows: inout StateRows) throws {
        let now = now()
        try entries.forEach { key, mapKey, entry in
            if entry.expiry > now { try codec.append(codec.bytes(of: key), key.stableHash, mapKey, entry, to: &rows) }
        }
    }

    func capture(_ mode: CaptureMode) throws -> any StateCapture { entries.capture(mode, now: now) }

    func prepareToLoad(_ written: StateSchema) { reader = MapRowReader(codec, written, now: restoreClock()) }

    func load(_ row: inout StateDecoder) throws {
        let key = try reader.key(&row)
        guard let whole = reader.whole else {
            let mapKey = try reader.mapKey(&row)
            guard let entry = try reader.entry(&row) else { return entries.drop(key, mapKey) }
            return entries.put(key, mapKey, entry)
        }
        let read = try whole(&row)
        // A later row of a key replaces the whole map.
        entries.dropAll(key)
        for (mapKey, entry) in read {
            if let entry = reader.adopt(entry) { entries.put(key, mapKey, entry) }
        }
    }

    func unload(_ row: inout StateDecoder) throws {
        let key = try reader.key(&row)
        if reader.whole != nil { entries.dropAll(key) } else { entries.drop(key, try reader.mapKey(&row)) }
    }

    func inspect(_ body: (Any, Any) throws -> Void) rethrows {
        for (key, map) in all() { try body(key, map) }
    }

    private func all() -> [Key: [MapKey: Value]] {
        let time = clock()
        var all: [Key: [MapKey: Value]] = [:]
        entries.forEach { key, mapKey, entry in if entry.expiry > time { all[key, default: [:]][mapKey] = entry.value }
        }
        return all
    }
}

extension MapPart: StateLookup {
    func look<SomeKey: StreamKey, SomeValue>(up key: SomeKey, of values: SomeValue.Type) throws -> SomeValue? {
        guard let key = key as? Key else { throw mismatch(SomeKey.self, SomeValue.self) }
        let time = clock()
        var map: [MapKey: Value] = [:]
        entries.forEach(of: key) { mapKey, entry in if entry.expiry > time { map[mapKey] = entry.value } }
        guard !map.isEmpty else { return nil }
        guard let found = map as? SomeValue else { throw mismatch(SomeKey.self, SomeValue.self) }
        return found
    }

    func entries<SomeKey: StreamKey, SomeValue>(
        keys: SomeKey.Type, values: SomeValue.Type
    ) throws -> [SomeKey: SomeValue] {
        let all = all()
        if all.isEmpty { return [:] }
        guard let found = all as? [SomeKey: SomeValue] else { throw mismatch(SomeKey.self, SomeValue.self) }
        return found
    }

    func page<SomeKey: StreamKey, SomeValue>(
        keys: SomeKey.Type, values: SomeValue.Type, from place: TablePlace, limit: Int
    ) throws -> LookupPage<SomeKey, SomeValue> {
        let time = clock()
        var maps: [(key: Key, map: [MapKey: Value])] = []
        let next = try entries.page(place, limit: limit) { key, mapKey, entry in
            guard entry.expiry > time else { return }
            if let last = maps.last, Key.same(last.key, key) {
                maps[maps.count - 1].map[mapKey] = entry.value
            } else {
                maps.append((key, [mapKey: entry.value]))
            }
        }
        let found = try maps.map { key, map -> (key: SomeKey, value: SomeValue) in
            guard let key = key as? SomeKey, let map = map as? SomeValue else {
                throw mismatch(SomeKey.self, SomeValue.self)
            }
            return (key, map)
        }
        return LookupPage(entries: found, next: next)
    }

    func scan<SomeKey: StreamKey, SomeMapKey: StreamKey, SomeValue>(
        _ key: SomeKey, in range: (from: SomeMapKey, to: SomeMapKey), limit: Int, values: SomeValue.Type
    ) throws -> [(key: SomeMapKey, value: SomeValue)] {
        guard let walk else { throw unordered() }
        guard let key = key as? Key, let from = range.from as? MapKey, let to = range.to as? MapKey,
            Value.self == SomeValue.self
        else { throw mismatch(SomeKey.self, [SomeMapKey: SomeValue].self) }
        let time = clock()
        var found: [(key: SomeMapKey, value: SomeValue)] = []
        guard limit > 0 else { return [] }
        walk(key, from, to) { mapKey, entry in
            if entry.expiry > time, let mapKey = mapKey as? SomeMapKey, let value = entry.value as? SomeValue {
                found.append((mapKey, value))
            }
            return found.count < limit
        }
        return found
    }
}
