/// The keyed state of one step on one worker: named states, and the key whose values they show at the moment.
///
/// The runtime sets the current key before each call of user code; the handles that the store gives out then read and
/// write that key's values. State is identified by its name, which must be unique within the step, and is saved by the
/// codec of its type (``StateCodec/automatic`` unless another is given).
public final class KeyedStateStore<Key: StreamKey> {
    @usableFromInline @exclusivity(unchecked) var currentKey: Key?
    @usableFromInline @exclusivity(unchecked) var currentHash: UInt64 = 0
    @usableFromInline var preparations: [(UnsafePointer<Key>, UnsafePointer<UInt64>, Int) -> Void] = []
    /// The step's state, to which the store adds.
    let state: StepState

    /// A store that adds its states to `state`.
    public init(_ state: StepState = StepState()) { self.state = state }

    /// Makes `key` the one whose values the handles show.
    @inlinable @inline(__always)
    public func select(_ key: Key, hash: UInt64) {
        currentKey = key
        currentHash = hash
    }

    /// Says which keys are about to be selected, so that their values can be fetched all at once.
    @inlinable
    public func prepare(_ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, count: Int) {
        for prepare in preparations { prepare(keys, hashes, count) }
    }

    /// A table of the step's state whose values are fetched ahead.
    func table<Value>(
        _ name: String, kind: String, codec: StateCodec<Value>?
    ) throws -> StateTable<Key, Value> {
        let table: StateTable<Key, Value> = try state.table(name, kind: kind, codec: codec)
        preparations.append { table.prepare($0, hashes: $1, count: $2) }
        return table
    }

    /// The states' names with the number of keys that have a value.
    public var keyCounts: [(name: String, count: Int)] {
        state.names.map { name in
            var count = 0
            state[name]?.inspect { _, _ in count += 1 }
            return (name, count)
        }
    }

    /// The current key's hash.
    @inlinable public var selectedHash: UInt64 { currentHash }

    /// A state that holds one value, or nothing, per key.
    ///
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func value<Value: Sendable>(
        _ name: String, of type: Value.Type = Value.self, codec: StateCodec<Value>? = nil
    ) throws -> ValueState<Key, Value> {
        ValueState(store: self, table: try table(name, kind: "value", codec: codec))
    }

    /// A state that holds a list per key.
    ///
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func list<Element: Sendable>(
        _ name: String, of type: Element.Type = Element.self, codec: StateCodec<Element>? = nil
    ) throws -> ListState<Key, Element> {
        ListState(store: self, table: try table(name, kind: "list", codec: (codec ?? .automatic).array))
    }

    /// A state that holds a map per key.
    ///
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func map<MapKey: StreamKey, Value: Sendable>(
        _ name: String, from keys: MapKey.Type = MapKey.self, to values: Value.Type = Value.self,
        codec: StateCodec<Value>? = nil
    ) throws -> MapState<Key, MapKey, Value> {
        let codec = StateTable<MapKey, Value>.codec(values: codec ?? .automatic)
        return MapState(store: self, table: try table(name, kind: "map", codec: codec))
    }

    /// A state that holds the combination of the values added per key.
    ///
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func reducing<Value: Sendable>(
        _ name: String, of type: Value.Type = Value.self, codec: StateCodec<Value>? = nil,
        _ combine: @escaping @Sendable (Value, Value) -> Value
    ) throws -> ReducingState<Key, Value> {
        ReducingState(store: self, table: try table(name, kind: "reducing", codec: codec), combine: combine)
    }
}
