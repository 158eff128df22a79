/// The kinds of state.
extension KeyedStateStore {
    /// A state that holds one value, or nothing, per key.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    ///   - timeToLive: how long values live. By default they don't expire.
    ///   - kind: what snapshots say of it; for handles that are made of this one.
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    @inlinable
    public func value<Value: Sendable>(
        _ name: String, of type: Value.Type = Value.self, codec: StateCodec<Value>? = nil,
        timeToLive: TimeToLive? = nil, kind: String = "value"
    ) throws -> ValueState<Key, Value> {
        guard let timeToLive else {
            return ValueState(store: self, table: try table(name, kind: kind, codec: codec), expiring: nil)
        }
        return try expiringValue(name, codec, timeToLive, kind)
    }

    @usableFromInline
    func expiringValue<Value: Sendable>(
        _ name: String, _ codec: StateCodec<Value>?, _ timeToLive: TimeToLive, _ kind: String
    ) throws -> ValueState<Key, Value> {
        let traits = TableTraits<Expiring<Value>>(
            timeToLive: timeToLive.milliseconds,
            isExpired: { [unowned self] in $0.expiry <= now },
            // Also asked between two batches, so by the clock.
            reveal: { [unowned self] in $0.expiry <= clock() ? nil : $0.value })
        let table = try table(name, kind: kind, codec: (codec ?? .automatic).expiring, traits: traits)
        sweep(table) {
            $0.expiry <= $1 ? .remove : .keep
        } trim: { _, _ in
        }
        return ValueState(
            store: self, table: StateTable(), expiring: ExpiringTable(table: table, lifetime: Lifetime(timeToLive)))
    }

    /// A state that holds a list per key.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how elements are saved. By default ``StateCodec/automatic``.
    ///   - timeToLive: how long a key's list lives. By default it doesn't expire.
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    @inlinable
    public func list<Element: Sendable>(
        _ name: String, of type: Element.Type = Element.self, codec: StateCodec<Element>? = nil,
        timeToLive: TimeToLive? = nil
    ) throws -> ListState<Key, Element> {
        ListState(
            lists: try value(name, codec: (codec ?? .automatic).array, timeToLive: timeToLive, kind: "list"))
    }

    /// A state that holds the combination of the values added per key.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    ///   - timeToLive: how long a key's combination lives. By default it doesn't expire.
    ///   - combine: combines two values.
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    @inlinable
    public func reducing<Value: Sendable>(
        _ name: String, of type: Value.Type = Value.self, codec: StateCodec<Value>? = nil,
        timeToLive: TimeToLive? = nil, _ combine: @escaping @Sendable (Value, Value) -> Value
    ) throws -> ReducingState<Key, Value> {
        ReducingState(
            values: try value(name, codec: codec, timeToLive: timeToLive, kind: "reducing"), combine: combine)
    }

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
        let expires = timeToLive != nil
        let traits = TableTraits<Map>(
            timeToLive: timeToLive?.milliseconds,
            isExpired: expires ? { [unowned self] in Self.verdict($0, now) == .remove } : nil,
            reveal: { [unowned self] map in
                var shown: [MapKey: Value] = [:]
                let now = expires ? clock() : 0
                map.forEachUnchanged { key, entry in if entry.expiry > now { shown[key] = entry.value } }
                return shown.isEmpty ? nil : shown
            })
        let table = try table(
            name, kind: "map", codec: Map.codec(values: codec ?? .automatic, expires: expires), traits: traits)
        if expires {
            sweep(table, Self.verdict) { map, now in
                var gone: [MapKey] = []
                map.forEachUnchanged { key, entry in if entry.expiry <= now { gone.append(key) } }
                for key in gone { map.remove(key, hash: key.stableHash) }
            }
        }
        return MapState(store: self, table: table, lifetime: Lifetime(timeToLive))
    }

    private static func verdict<MapKey, Value>(
        _ map: StateTable<MapKey, Expiring<Value>>, _ now: Int64
    ) -> SweepVerdict {
        var expired = 0
        map.forEachUnchanged { _, entry in if entry.expiry <= now { expired += 1 } }
        return expired == 0 ? .keep : expired == map.count ? .remove : .trim
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
        let expires = timeToLive != nil
        let traits = TableTraits<Map>(
            timeToLive: timeToLive?.milliseconds,
            isExpired: expires ? { [unowned self] map in map.entries.allSatisfy { $0.expiry <= now } } : nil,
            reveal: { [unowned self] map in
                var shown: [MapKey: Value] = [:]
                let now = expires ? clock() : 0
                for entry in map.entries where entry.expiry > now { shown[entry.key] = entry.value }
                return shown.isEmpty ? nil : shown
            })
        let table = try table(
            name, kind: "ordered map", codec: Map.codec(values: codec ?? .automatic, expires: expires),
            traits: traits)
        if expires {
            sweep(table) { map, now in
                let expired = map.entries.reduce(0) { $1.expiry <= now ? $0 + 1 : $0 }
                return expired == 0 ? .keep : expired == map.entries.count ? .remove : .trim
            } trim: { map, now in
                map.entries.removeAll { $0.expiry <= now }
            }
        }
        return OrderedMapState(store: self, table: table, lifetime: Lifetime(timeToLive))
    }
}
