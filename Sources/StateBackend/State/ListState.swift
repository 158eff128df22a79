/// A list per key; shows the current key's.
///
/// A handle belongs to one worker.
public final class ListState<Key: StreamKey, Element: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table: StateTable<Key, [Element]>

    init(store: KeyedStateStore<Key>, table: StateTable<Key, [Element]>) {
        self.store = store
        self.table = table
    }

    /// The current key's elements, in the order in which they were added; set to an empty array to remove them.
    @inlinable
    public var elements: [Element] {
        get {
            guard let key = store.currentKey else { return [] }
            return table.peek(key, hash: store.currentHash)?.pointee ?? []
        }
        set {
            guard let key = store.currentKey else { return }
            if newValue.isEmpty {
                table.remove(key, hash: store.currentHash)
            } else {
                table.upsert(key, hash: store.currentHash, newValue).pointee = newValue
            }
        }
    }

    /// The number of the current key's elements.
    @inlinable
    public var count: Int {
        guard let key = store.currentKey else { return 0 }
        return table.peek(key, hash: store.currentHash)?.pointee.count ?? 0
    }

    /// Adds an element to the current key's list.
    @inlinable
    public func append(_ element: Element) {
        guard let key = store.currentKey else { return }
        table.upsert(key, hash: store.currentHash, []).pointee.append(element)
    }

    /// Removes the current key's elements.
    @inlinable
    public func removeAll() {
        guard let key = store.currentKey else { return }
        table.remove(key, hash: store.currentHash)
    }
}
