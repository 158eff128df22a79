/// The combination of the values added, per key; shows the current key's.
///
/// A handle belongs to one worker.
public final class ReducingState<Key: StreamKey, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table: StateTable<Key, Value>
    @usableFromInline let combine: @Sendable (Value, Value) -> Value

    init(
        store: KeyedStateStore<Key>, table: StateTable<Key, Value>,
        combine: @escaping @Sendable (Value, Value) -> Value
    ) {
        self.store = store
        self.table = table
        self.combine = combine
    }

    /// The current key's combination; nil when nothing was added.
    @inlinable
    public var value: Value? {
        guard let key = store.currentKey else { return nil }
        return table.peek(key, hash: store.currentHash)?.pointee
    }

    /// Combines a value with the current key's, and returns the new combination.
    @inlinable
    @discardableResult
    public func add(_ value: Value) -> Value {
        guard let key = store.currentKey else { return value }
        var result = value
        table.update(
            key, hash: store.currentHash, insert: { value },
            update: {
                $0 = combine($0, value)
                result = $0
            })
        return result
    }

    /// Removes the current key's combination.
    @inlinable
    public func remove() {
        guard let key = store.currentKey else { return }
        table.remove(key, hash: store.currentHash)
    }
}
