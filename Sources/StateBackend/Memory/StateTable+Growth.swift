/// How a table comes by more slots.
///
/// A small table is moved into new memory in one piece. A large one grows where it is, a stretch of slots at a time
/// (linear hashing: Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980): its memory is doubled
/// in place, and inserts split what lies in the old slots, from the first to the last. Entries whose home by the old mask
/// is below ``StateTable/split`` have the home that the new mask gives them, all others stay where they are.
extension StateTable {
    @inlinable @inline(__always)
    package var isGrowing: Bool { split != .max }

    /// Makes room for one more entry: its slot, which is `slot` unless others have moved.
    @inlinable @inline(never)
    func makeRoom(_ slot: Int, hash: UInt64) -> Int {
        if isGrowing {
            let isNearlyFull = size >= (half &+ 1) / 16 &* 15
            guard size & growth.interval == 0 || isNearlyFull || size >= limit || isFar(slot, from: hash) else {
                return slot
            }
            if isNearlyFull { finishGrowth() } else { splitSome() }
        } else if size < limit {
            if let budget, !budget.mayGrow(mask &+ 1) { return slot }
            grow()
            budget?.charge(self)
        }
        if size >= limit { makeRoom() }
        var slot = home(hash)
        while tags[slot] != 0 { slot = (slot &+ 1) & mask }
        return slot
    }

    /// Whether a key's slot is so far from its home that its part of the table is too full, though the whole isn't.
    ///
    /// Keys that come in the order of another table's slots, as from a snapshot, fill the first slots far more than the
    /// others: to find a free one among them would take ever longer.
    @inlinable @inline(__always)
    func isFar(_ slot: Int, from hash: UInt64) -> Bool {
        (slot &- home(hash)) & mask > 256 && size &* 4 > mask && store == nil
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
        if byteCount < growth.stepwiseFrom { moveAll(capacity &* 2) } else { beginGrowth() }
        limit = capacity / 2 * 3
    }

    /// Moves everything into new memory.
    @inlinable
    func moveAll(_ capacity: Int) {
        let oldTags = tags
        let oldEntries = entries
        let oldCapacity = mask &+ 1
        (tags, entries) = Self.allocate(capacity)
        setCapacity(capacity)
        split = .max
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
        split = 0
        // What goes on at the first slots, as what began at the last ones did, has to go on behind those now.
        var behind = capacity
        var end = 0
        while tags[end] != 0 {
            if home(entries[end].key.stableHash) > end {
                move(end, to: behind)
                behind &+= 1
            }
            end &+= 1
        }
        putHome(0, end)
        splitSome()
    }

    @inlinable
    func finishGrowth() {
        while isGrowing { splitSome() }
    }

    /// Splits the next slots, and those behind them up to a free one.
    @inlinable
    func splitSome() {
        let start = split
        var end = Swift.min(start &+ growth.slots, half &+ 1)
        while tags[end] != 0 { end &+= 1 }
        // So long a run, which only tables of some slots have, would reach what is moved up out of it.
        if end > start &+ half { return moveAll(mask &+ 1) }
        split = end > half ? .max : end
        putHome(start, end)
    }

    /// Moves all entries of some slots, behind which one is free, each to the first free slot from its home on.
    ///
    /// In order. So that is its own slot, or one before it, or one in the upper half; and no entry is left behind a slot
    /// that becomes free later.
    @inlinable
    func putHome(_ start: Int, _ end: Int) {
        // From `start` to here none is free, so that long runs take no longer than others.
        var free = start
        var slot = start
        while slot < end {
            defer { slot &+= 1 }
            if tags[slot] == 0 { continue }
            var place = home(entries[slot].key.stableHash)
            if place <= slot {
                while free < slot && tags[free] != 0 { free &+= 1 }
                if place < free { place = free }
                while place < slot && tags[place] != 0 { place &+= 1 }
            } else {
                while place != slot && tags[place] != 0 { place = (place &+ 1) & mask }
            }
            if place != slot { move(slot, to: place) }
        }
    }

    @inlinable @inline(__always)
    func move(_ slot: Int, to place: Int) {
        // It may move to where the capture has been already.
        if let capturing, place < capturing.cursor, (tags[slot] ^ hot) & TableFlags.phase != 0 { capturing.take(slot) }
        tags[place] = tags[slot]
        tags[slot] = 0
        (entries + place).moveInitialize(from: entries + slot, count: 1)
    }

    @inlinable @inline(__always)
    func setCapacity(_ capacity: Int) {
        mask = capacity &- 1
        homeMask = mask & Self.lineMask
        half = mask &>> 1
    }

    /// Makes room for so many keys, if the table is empty, keeps them in memory and may take as much.
    @usableFromInline
    func reserve(_ count: Int) {
        let capacity = Self.capacity(for: count)
        guard size == 0, store == nil, capacity > mask + 1 else { return }
        if let budget, budget.allowance.left < Self.byteCount(capacity: capacity) { return }
        replaceMemory(capacity: capacity)
    }

    /// Takes new memory; the table must be empty.
    @usableFromInline
    func replaceMemory(capacity: Int) {
        Self.free(tags, entries, mask + 1)
        (tags, entries) = Self.allocate(capacity)
        setCapacity(capacity)
        split = .max
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
