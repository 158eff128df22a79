/// Where the entries of a map state are: in tables within a table, in sorted arrays, or in a table over a store.
protocol MapEntries<Key, MapKey, Value>: AnyObject {
    associatedtype Key: StreamKey
    associatedtype MapKey: StreamKey
    associatedtype Value

    /// Whether they lie in a worker's store.
    var isStored: Bool { get }

    /// Takes in an entry as it was saved.
    func put(_ key: Key, _ mapKey: MapKey, _ entry: Expiring<Value>)

    /// Removes an entry.
    func drop(_ key: Key, _ mapKey: MapKey)

    /// Removes a key's entries.
    func dropAll(_ key: Key)

    /// Calls `body` with every entry, also those that have expired.
    func forEach(_ body: (Key, MapKey, Expiring<Value>) throws -> Void) rethrows

    /// Calls `body` with every entry of a key.
    func forEach(of key: Key, _ body: (MapKey, Expiring<Value>) throws -> Void) rethrows

    /// Begins a capture, whose rows are entries.
    ///
    /// - Parameter now: entries that have expired by then may be left out of a complete one.
    func capture(_ mode: CaptureMode, now: @escaping () -> Int64) -> any StateCapture
}

/// A map state as a part of a step's state: a row is a key, a map key and a value.
final class MapPart<Key: StreamKey, MapKey: StreamKey, Value>: StatePart {
    private let entries: any MapEntries<Key, MapKey, Value>
    private let codec: MapRowCodec<Key, MapKey, Value>
    /// The time by which entries are captured, that of the batch; and the time by which they are shown.
    private let now: () -> Int64
    private let clock: () -> Int64
    private var reader: MapRowReader<Key, MapKey, Value>

    init(
        _ entries: any MapEntries<Key, MapKey, Value>, _ codec: MapRowCodec<Key, MapKey, Value>,
        now: @escaping () -> Int64, clock: @escaping () -> Int64
    ) {
        self.entries = entries
        self.codec = codec
        self.now = codec.expires ? now : { .min }
        self.clock = codec.expires ? clock : { .min }
        reader = MapRowReader(codec, nil)
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

    func prepareToLoad(_ written: StateSchema) { reader = MapRowReader(codec, written) }

    func load(_ row: inout StateDecoder) throws {
        let key = try reader.key(&row)
        guard let whole = reader.whole else {
            return entries.put(key, try reader.mapKey(&row), try reader.entry(&row))
        }
        let read = try whole(&row)
        // A later row of a key replaces the whole map.
        entries.dropAll(key)
        for (mapKey, entry) in read { entries.put(key, mapKey, entry) }
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
        entries.forEach { key, mapKey, entry in if entry.expiry > time { all[key, default: [:]][mapKey] = entry.value } }
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
}
