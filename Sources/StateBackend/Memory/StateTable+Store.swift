/// A table over a store: entries are fetched when they are asked for and evicted when there is no room.
extension StateTable {
    /// Puts a store below the table, which must be empty.
    ///
    /// - Parameter rowCount: the number of rows that the store has.
    @usableFromInline
    func attach(_ store: TableStore<Key, Value>, rowCount: Int) {
        self.store = store
        storedOnly = rowCount
        isStored = true
        notesRemovals = true
        removed = StateTable<Key, Void>()
    }

    /// Fetches the entry of a key that isn't here; its slot, or nil when the store doesn't have it either.
    @inlinable
    func fetch(_ key: Key, hash: UInt64) -> Int? {
        guard let store, storedOnly > 0, !isGone(key, hash: hash), store.absent.slot(of: key, hash: hash) == nil
        else { return nil }
        var found: Value?
        do { try store.read([key], [hash]) { found = $1 } } catch { store.failure.note(error) }
        return found.map { placeFetched(Entry(key: key, value: $0), hash: hash) }
    }

    /// Whether the key was removed, which the store may not know yet.
    @inlinable
    func isGone(_ key: Key, hash: UInt64) -> Bool {
        removed?.slot(of: key, hash: hash) != nil || capturing?.removals?.slot(of: key, hash: hash) != nil
    }

    /// Fetches the entries of all those keys that aren't here.
    @inlinable
    func fetch(_ keys: UnsafePointer<Key>, hashes: UnsafePointer<UInt64>, count: Int) {
        prefetch(hashes: hashes, count: count)
        guard let store else { return }
        if !(_isPOD(Key.self) && _isPOD(Value.self)) { lookAtMemory(store, announced: count) }
        guard storedOnly > 0 else { return }
        store.absent.removeAll()
        var missing: [Key] = []
        var missingHashes: [UInt64] = []
        swap(&missing, &store.missing)
        swap(&missingHashes, &store.missingHashes)
        defer {
            missing.removeAll(keepingCapacity: true)
            missingHashes.removeAll(keepingCapacity: true)
            swap(&missing, &store.missing)
            swap(&missingHashes, &store.missingHashes)
        }
        for i in 0..<count {
            if let slot = slot(of: keys[i], hash: hashes[i]) {
                tags[slot] |= TableFlags.recent
                continue
            }
            // Absent until it is found; that also keeps a key from being asked for twice.
            if isGone(keys[i], hash: hashes[i]) || store.absent.slot(of: keys[i], hash: hashes[i]) != nil { continue }
            _ = store.absent.upsert(keys[i], hash: hashes[i], ())
            missing.append(keys[i])
            missingHashes.append(hashes[i])
        }
        guard !missing.isEmpty else { return }
        // Placed once all are read: to make room for them the store may have to be written to.
        var found: [(index: Int, value: Value)] = []
        found.reserveCapacity(missing.count)
        do { try store.read(missing, missingHashes) { found.append(($0, $1)) } } catch { store.failure.note(error) }
        for (index, _) in found { store.absent.remove(missing[index], hash: missingHashes[index]) }
        for (index, value) in found {
            _ = placeFetched(Entry(key: missing[index], value: value), hash: missingHashes[index])
        }
    }

    /// Places an entry that the store has, too.
    @inlinable
    func placeFetched(_ entry: consuming Entry, hash: UInt64) -> Int {
        var slot = home(hash)
        while tags[slot] != 0 { slot = (slot &+ 1) & mask }
        storedOnly -= 1
        return place(entry, tag: Self.tag(hash) | hot & ~(TableFlags.dirty | TableFlags.recent), hash: hash, slot: slot)
    }

    /// Lets some of the entries go, up to a quarter unless it is said otherwise: those that weren't used since the last time, and their changes to the
    /// store.
    ///
    /// The clock algorithm: the hand visits slot after slot and takes every entry that it finds for the second time
    /// without a use in between. Not more at once than what sorted files gain by, since the rows take memory.
    /// - Returns: whether any went.
    @inlinable
    func evict(over store: TableStore<Key, Value>, share: Int = 4) throws -> Bool {
        let wanted = Swift.max(1, Swift.min(size / share, TableFlags.evictedAtOnce, evictable))
        store.settle()
        if store.gate.isHeld, cleanEntries() < wanted { try store.gate.open() }
        var victims: [Int] = []
        victims.reserveCapacity(wanted)
        var changes = StateRows()
        if let capturing {
            // What was taken counts as clean, but the store hasn't got it yet.
            try capturing.flush(to: store)
        } else if !store.gate.isHeld {
            try writeRemovals(to: store)
        }
        // The hand goes round in strides of the golden ratio. From slot to slot it would leave an empty stretch behind
        // and find all others full, whose probe sequences would be as long as the stretch.
        let stride = Int(Double(mask + 1) * 0.618_033_988_749_895) | 1
        // The second round finds what the first one marked.
        for _ in 0..<(2 * (mask + 1)) where victims.count < wanted {
            let slot = (store.hand &* stride) & mask
            store.hand = (store.hand + 1) & mask
            let tag = tags[slot]
            if tag == 0 { continue }
            if tag & TableFlags.recent != 0 {
                tags[slot] = tag & ~TableFlags.recent
                continue
            }
            if tag & TableFlags.dirty != 0 {
                if store.gate.isHeld { continue }
                try writeRow(at: slot, store, &changes)
            }
            victims.append(slot)
        }
        try store.write(changes)
        // Their slots change as others close the gaps, their keys don't.
        let keys = victims.map { entries[$0].key }
        for key in keys {
            let hash = key.stableHash
            guard let slot = slot(of: key, hash: hash) else { continue }
            captureIfNeeded(slot)
            _ = takeOut(slot)
            // It was, perhaps, when its batch was announced.
            if store.absent.size > 0 { store.absent.remove(key, hash: hash) }
            storedOnly += 1
        }
        return !keys.isEmpty
    }

    /// Lets all entries go that can, and gives the memory back.
    func spill() {
        guard let store else { return }
        do { while size > 0, try evict(over: store, share: 1) {} } catch { store.failure.note(error) }
        guard size == 0 else { return }
        replaceMemory(capacity: 16)
    }

    /// Tells the store which keys were removed, so that they needn't be remembered any longer.
    @usableFromInline
    func writeRemovals(to store: TableStore<Key, Value>) throws {
        guard let removed, removed.size > 0 else { return }
        var rows = StateRows()
        try removed.forEachUnchanged { key, _ in
            try rows.appendRemoval(hash: store.rowHash(key)) { try store.encodeKey(key, &$0) }
        }
        try store.write(rows)
        removed.removeAll()
    }

    @inlinable
    func cleanEntries() -> Int {
        var count = 0
        for slot in 0...mask where tags[slot] != 0 && tags[slot] & TableFlags.dirty == 0 { count += 1 }
        return count
    }

    @inlinable
    func writeRow(at slot: Int, _ store: TableStore<Key, Value>, _ rows: inout StateRows) throws {
        let key = entries[slot].key
        try rows.append(hash: store.rowHash(key)) {
            try store.encodeKey(key, &$0)
        } value: {
            try store.valueCodec.encode(entries[slot].value, into: &$0)
        }
        tags[slot] &= ~(TableFlags.dirty | TableFlags.fresh)
    }

    /// Calls `body` with every entry that only the store has.
    ///
    /// - Parameter changing: whether a changed value is to be kept.
    @usableFromInline
    func forEachStored(changing: Bool, _ body: (Key, inout Value) throws -> Void) rethrows {
        guard let store, storedOnly > 0 else { return }
        var place = StoredPlace()
        // Not put into the table before the end: what would have to make room for them might come once more.
        var waiting: [Entry] = []
        defer {
            for entry in waiting { upsert(entry.key, hash: entry.key.stableHash, entry.value).pointee = entry.value }
        }
        while !place.isAtEnd {
            var (entries, bytes) = storedEntries(store, &place)
            var changes = StateRows()
            var changed: [Entry] = []
            defer { if !writeChanges(changes, to: store) { waiting += changed } }
            for i in entries.indices {
                defer {
                    if changing, noteChange(of: entries[i], bytes[i], store, &changes) { changed.append(entries[i]) }
                }
                try body(entries[i].key, &entries[i].value)
            }
        }
    }

    private func noteChange(
        of entry: Entry, _ bytes: [UInt8], _ store: TableStore<Key, Value>, _ changes: inout StateRows
    ) -> Bool {
        do {
            var encoder = StateEncoder()
            try store.valueCodec.encode(entry.value, into: &encoder)
            guard encoder.bytes != bytes else { return false }
            try changes.append(hash: store.rowHash(entry.key)) {
                try store.encodeKey(entry.key, &$0)
            } value: {
                $0.bytes.append(contentsOf: encoder.bytes)
            }
        } catch { store.failure.note(error) }
        return true
    }

    /// Whether the changes could be written now.
    private func writeChanges(_ changes: StateRows, to store: TableStore<Key, Value>) -> Bool {
        guard !changes.isEmpty else { return true }
        do {
            if store.gate.isHeld { try store.gate.open() }
            guard !store.gate.isHeld else { return false }
            try store.write(changes)
        } catch { store.failure.note(error) }
        return true
    }

    /// Calls `body` with every entry that only the store has, and removes it.
    @usableFromInline
    func drainStored(_ body: (consuming Entry) throws -> Void) rethrows {
        guard let store, storedOnly > 0 else { return }
        defer { storedOnly = 0 }
        var place = StoredPlace()
        while !place.isAtEnd {
            for entry in storedEntries(store, &place).entries {
                _ = removed?.upsert(entry.key, hash: entry.key.stableHash, ())
                try body(entry)
            }
        }
    }

    /// Moves every entry out to `body`, in no particular order, before the owner drops the table with its rows.
    ///
    /// As ``drain(_:)``; but what the store has is left there, instead of remembering all of it as removed.
    @inlinable
    public func drainBeforeDrop(_ body: (consuming Entry) throws -> Void) rethrows {
        guard isStored else { return try drain(body) }
        defer { forget() }
        // First, while it can be told what is here as well.
        try forEachStored(changing: false) { try body(Entry(key: $0, value: $1)) }
        for slot in 0...mask where tags[slot] != 0 {
            if capturing != nil { captureIfNeeded(slot) }
            tags[slot] = 0
            size &-= 1
            try body((entries + slot).move())
        }
    }

    /// Empties the table; what the store has of it is for its owner to remove.
    @usableFromInline
    func forget() {
        if capturing != nil {
            for slot in 0...mask where tags[slot] != 0 { captureIfNeeded(slot) }
        }
        removeEntries()
        storedOnly = 0
        removed?.removeAll()
    }

    /// How far a walk through a store has come.
    private struct StoredPlace {
        var group = 0
        var start: [UInt8] = []
        var isAtEnd = false
    }

    /// The next entries that only the store has, with the bytes of their values.
    private func storedEntries(
        _ store: TableStore<Key, Value>, _ place: inout StoredPlace
    ) -> (entries: [Entry], bytes: [[UInt8]]) {
        var found: [Entry] = []
        var bytes: [[UInt8]] = []
        var next = StoredPlace(isAtEnd: true)
        do {
            let groups = Swift.max(place.group, store.range.groups.lowerBound)..<store.range.groups.upperBound
            try store.scan(groups: groups, prefix: store.range.prefix, from: place.start) {
                group, keyBytes, valueBytes in
                if found.count == 1_024 {
                    next = StoredPlace(group: group, start: [UInt8](keyBytes))
                    return false
                }
                let key = try store.decodeKey(keyBytes)
                let hash = key.stableHash
                guard slot(of: key, hash: hash) == nil, !isGone(key, hash: hash) else { return true }
                bytes.append([UInt8](valueBytes))
                var decoder = StateDecoder(bytes[bytes.count - 1])
                found.append(Entry(key: key, value: try store.valueCodec.decode(&decoder)))
                return true
            }
        } catch { store.failure.note(error) }
        place = next
        return (found, bytes)
    }
}
