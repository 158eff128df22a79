/// A hash table from keys to values: the memory backend's store and the operators' working memory.
///
/// Open addressing with linear probing; a byte of tag per slot (0 = empty, else 0x80 and seven bits of hash), keys and
/// values inline beside each other, capacity a power of two, at most 3/4 full, removal by shifting back (so there are
/// no tombstones). Memory is mapped, on huge pages when large. A table belongs to one worker.
///
/// Access is meant batch-wise: ``prefetch(hash:)`` for all keys of a batch, then ``upsert(_:hash:_:)`` for each.
///
/// Invariants: (1) `tags[i] != 0` exactly where `entries[i]` is initialised; (2) between the home slot of an entry and
/// its slot no tag is 0; (3) a pointer to a value is valid until the next insertion or removal.
public final class StateTable<Key: StreamKey, Value> {
    /// A key and its value, as they lie in memory.
    @frozen
    public struct Entry {
        /// The key.
        public var key: Key
        /// The value.
        public var value: Value

        @inlinable @inline(__always)
        init(key: Key, value: Value) {
            self.key = key
            self.value = value
        }
    }

    // Exclusive access to these is not checked at run time, which would cost several nanoseconds per record: invariant
    // (4): no closure that a method is handed may use the same table.
    @usableFromInline @exclusivity(unchecked) var tags: UnsafeMutablePointer<UInt8>
    @usableFromInline @exclusivity(unchecked) var entries: UnsafeMutablePointer<Entry>
    @usableFromInline @exclusivity(unchecked) var mask: Int
    @usableFromInline @exclusivity(unchecked) var limit: Int

    @usableFromInline @exclusivity(unchecked) var size = 0

    /// The number of keys.
    @inlinable public var count: Int { size }

    /// An empty table with room for `minimumCapacity` keys before it grows.
    public init(minimumCapacity: Int = 8) {
        var capacity = 16
        while capacity / 4 * 3 < minimumCapacity { capacity *= 2 }
        (tags, entries) = Self.allocate(capacity)
        mask = capacity - 1
        limit = capacity / 4 * 3
    }

    deinit {
        removeEntries()
        Self.free(tags, entries, mask + 1)
    }

    /// The bytes that the table occupies, without what keys and values refer to.
    public var byteCount: Int { (mask + 1) * (MemoryLayout<Entry>.stride + 1) }

    /// Asks the memory system for the slot of a key with this hash.
    @inlinable @inline(__always)
    public func prefetch(hash: UInt64) {
        let home = Int(truncatingIfNeeded: hash) & mask
        prefetchForWriting(tags + home)
        prefetchForWriting(entries + home)
    }

    /// The value of `key`, or nil.
    @inlinable @inline(__always)
    public func find(_ key: Key, hash: UInt64) -> UnsafeMutablePointer<Value>? {
        let tag = Self.tag(hash)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = tags[slot]
            if found == tag && Key.same(entries[slot].key, key) { return value(at: slot) }
            if found == 0 { return nil }
            slot = (slot &+ 1) & mask
        }
    }

    /// The value of `key`, inserted with `initial` when the key is new.
    @inlinable @inline(__always)
    public func upsert(
        _ key: Key, hash: UInt64, _ initial: @autoclosure () throws -> Value
    ) rethrows -> UnsafeMutablePointer<Value> {
        let tag = Self.tag(hash)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = tags[slot]
            if found == tag && Key.same(entries[slot].key, key) { return value(at: slot) }
            if found == 0 { break }
            slot = (slot &+ 1) & mask
        }
        return insert(Entry(key: key, value: try initial()), tag: tag, hash: hash, slot: slot)
    }

    /// Changes the value of `key`, or inserts what `insert` makes when the key is new.
    @inlinable @inline(__always)
    public func update(
        _ key: Key, hash: UInt64, insert makeValue: () throws -> Value, update change: (inout Value) throws -> Void
    ) rethrows {
        let tag = Self.tag(hash)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = tags[slot]
            if found == tag && Key.same(entries[slot].key, key) {
                try change(&value(at: slot).pointee)
                return
            }
            if found == 0 { break }
            slot = (slot &+ 1) & mask
        }
        _ = insert(Entry(key: key, value: try makeValue()), tag: tag, hash: hash, slot: slot)
    }

    /// Removes `key` and returns its value, or nil when it isn't there.
    @inlinable
    @discardableResult
    public func remove(_ key: Key, hash: UInt64) -> Value? {
        let tag = Self.tag(hash)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = tags[slot]
            if found == tag && Key.same(entries[slot].key, key) { break }
            if found == 0 { return nil }
            slot = (slot &+ 1) & mask
        }
        let removed = (entries + slot).move()
        tags[slot] = 0
        size &-= 1
        closeGap(at: slot)
        return removed.value
    }

    /// Calls `body` with every key and value, in no particular order.
    ///
    /// The table must not be changed meanwhile.
    @inlinable
    public func forEach(_ body: (Key, inout Value) throws -> Void) rethrows {
        guard count > 0 else { return }
        for slot in 0...mask where tags[slot] != 0 {
            try body(entries[slot].key, &entries[slot].value)
        }
    }

    /// Moves every entry out to `body`, in no particular order, and leaves the table empty with its capacity.
    ///
    /// When `body` throws, the entries not yet visited are dropped.
    @inlinable
    public func drain(_ body: (consuming Entry) throws -> Void) rethrows {
        guard count > 0 else { return }
        defer { if count > 0 { removeEntries() } }
        var slot = 0
        let capacity = mask &+ 1
        while slot < capacity {
            // Eight tags at a time over the empty stretches.
            let word = UnsafeRawPointer(tags + slot).loadUnaligned(as: UInt64.self)
            if word == 0 {
                slot &+= 8
                continue
            }
            for i in slot..<(slot &+ 8) where tags[i] != 0 {
                tags[i] = 0
                size &-= 1
                try body((entries + i).move())
            }
            slot &+= 8
        }
    }

    /// Removes everything; the capacity stays.
    public func removeAll() { removeEntries() }

    @inlinable @inline(__always)
    static func tag(_ hash: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: hash &>> 48) | 0x80 }

    @inlinable @inline(__always)
    func value(at slot: Int) -> UnsafeMutablePointer<Value> {
        UnsafeMutableRawPointer(entries + slot).advanced(by: Self.valueOffset).assumingMemoryBound(to: Value.self)
    }

    /// A struct's second field begins at the first's size, rounded up to the second's alignment.
    @inlinable @inline(__always)
    static var valueOffset: Int {
        let alignment = MemoryLayout<Value>.alignment
        return (MemoryLayout<Key>.size &+ alignment &- 1) & ~(alignment &- 1)
    }

    @inlinable
    func insert(_ entry: consuming Entry, tag: UInt8, hash: UInt64, slot: Int) -> UnsafeMutablePointer<Value> {
        var slot = slot
        if count >= limit {
            grow()
            slot = Int(truncatingIfNeeded: hash) & mask
            while tags[slot] != 0 { slot = (slot &+ 1) & mask }
        }
        tags[slot] = tag
        (entries + slot).initialize(to: entry)
        size &+= 1
        return value(at: slot)
    }

    @inlinable
    func grow() {
        let oldTags = tags
        let oldEntries = entries
        let oldCapacity = mask &+ 1
        (tags, entries) = Self.allocate(oldCapacity &* 2)
        mask = oldCapacity &* 2 &- 1
        limit = oldCapacity / 2 * 3
        for old in 0..<oldCapacity where oldTags[old] != 0 {
            var slot = Int(truncatingIfNeeded: oldEntries[old].key.stableHash) & mask
            while tags[slot] != 0 { slot = (slot &+ 1) & mask }
            tags[slot] = oldTags[old]
            (entries + slot).moveInitialize(from: oldEntries + old, count: 1)
        }
        Self.free(oldTags, oldEntries, oldCapacity)
    }

    /// Shifts entries back so that no probe sequence has a hole where `gap` is now.
    @inlinable
    func closeGap(at gap: Int) {
        var gap = gap
        var slot = (gap &+ 1) & mask
        while tags[slot] != 0 {
            let home = Int(truncatingIfNeeded: entries[slot].key.stableHash) & mask
            // The entry may move when its home doesn't lie after the gap, going around.
            if (slot &- home) & mask >= (slot &- gap) & mask {
                tags[gap] = tags[slot]
                (entries + gap).moveInitialize(from: entries + slot, count: 1)
                tags[slot] = 0
                gap = slot
            }
            slot = (slot &+ 1) & mask
        }
    }

    @usableFromInline
    func removeEntries() {
        guard count > 0 else { return }
        for slot in 0...mask where tags[slot] != 0 {
            (entries + slot).deinitialize(count: 1)
            tags[slot] = 0
        }
        size = 0
    }

    @usableFromInline
    static func allocate(_ capacity: Int) -> (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Entry>) {
        let tagMemory = TableMemory.allocate(byteCount: capacity)
        let entryMemory = TableMemory.allocate(byteCount: capacity * MemoryLayout<Entry>.stride)
        return (
            tagMemory.bindMemory(to: UInt8.self, capacity: capacity),
            entryMemory.bindMemory(to: Entry.self, capacity: capacity)
        )
    }

    @usableFromInline
    static func free(_ tags: UnsafeMutablePointer<UInt8>, _ entries: UnsafeMutablePointer<Entry>, _ capacity: Int) {
        TableMemory.free(tags, byteCount: capacity)
        TableMemory.free(entries, byteCount: capacity * MemoryLayout<Entry>.stride)
    }
}
