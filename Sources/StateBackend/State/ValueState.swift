/// One value, or nothing, per key; shows the current key's.
///
/// A handle belongs to one worker.
public final class ValueState<Key: StreamKey, Value: Sendable> {
    @usableFromInline let store: KeyedStateStore<Key>
    @usableFromInline let table: StateTable<Key, Value>
    /// Holds the values instead of `table` where they expire.
    @usableFromInline let expiring: ExpiringTable<Key, Value>?
    /// Where the value was that was read last: nearly always the one that is written next.
    @usableFromInline @exclusivity(unchecked) var lastSlot = 0

    @usableFromInline
    init(store: KeyedStateStore<Key>, table: StateTable<Key, Value>, expiring: ExpiringTable<Key, Value>?) {
        self.store = store
        self.table = table
        self.expiring = expiring
    }

    /// The current key's value; nil when it has none, and set to nil to remove it.
    @inlinable
    public var value: Value? {
        @inline(__always) get {
            guard let key = store.currentKey else { return nil }
            if let expiring { return expiring.read(key, hash: store.currentHash, now: store.now) }
            guard let slot = table.slotToRead(key, hash: store.currentHash) else { return nil }
            lastSlot = slot
            return table.value(at: slot).pointee
        }
        @inline(__always) set {
            guard let key = store.currentKey else { return }
            if let expiring {
                if let newValue {
                    expiring.write(key, hash: store.currentHash, now: store.now, newValue)
                } else {
                    expiring.table.remove(key, hash: store.currentHash)
                }
                return
            }
            guard let newValue else {
                table.remove(key, hash: store.currentHash)
                return
            }
            if let known = table.find(key, hash: store.currentHash, at: lastSlot) {
                known.pointee = newValue
            } else {
                table.upsert(key, hash: store.currentHash, newValue).pointee = newValue
            }
        }
    }

    /// Changes the current key's value in place, beginning with `initial` where there is none.
    @inlinable
    public func update<Result>(
        default initial: @autoclosure () -> Value, _ body: (inout Value) throws -> Result
    ) rethrows -> Result? {
        guard let key = store.currentKey else { return nil }
        if let expiring {
            return try expiring.modify(key, hash: store.currentHash, now: store.now, { initial() }, body)
        }
        return try body(&table.upsert(key, hash: store.currentHash, initial()).pointee)
    }
}
