/// A hash table from keys to values: the memory backend's store, the cache over a store, the operators' working memory.
///
/// Open addressing with linear probing; a byte of tag per slot, keys and values inline beside each other, capacity a
/// power of two, at most 3/4 full (while it grows 15/16), removal by shifting back (so there are no tombstones). Memory is
/// mapped, on huge pages when large. A table belongs to one worker.
///
/// Access is meant batch-wise: ``prepare(_:hashes:count:)`` for all keys of a batch, then ``upsert(_:hash:_:)`` for each.
///
/// A tag is 0 for an empty slot, else 0x80, four flags and three bits of the hash. The flags let a table be captured
/// while it goes on changing, save its changes only, and be a write-back cache; see ``TableFlags``. A slot that was
/// changed before has all of them as `hot` says, so that the common access costs one comparison.
///
/// Invariants: (1) `tags[i] != 0` exactly where `entries[i]` is initialised; (2) between the home slot of an entry and
/// its slot no tag is 0; (3) a pointer to a value is valid until the next call of any method but ``value(at:)``.
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
    /// `mask` without the bits of a slot's place in its line.
    @usableFromInline @exclusivity(unchecked) var homeMask: Int
    /// The mask before the capacity was doubled.
    @usableFromInline @exclusivity(unchecked) var half: Int
    /// While the table grows step by step: the homes before this one, by the old mask, are split; else the largest number.
    @usableFromInline @exclusivity(unchecked) var split = Int.max
    @usableFromInline @exclusivity(unchecked) var limit: Int
    @usableFromInline @exclusivity(unchecked) var size = 0
    /// The flags of a slot that needs nothing done before it is changed.
    @usableFromInline @exclusivity(unchecked) var hot = TableFlags.dirty | TableFlags.recent
    /// Whether there may be rows in `store` that aren't here.
    @usableFromInline @exclusivity(unchecked) var isStored = false
    /// Whether removed keys have to be remembered.
    @usableFromInline @exclusivity(unchecked) var notesRemovals = false

    @usableFromInline @exclusivity(unchecked) var capturing: TableCapture<Key, Value>?
    /// Keys that are saved somewhere and were removed since.
    @usableFromInline @exclusivity(unchecked) var removed: StateTable<Key, Void>?
    @usableFromInline @exclusivity(unchecked) var store: TableStore<Key, Value>?
    /// What the table takes of its worker's memory; nil where nobody counts.
    @usableFromInline @exclusivity(unchecked) var budget: TableBudget<Key, Value>?
    /// Whether the next capture must be complete.
    @usableFromInline var needsCompleteCapture = true

    /// How the table grows.
    @usableFromInline package var growth = TableGrowth.standard

    /// The number of keys.
    @inlinable public var count: Int { isStored ? size &+ storedOnly : size }
    /// The number of keys that only the store has.
    @usableFromInline var storedOnly = 0

    /// An empty table with room for `minimumCapacity` keys before it grows.
    public init(minimumCapacity: Int = 8) {
        let capacity = Self.capacity(for: minimumCapacity)
        (tags, entries) = Self.allocate(capacity)
        mask = capacity - 1
        homeMask = mask & Self.lineMask
        half = mask >> 1
        limit = capacity / 4 * 3
    }

    deinit {
        removeEntries()
        Self.free(tags, entries, mask + 1)
    }

    /// The bytes that the table occupies, without what keys and values refer to.
    @inlinable public var byteCount: Int { Self.byteCount(capacity: mask + 1) }

    /// Where the search for a key begins: at the start of a cache line of entries, where several lie in one, so that a
    /// search rarely needs a second line.
    @inlinable @inline(__always)
    func home(_ hash: UInt64) -> Int {
        let home = Int(truncatingIfNeeded: hash) & homeMask
        let old = home & half
        return old < split ? home : old
    }

    @inlinable @inline(__always)
    static var lineMask: Int {
        let stride = MemoryLayout<Entry>.stride
        return stride <= 8 ? ~7 : stride <= 16 ? ~3 : stride <= 32 ? ~1 : ~0
    }

    /// Asks the memory system for the slot of a key with this hash.
    @inlinable @inline(__always)
    public func prefetch(hash: UInt64) {
        let slot = home(hash)
        prefetchForWriting(tags + slot)
        prefetchForWriting(entries + slot)
        // The rest of a wide entry, and the start of the next one, which it may be in instead.
        if MemoryLayout<Entry>.stride > 16 { prefetchForWriting(UnsafeRawPointer(entries + slot) + 63) }
    }

    /// Says that these keys are about to be looked up: fetches their slots, from memory or, all at once, from the store.
    ///
    /// - Parameter ahead: how many slots to fetch from memory at most. Who gives it has the others fetched by
    ///   ``prefetch(hashes:count:)``, so that what comes first isn't pushed out of the cache by what comes last.
    @inlinable @inline(__always)
    public func prepare(
        _ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, count: Int, ahead: Int = .max
    ) {
        if isStored {
            fetch(keys, hashes: hashes, count: count)
            return
        }
        if !(_isPOD(Key.self) && _isPOD(Value.self)), let budget { lookAtMemory(budget) }
        prefetch(hashes: hashes, count: Swift.min(count, ahead))
    }

    /// Asks the memory system for the slots of keys with these hashes, where the table doesn't lie in the cache anyway.
    @inlinable @inline(__always)
    public func prefetch(hashes: UnsafePointer<UInt64>, count: Int) {
        guard count > 0, isLarge else { return }
        for i in 0..<count { prefetch(hash: hashes[i]) }
    }

    /// How many keys' slots are best fetched at a time, while as many are worked on.
    ///
    /// A processor has only so many requests under way: of 64 keys asked for at once a good part was not there in time
    /// (73 ns a key where each had to wait, against 28 for eight, and 39 one by one).
    @inlinable public static var keysAhead: Int { 8 }

    /// The value of `key`, to be changed; nil when there is none.
    @inlinable @inline(__always)
    public func find(_ key: Key, hash: UInt64) -> UnsafeMutablePointer<Value>? {
        let (slot, isFound) = locate(key, hash: hash)
        if isFound { return valueToChange(at: slot, hash: hash) }
        guard isStored, let fetched = fetch(key, hash: hash) else { return nil }
        touch(fetched)
        return value(at: fetched)
    }

    /// As ``find(_:hash:)``, for a key that was at `slot` a moment ago; nil when it isn't there any more.
    @inlinable @inline(__always)
    func find(_ key: Key, hash: UInt64, at slot: Int) -> UnsafeMutablePointer<Value>? {
        let slot = slot & mask
        guard tags[slot] & TableFlags.none == Self.tag(hash), Key.same(entries[slot].key, key) else { return nil }
        return valueToChange(at: slot, hash: hash)
    }

    @inlinable @inline(__always)
    func valueToChange(at slot: Int, hash: UInt64) -> UnsafeMutablePointer<Value> {
        if tags[slot] & TableFlags.exceptFresh != Self.tag(hash) | hot { touch(slot) }
        return value(at: slot)
    }

    /// As ``valueToChange(at:hash:)`` does for an entry whose hash isn't known.
    @inlinable @inline(__always)
    func makeReadyToChange(_ slot: Int) {
        if tags[slot] & TableFlags.exceptFresh & ~TableFlags.hash != hot | TableFlags.occupied { touch(slot) }
    }

    /// The value of `key`, only to be read; nil when there is none.
    @inlinable @inline(__always)
    public func peek(_ key: Key, hash: UInt64) -> UnsafePointer<Value>? {
        slotToRead(key, hash: hash).map { UnsafePointer(value(at: $0)) }
    }

    /// The slot of `key`, fetched from the store if need be.
    @inlinable @inline(__always)
    func slotToRead(_ key: Key, hash: UInt64) -> Int? {
        slot(of: key, hash: hash) ?? (isStored ? fetch(key, hash: hash) : nil)
    }

    /// The value of `key`, only to be read, if it is in memory; nil when it isn't, or when there is none.
    ///
    /// For asking the memory system for what the value refers to, before the key's turn comes.
    @inlinable @inline(__always)
    public func peekInMemory(_ key: Key, hash: UInt64) -> UnsafePointer<Value>? {
        slot(of: key, hash: hash).map { UnsafePointer(value(at: $0)) }
    }

    /// The value of `key`, to be changed, inserted with `initial` when the key is new.
    @inlinable @inline(__always)
    public func upsert(
        _ key: Key, hash: UInt64, _ initial: @autoclosure () throws -> Value
    ) rethrows -> UnsafeMutablePointer<Value> {
        let (slot, isFound) = locate(key, hash: hash)
        if isFound { return valueToChange(at: slot, hash: hash) }
        if isStored, let fetched = fetch(key, hash: hash) {
            touch(fetched)
            return value(at: fetched)
        }
        return insert(Entry(key: key, value: try initial()), tag: Self.tag(hash), hash: hash, slot: slot)
    }

    /// Changes the value of `key`, or inserts what `insert` makes when the key is new.
    @inlinable @inline(__always)
    public func update(
        _ key: Key, hash: UInt64, insert makeValue: () throws -> Value, update change: (inout Value) throws -> Void
    ) rethrows {
        let (slot, isFound) = locate(key, hash: hash)
        if isFound {
            try change(&valueToChange(at: slot, hash: hash).pointee)
            return
        }
        if isStored, let fetched = fetch(key, hash: hash) {
            touch(fetched)
            try change(&value(at: fetched).pointee)
            return
        }
        _ = insert(Entry(key: key, value: try makeValue()), tag: Self.tag(hash), hash: hash, slot: slot)
    }

    /// Removes `key` and returns its value, or nil when it isn't there.
    @inlinable
    @discardableResult
    public func remove(_ key: Key, hash: UInt64) -> Value? {
        guard let slot = slot(of: key, hash: hash) ?? (isStored ? fetch(key, hash: hash) : nil) else { return nil }
        if tags[slot] & TableFlags.exceptFresh != Self.tag(hash) | hot { captureIfNeeded(slot) }
        if notesRemovals { noteRemoval(slot, hash: hash) }
        return takeOut(slot).value
    }

    /// The slot of `key` in memory.
    @inlinable @inline(__always)
    func slot(of key: Key, hash: UInt64) -> Int? {
        let (slot, isFound) = locate(key, hash: hash)
        return isFound ? slot : nil
    }

    /// The slot of `key`, or the free one that it would get.
    ///
    /// Eight tags at a time, as Swiss tables look at sixteen: in a word of tags the first that equals the key's is found
    /// without a branch per slot, which at two or three slots per search would be mispredicted more often than not.
    @inlinable @inline(__always)
    func locate(_ key: Key, hash: UInt64) -> (slot: Int, isFound: Bool) {
        let tag = Self.tag(hash)
        let pattern = UInt64(tag) &* TableFlags.each
        var slot = home(hash)
        while true {
            guard slot &+ 7 <= mask else {
                // The last seven, one by one.
                let found = tags[slot]
                if found & TableFlags.none == tag && Key.same(entries[slot].key, key) { return (slot, true) }
                if found == 0 { return (slot, false) }
                slot = (slot &+ 1) & mask
                continue
            }
            let word = UInt64(littleEndian: UnsafeRawPointer(tags + slot).loadUnaligned(as: UInt64.self))
            let free = ~word & (TableFlags.each &<< 7)
            let difference = (word & (UInt64(TableFlags.none) &* TableFlags.each)) ^ pattern
            // The top bit of each byte that is zero; perhaps also of one above it that is 1, which is an entry, too.
            var candidates = (difference &- TableFlags.each) & ~difference & (TableFlags.each &<< 7)
            candidates &= (free & (0 &- free)) &- 1
            while candidates != 0 {
                let candidate = slot &+ (candidates.trailingZeroBitCount &>> 3)
                if Key.same(entries[candidate].key, key) { return (candidate, true) }
                candidates &= candidates &- 1
            }
            if free != 0 { return (slot &+ (free.trailingZeroBitCount &>> 3), false) }
            slot = (slot &+ 8) & mask
        }
    }

    /// Calls `body` with every key and value, in no particular order; a change that it makes to the value stays.
    ///
    /// The table must not be used meanwhile.
    @inlinable
    public func forEach(_ body: (Key, inout Value) throws -> Void) rethrows {
        for slot in 0...mask where tags[slot] != 0 {
            makeReadyToChange(slot)
            try body(entries[slot].key, &entries[slot].value)
        }
        if isStored { try forEachStored(changing: true, body) }
    }

    /// Calls `body` with every key and value, in no particular order.
    ///
    /// The table must not be used meanwhile.
    @inlinable
    public func forEachUnchanged(_ body: (Key, Value) throws -> Void) rethrows {
        for slot in 0...mask where tags[slot] != 0 { try body(entries[slot].key, entries[slot].value) }
        if isStored { try forEachStored(changing: false) { try body($0, $1) } }
    }

    /// Moves every entry out to `body`, in no particular order, and leaves the table empty with its capacity.
    ///
    /// When `body` throws, the entries not yet visited are dropped.
    @inlinable
    public func drain(_ body: (consuming Entry) throws -> Void) rethrows {
        guard count > 0 else { return }
        if notesRemovals || capturing != nil { return try drainNoted(body) }
        defer { removeEntries() }
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
    @inlinable
    public func removeAll() {
        if notesRemovals || capturing != nil { drainNoted { _ in } } else { removeEntries() }
    }

    @inlinable @inline(__always)
    static func tag(_ hash: UInt64) -> UInt8 {
        UInt8(truncatingIfNeeded: hash &>> 48) & TableFlags.hash | TableFlags.occupied
    }

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
}

/// The bits of a slot's tag.
@usableFromInline
enum TableFlags {
    /// Of every slot that holds an entry.
    @inlinable static var occupied: UInt8 { 0x80 }
    /// Changed since it was last captured, or written to the store.
    @inlinable static var dirty: UInt8 { 0x40 }
    /// Equal to that of `StateTable.hot` unless a capture that has begun still has to take the entry as it is.
    @inlinable static var phase: UInt8 { 0x20 }
    /// Used since the last search for entries to evict.
    @inlinable static var recent: UInt8 { 0x10 }
    /// Neither captured nor written to the store so far: nobody has to be told when it is removed.
    @inlinable static var fresh: UInt8 { 0x08 }
    /// What is left for the hash.
    @inlinable static var hash: UInt8 { 0x07 }

    @inlinable static var exceptFresh: UInt8 { ~fresh }
    /// Entries that a search for some to evict takes at most.
    @inlinable static var evictedAtOnce: Int { 1 << 16 }
    /// A mask that leaves no flags.
    @inlinable static var none: UInt8 { occupied | hash }
    /// A one in each byte of a word.
    @inlinable static var each: UInt64 { 0x0101_0101_0101_0101 }
}
