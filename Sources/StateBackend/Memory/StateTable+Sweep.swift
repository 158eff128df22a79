/// What is to become of an entry that a sweep comes across.
enum SweepVerdict {
    case keep
    /// Part of its value is to go.
    case trim
    /// Nothing has to be noted of it, as nobody was told of it.
    case forget
    case remove
}

extension StateTable {
    /// Looks at the next slots, beginning where the last sweep ended, and removes what isn't wanted any more.
    ///
    /// Entries that only a store has aren't looked at.
    func sweep(_ count: Int, from hand: inout Int, _ verdict: (Value) -> SweepVerdict, trim: (inout Value) -> Void) {
        guard size > 0 else { return }
        for _ in 0..<Swift.min(count, mask + 1) {
            let slot = hand & mask
            guard tags[slot] != 0 else {
                hand = slot + 1
                continue
            }
            switch verdict(entries[slot].value) {
            case .keep: hand = slot + 1
            case .trim:
                touch(slot)
                trim(&entries[slot].value)
                hand = slot + 1
            case .forget:
                // A capture that takes it changes what is to become of it.
                if capturing != nil, (tags[slot] ^ hot) & TableFlags.phase != 0 {
                    captureIfNeeded(slot)
                } else {
                    _ = takeOut(slot)
                }
            case .remove:
                // Another entry may move to the slot, so the hand stays.
                captureIfNeeded(slot)
                if notesRemovals { noteRemoval(slot, hash: entries[slot].key.stableHash) }
                _ = takeOut(slot)
            }
        }
    }
}
