/// Maps per key.
extension KeyedStateStore {
    /// A state that holds a map per key.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    ///   - timeToLive: how long each entry lives. By default they don't expire.
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func map<MapKey: StreamKey, Value: Sendable>(
        _ name: String, from keys: MapKey.Type = MapKey.self, to values: Value.Type = Value.self,
        codec: StateCodec<Value>? = nil, timeToLive: TimeToLive? = nil
    ) throws -> MapState<Key, MapKey, Value> {
        typealias Map = StateTable<MapKey, Expiring<Value>>
        let values = codec ?? .automatic
        let whole = Map.codec(values: values, expires: timeToLive != nil)
        let lifetime = Lifetime(timeToLive)
        let rows = MapRowCodec<Key, MapKey, Value>(
            kind: "map", mapKeys: .automatic, values: values, lifetime: lifetime,
            wholeReader: { written, expires in
                let whole = Map.codec(values: values, expires: expires)
                let codec = written.map { whole.reading($0) } ?? whole
                return { row in
                    var entries: [(MapKey, Expiring<Value>)] = []
                    try codec.decode(&row).forEachUnchanged { entries.append(($0, $1)) }
                    return entries
                }
            })
        if let stored = try stored(name, rows) {
            return MapState(store: self, maps: NestedMaps(StateTable(), rows), stored: stored, lifetime: lifetime)
        }
        let maps = NestedMaps(StateTable<Key, Map>(), rows)
        try add(name, maps, rows)
        maps.table.count(
            on: TableBudget(
                step: state.step, state: name, keyCodec: rows.keys, valueCodec: whole, in: state.environment))
        preparations.append {
            maps.forgetEmptied()
            maps.table.prepare($0, hashes: $1, count: $2)
        }
        if timeToLive != nil {
            sweep(maps.table, NestedMaps<Key, MapKey, Value>.verdict) { NestedMaps<Key, MapKey, Value>.trim($0, $1) }
        }
        return MapState(store: self, maps: maps, stored: nil, lifetime: lifetime)
    }

    /// A state that holds a map per key, whose entries are in the order of their keys: times in most cases.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    ///   - timeToLive: how long each entry lives. By default they don't expire.
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func orderedMap<MapKey: StreamKey & Comparable, Value: Sendable>(
        _ name: String, from keys: MapKey.Type = MapKey.self, to values: Value.Type = Value.self,
        codec: StateCodec<Value>? = nil, timeToLive: TimeToLive? = nil
    ) throws -> OrderedMapState<Key, MapKey, Value> {
        typealias Map = OrderedEntries<MapKey, Value>
        let values = codec ?? .automatic
        let whole = Map.codec(values: values, expires: timeToLive != nil)
        let lifetime = Lifetime(timeToLive)
        let rows = MapRowCodec<Key, MapKey, Value>(
            kind: "ordered map", mapKeys: .ordered, values: values, lifetime: lifetime,
            wholeReader: { written, expires in
                let whole = Map.codec(values: values, expires: expires)
                let codec = written.map { whole.reading($0) } ?? whole
                return { row in
                    try codec.decode(&row).entries.map { ($0.key, Expiring(expiry: $0.expiry, value: $0.value)) }
                }
            })
        let stored = try stored(name, rows) { maps in
            let order = StoredOrder(maps, isOrdered: rows.isOrdered)
            return { key, from, to, body in order.walk(key, hash: key.stableHash, from: from, to: to, body) }
        }
        if let stored {
            let maps = SortedMaps(StateTable<Key, Map>(), rows)
            return OrderedMapState(
                store: self, maps: maps, stored: StoredOrder(stored, isOrdered: rows.isOrdered), lifetime: lifetime)
        }
        let maps = SortedMaps(StateTable<Key, Map>(), rows)
        try add(name, maps, rows, walk: maps.walk)
        maps.table.count(
            on: TableBudget(
                step: state.step, state: name, keyCodec: rows.keys, valueCodec: whole, in: state.environment))
        preparations.append {
            maps.forgetEmptied()
            maps.table.prepare($0, hashes: $1, count: $2)
        }
        if timeToLive != nil {
            sweep(maps.table, SortedMaps<Key, MapKey, Value>.verdict, trim: SortedMaps<Key, MapKey, Value>.trim)
        }
        return OrderedMapState(store: self, maps: maps, stored: nil, lifetime: lifetime)
    }

    private func add<MapKey, Value>(
        _ name: String, _ entries: any MapEntries<Key, MapKey, Value>, _ codec: MapRowCodec<Key, MapKey, Value>,
        walk: MapPart<Key, MapKey, Value>.RangeWalk? = nil
    ) throws {
        let part = MapPart(
            entries, codec, walk: walk, now: { [unowned self] in now }, clock: { [unowned self] in clock() })
        try state.add(name, part)
    }

    /// The maps over the worker's store; nil where it has none.
    private func stored<MapKey, Value>(
        _ name: String, _ codec: MapRowCodec<Key, MapKey, Value>,
        walk: ((StoredMaps<Key, MapKey, Value>) -> MapPart<Key, MapKey, Value>.RangeWalk)? = nil
    ) throws -> StoredMaps<Key, MapKey, Value>? {
        let environment = state.environment
        guard let store = environment.store else { return nil }
        let id = StateEnvironment.id(step: state.step, part: name)
        let table = StateTable<Pair<Key, MapKey>, Expiring<Value>>()
        let below = TableStore(
            rows: try store.rows(of: id, expiry: codec.expires ? batchTime.read : nil), keyCodec: codec.rowKeys,
            valueCodec: codec.entries, environment: environment, groupHash: { $0.first.stableHash })
        let maps = StoredMaps(table, below, codec, in: environment)
        try add(name, maps, codec, walk: walk?(maps))
        table.count(
            on: TableBudget(
                step: state.step, state: name, keyCodec: codec.rowKeys, valueCodec: codec.entries, in: environment))
        table.attach(below, rowCount: environment.rowCounts[id] ?? 0)
        preparations.append { _, _, _ in maps.beginBatch() }
        if codec.expires {
            sweep(table) {
                $0.expiry <= $1 ? .remove : .keep
            } trim: { _, _ in
            }
        }
        return maps
    }
}
