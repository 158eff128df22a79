/// The keyed state of one step on one worker: named states, and the key whose values they show at the moment.
///
/// The runtime sets the current key before each call of user code; the handles that ``value(_:of:)`` gives out then
/// read and write that key's value. State is identified by its name, which must be unique within the step.
public final class KeyedStateStore<Key: StreamKey> {
    @usableFromInline @exclusivity(unchecked) var currentKey: Key?
    @usableFromInline @exclusivity(unchecked) var currentHash: UInt64 = 0
    private var names: Set<String> = []
    private var counts: [(name: String, count: () -> Int)] = []

    /// A store without states.
    public init() {}

    /// Makes `key` the one whose values the handles show.
    @inlinable @inline(__always)
    public func select(_ key: Key, hash: UInt64) {
        currentKey = key
        currentHash = hash
    }

    /// A state that holds one value, or nothing, per key.
    ///
    /// - Throws: ``StateError`` with code `duplicateState` when the step already has a state of that name.
    public func value<Value: Sendable>(
        _ name: String, of type: Value.Type = Value.self
    ) throws(StateError) -> ValueState<Key, Value> {
        guard !name.isEmpty, names.insert(name).inserted else {
            throw StateError(
                code: .duplicateState,
                message: "a step's states need distinct, non-empty names, but '\(name)' was asked for again; rename one"
            )
        }
        let state = ValueState<Key, Value>(store: self)
        counts.append((name, { state.table.count }))
        return state
    }

    /// The current key's hash.
    @inlinable public var selectedHash: UInt64 { currentHash }

    /// The states' names with the number of keys that have a value.
    public var keyCounts: [(name: String, count: Int)] { counts.map { ($0.name, $0.count()) } }
}

/// One value, or nothing, per key; shows the current key's.
///
/// A handle belongs to one worker.
public final class ValueState<Key: StreamKey, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table = StateTable<Key, Value>()

    init(store: KeyedStateStore<Key>) { self.store = store }

    /// The current key's value; nil when it has none, and set to nil to remove it.
    @inlinable
    public var value: Value? {
        get {
            guard let key = store.currentKey else { return nil }
            return table.find(key, hash: store.currentHash)?.pointee
        }
        set {
            guard let key = store.currentKey else { return }
            guard let newValue else {
                table.remove(key, hash: store.currentHash)
                return
            }
            table.upsert(key, hash: store.currentHash, newValue).pointee = newValue
        }
    }

    /// Changes the current key's value in place, beginning with `initial` where there is none.
    @inlinable
    public func update<Result>(
        default initial: @autoclosure () -> Value, _ body: (inout Value) throws -> Result
    ) rethrows -> Result? {
        guard let key = store.currentKey else { return nil }
        return try body(&table.upsert(key, hash: store.currentHash, initial()).pointee)
    }
}
