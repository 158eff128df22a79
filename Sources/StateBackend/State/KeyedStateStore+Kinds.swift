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
        let values = codec ?? .automatic
        let lifetime = Lifetime(timeToLive)
        let traits = TableTraits<Expiring<Value>>(
            timeToLive: timeToLive.milliseconds,
            isExpired: { [unowned self] in $0.expiry <= now },
            // Also asked between two batches, so by the clock.
            reveal: { [unowned self] in $0.expiry <= clock() ? nil : $0.value },
            expiryTime: batchTime.read,
            adopt: { [clock] in values.expiring(at: lifetime.deadline(clock()), from: $0) })
        let table = try table(name, kind: kind, codec: values.expiring, traits: traits)
        sweep(table) {
            $0.expiry <= $1 ? .remove : .keep
        } trim: { _, _ in
        }
        return ValueState(
            store: self, table: StateTable(), expiring: ExpiringTable(table: table, lifetime: lifetime))
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
}
