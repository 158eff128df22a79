/// How entries come into slots, move between them and leave.
extension StateTable {
    @inlinable
    func insert(_ entry: consuming Entry, tag: UInt8, hash: UInt64, slot: Int) -> UnsafeMutablePointer<Value> {
        var flags = hot | TableFlags.fresh
        if notesRemovals && wasRemoved(entry.key, hash: hash) { flags = hot }
        let slot = place(entry, tag: tag | flags, hash: hash, slot: slot)
        return value(at: slot)
    }

    /// Puts an entry into a free slot: into `slot`, which is the first that is free from the key's home on, unless entries
    /// have to move first.
    @inlinable
    func place(_ entry: consuming Entry, tag: UInt8, hash: UInt64, slot: Int) -> Int {
        var slot = slot
        if size >= limit || isGrowing || isFar(slot, from: hash) { slot = makeRoom(slot, hash: hash) }
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
        split = .max
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
}
