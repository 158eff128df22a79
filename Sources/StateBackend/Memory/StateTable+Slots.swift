/// How entries come into slots, move between them and leave.
extension StateTable {
    @inlinable
    func insert(_ entry: consuming Entry, tag: UInt8, hash: UInt64, slot: Int) -> UnsafeMutablePointer<Value> {
        var flags = hot | TableFlags.fresh
        if notesRemovals && wasRemoved(entry.key, hash: hash) { flags = hot }
        let slot = place(entry, tag: tag | flags, hash: hash, slot: slot)
        return value(at: slot)
    }

    /// Puts an entry into the first free slot from `slot` on, which is free if the table needn't grow.
    @inlinable
    func place(_ entry: consuming Entry, tag: UInt8, hash: UInt64, slot: Int) -> Int {
        var slot = slot
        if size >= limit {
            makeRoom()
            slot = home(hash)
            while tags[slot] != 0 { slot = (slot &+ 1) & mask }
        }
        tags[slot] = tag
        (entries + slot).initialize(to: entry)
        size &+= 1
        return slot
    }

    /// Takes an entry out of its slot.
    @inlinable
    func takeOut(_ slot: Int) -> Entry {
        let removed = (entries + slot).move()
        tags[slot] = 0
        size &-= 1
        closeGap(at: slot)
        return removed
    }

    @inlinable
    func makeRoom() {
        if let budget { return makeRoom(within: budget) }
        grow()
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
            var slot = home(oldEntries[old].key.stableHash)
            while tags[slot] != 0 { slot = (slot &+ 1) & mask }
            tags[slot] = oldTags[old]
            (entries + slot).moveInitialize(from: oldEntries + old, count: 1)
        }
        Self.free(oldTags, oldEntries, oldCapacity)
        restartCapture()
    }

    /// Shifts entries back so that no probe sequence has a hole where `gap` is now.
    @inlinable
    func closeGap(at gap: Int) {
        var gap = gap
        var slot = (gap &+ 1) & mask
        while tags[slot] != 0 {
            let home = self.home(entries[slot].key.stableHash)
            // The entry may move when its home doesn't lie after the gap, going around.
            if (slot &- home) & mask >= (slot &- gap) & mask {
                // It may move to where the capture has been already.
                if (tags[slot] ^ hot) & TableFlags.phase != 0 { captureIfNeeded(slot) }
                tags[gap] = tags[slot]
                (entries + gap).moveInitialize(from: entries + slot, count: 1)
                tags[slot] = 0
                gap = slot
            }
            slot = (slot &+ 1) & mask
        }
    }

    @inlinable
    func removeEntries() {
        guard size > 0 else { return }
        if !_isPOD(Entry.self) {
            for slot in 0...mask where tags[slot] != 0 { (entries + slot).deinitialize(count: 1) }
        }
        tags.update(repeating: 0, count: mask + 1)
        size = 0
    }

    /// As `drain`, telling the capture and the store.
    @inlinable
    func drainNoted(_ body: (consuming Entry) throws -> Void) rethrows {
        for slot in 0...mask where tags[slot] != 0 {
            if capturing != nil { captureIfNeeded(slot) }
            if notesRemovals && tags[slot] & TableFlags.fresh == 0 {
                noteRemoval(slot, hash: entries[slot].key.stableHash)
            }
        }
        defer { removeEntries() }
        for slot in 0...mask where tags[slot] != 0 {
            tags[slot] = 0
            size &-= 1
            try body((entries + slot).move())
        }
        if isStored { try drainStored(body) }
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

    @inlinable
    static func byteCount(capacity: Int) -> Int { capacity * (MemoryLayout<Entry>.stride + 1) }
}
