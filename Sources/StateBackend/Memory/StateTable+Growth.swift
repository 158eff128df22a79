/// How a table comes by more slots.
///
/// A small table is moved into new memory in one piece. A large one grows where it is, a stretch of slots at a time
/// (linear hashing: Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980): its memory is doubled
/// in place, and inserts split what lies in the old slots, from the last to the first. Entries whose home is below
/// ``StateTable/split`` by the old mask stay where they are, all others have the home that the new mask gives them.
extension StateTable {
    /// Makes room for one more entry: its slot, which is `slot` unless others have moved.
    @inlinable @inline(never)
    func makeRoom(_ slot: Int, hash: UInt64) -> Int {
        if split > 0 {
            let isNearlyFull = size >= (half &+ 1) / 16 &* 15
            guard size & growth.interval == 0 || isNearlyFull || size >= limit else { return slot }
            if isNearlyFull { finishGrowth() } else { splitSome() }
        }
        if size >= limit { makeRoom() }
        var slot = home(hash)
        while tags[slot] != 0 { slot = (slot &+ 1) & mask }
        return slot
    }

    @inlinable
    func makeRoom() {
        if let budget { return makeRoom(within: budget) }
        grow()
    }

    /// Doubles the capacity.
    @inlinable
    func grow() {
        finishGrowth()
        let capacity = mask &+ 1
        if byteCount < growth.stepwiseFrom { growAtOnce() } else { beginGrowth() }
        limit = capacity / 2 * 3
    }

    @inlinable
    func growAtOnce() {
        let oldTags = tags
        let oldEntries = entries
        let oldCapacity = mask &+ 1
        (tags, entries) = Self.allocate(oldCapacity &* 2)
        setCapacity(oldCapacity &* 2)
        for old in 0..<oldCapacity where oldTags[old] != 0 {
            var slot = home(oldEntries[old].key.stableHash)
            while tags[slot] != 0 { slot = (slot &+ 1) & mask }
            tags[slot] = oldTags[old]
            (entries + slot).moveInitialize(from: oldEntries + old, count: 1)
        }
        Self.free(oldTags, oldEntries, oldCapacity)
        restartCapture()
    }

    @inlinable
    func beginGrowth() {
        let capacity = mask &+ 1
        (tags, entries) = Self.double(tags, entries, capacity)
        setCapacity(capacity &* 2)
        // What goes on at the first slots, as what began at the last ones did, has to come behind those now: first, and
        // beginning after a free slot.
        var free = 0
        while tags[free] != 0 { free &+= 1 }
        split = capacity
        splitSome(downTo: free &+ 1)
        for slot in 0..<free { putHome(slot) }
    }

    @inlinable
    func finishGrowth() {
        while split > 0 { splitSome() }
    }

    /// Splits the next slots, down to the first of those that are full there, but none below `least`.
    @inlinable
    func splitSome(downTo least: Int = 0) {
        let end = split
        var start = Swift.max(end &- growth.slots, least)
        while start > least && tags[start &- 1] != 0 { start &-= 1 }
        split = start
        var slot = start
        // In order, each to the first free slot from its home on: that is its own, or one before it, or in the upper half.
        // So none is left behind a slot that becomes free later.
        while slot < end || tags[slot] != 0 {
            if tags[slot] != 0 { putHome(slot) }
            slot &+= 1
        }
    }

    /// Moves the entry at `slot` to the first free slot from its home on.
    @inlinable @inline(__always)
    func putHome(_ slot: Int) {
        var place = home(entries[slot].key.stableHash)
        if place == slot { return }
        let tag = tags[slot]
        tags[slot] = 0
        while tags[place] != 0 { place = (place &+ 1) & mask }
        tags[place] = tag
        if place == slot { return }
        if let capturing, place < capturing.cursor, (tag ^ hot) & TableFlags.phase != 0 {
            // It moves to where the capture has been already.
            tags[slot] = tag
            capturing.take(slot)
            tags[place] = tags[slot]
            tags[slot] = 0
        }
        (entries + place).moveInitialize(from: entries + slot, count: 1)
    }

    @inlinable @inline(__always)
    func setCapacity(_ capacity: Int) {
        mask = capacity &- 1
        half = mask &>> 1
    }

    /// Gives an empty table room for so many keys, unless it is larger, or its owner has less memory than that.
    @inlinable
    public func reserveCapacity(_ minimumCapacity: Int) {
        let wanted = Self.capacity(for: minimumCapacity)
        let capacity = mask &+ 1
        guard size == 0, capturing == nil, wanted > capacity else { return }
        if let budget, !budget.mayReserve(wanted) { return }
        replaceMemory(capacity: wanted)
    }

    /// Takes new memory; the table must be empty.
    @usableFromInline
    func replaceMemory(capacity: Int) {
        Self.free(tags, entries, mask + 1)
        (tags, entries) = Self.allocate(capacity)
        setCapacity(capacity)
        split = 0
        limit = capacity / 4 * 3
        restartCapture()
        budget?.charge(self)
    }

    /// The slots of a table that holds so many keys.
    @usableFromInline
    static func capacity(for count: Int) -> Int {
        var capacity = 16
        while capacity / 4 * 3 < count { capacity *= 2 }
        return capacity
    }

    @usableFromInline
    static func allocate(_ capacity: Int) -> (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Entry>) {
        let entryBytes = capacity * MemoryLayout<Entry>.stride
        let isMapped = TableMemory.isMapped(entryBytes: entryBytes)
        return bound(
            TableMemory.allocate(byteCount: capacity, isMapped: isMapped),
            TableMemory.allocate(byteCount: entryBytes, isMapped: isMapped), capacity)
    }

    /// Doubles memory where it is.
    ///
    /// Entries move as bytes, as values of all types may that don't hold weak references.
    @usableFromInline
    static func double(
        _ tags: UnsafeMutablePointer<UInt8>, _ entries: UnsafeMutablePointer<Entry>, _ capacity: Int
    ) -> (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Entry>) {
        let entryBytes = capacity * MemoryLayout<Entry>.stride
        let wasMapped = TableMemory.isMapped(entryBytes: entryBytes)
        let isMapped = TableMemory.isMapped(entryBytes: entryBytes * 2)
        return bound(
            TableMemory.double(tags, byteCount: capacity, isMapped: isMapped, wasMapped: wasMapped),
            TableMemory.double(entries, byteCount: entryBytes, isMapped: isMapped, wasMapped: wasMapped), capacity * 2)
    }

    private static func bound(
        _ tags: UnsafeMutableRawPointer, _ entries: UnsafeMutableRawPointer, _ capacity: Int
    ) -> (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Entry>) {
        (tags.bindMemory(to: UInt8.self, capacity: capacity), entries.bindMemory(to: Entry.self, capacity: capacity))
    }

    @usableFromInline
    static func free(_ tags: UnsafeMutablePointer<UInt8>, _ entries: UnsafeMutablePointer<Entry>, _ capacity: Int) {
        let entryBytes = capacity * MemoryLayout<Entry>.stride
        let isMapped = TableMemory.isMapped(entryBytes: entryBytes)
        TableMemory.free(tags, isMapped: isMapped, byteCount: capacity)
        TableMemory.free(entries, isMapped: isMapped, byteCount: entryBytes)
    }

    @inlinable
    static func byteCount(capacity: Int) -> Int { capacity * (MemoryLayout<Entry>.stride + 1) }
}
