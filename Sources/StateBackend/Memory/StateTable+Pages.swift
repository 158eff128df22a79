/// How far a reader has come of a table that goes on changing between the pieces that are read.
///
/// Valid whatever happens to the table meanwhile: it names hashes and rows, not slots.
package struct TablePlace: Sendable {
    /// A row's place in a store.
    struct Row: Sendable {
        let group: Int
        let key: [UInt8]

        /// Whether the row comes before another in the store's order.
        func precedes(_ group: Int, _ key: some Collection<UInt8>) -> Bool {
            self.group != group ? self.group < group : self.key.lexicographicallyPrecedes(key)
        }
    }

    /// The number of keys that are noted together; more where a key group has more.
    static var notedAtOnce: Int { 1 << 16 }
    /// The slots that may be looked at for each entry that is wanted.
    static var slotsPerEntry: Int { 64 }

    /// The key groups of the table, and those of them that are still to be read.
    private let groups: Range<Int>
    private(set) var left: Range<Int>
    /// Where the walk through memory goes on; nil once it is done.
    var cursor: UInt64? = 0
    /// The groups whose rows are read together.
    private(set) var span = 0..<0
    /// The keys of those groups that were in memory, as they were found: a piece per page, since pages can't add to an
    /// array that their caller has as well without copying it.
    var found: [[Row]] = []
    /// The same in the store's order, once all are found; and the next of them.
    private(set) var noted: [Row] = []
    var nextNoted = 0
    /// The row of the store with which to go on; nil for the first.
    var start: Row?

    /// The beginning of a table that has the given key groups.
    package init(groups: Range<Int>) {
        self.groups = groups
        left = groups
    }

    /// Begins with the next groups: with so many that about ``notedAtOnce`` keys of them are in memory.
    mutating func beginSpan(_ keysInMemory: Int) {
        let count = Swift.max(1, groups.count * Self.notedAtOnce / Swift.max(keysInMemory, Self.notedAtOnce))
        span = left.prefix(count)
        left = left.dropFirst(count)
        (cursor, found, noted, nextNoted, start) = (0, [], [], 0, nil)
    }

    /// Does what can be done for the next page without the table, so that its worker needn't.
    package mutating func prepare() {
        guard cursor == nil, !found.isEmpty else { return }
        noted = found.flatMap { $0 }
        noted.sort { $0.precedes($1.group, $1.key) }
        found = []
    }
}

/// Reading a table piece by piece, while it is used and changed between the pieces.
///
/// A key that is there all the time is handed out exactly once, with the value that it has at that moment. One that comes
/// or goes meanwhile is handed out once or not at all.
///
/// One exception: a store may drop rows that have expired (``StoredRows``). A key that only the store had when its group's
/// keys were noted, that was fetched since and lives longer in memory than its row says, isn't handed out when the store
/// drops that row before the walk comes to it.
extension StateTable {
    /// Hands about `limit` entries, or fewer, to `body`; returns where to go on, or nil at the end.
    ///
    /// Entries that only the store has don't come into memory. It is merged with what is in memory by the order of its
    /// rows: so the keys that are in memory are noted first, those of some key groups at a time. A key that isn't among
    /// them is in the store and stays there, wherever else it comes to be.
    ///
    /// - Parameter body: returns how many of `limit` the entry counts for.
    /// - Throws: what the store throws, and what `body` does.
    func page(_ place: TablePlace, limit: Int, _ body: (Key, Value) throws -> Int) throws -> TablePlace? {
        var place = place
        guard let store else {
            place.cursor = try walk(from: place.cursor ?? 0, limit: limit, body)
            return place.cursor == nil ? nil : place
        }
        if place.span.isEmpty {
            if place.left.isEmpty { return nil }
            place.beginSpan(size)
        }
        if let cursor = place.cursor {
            try note(cursor, &place, store, limit)
            return place
        }
        place.prepare()
        guard try readMerged(&place, store, limit, body) else { return place }
        if place.left.isEmpty { return nil }
        place.beginSpan(size)
        return place
    }

    private func note(
        _ cursor: UInt64, _ place: inout TablePlace, _ store: TableStore<Key, Value>, _ limit: Int
    ) throws {
        let span = place.span
        var found: [TablePlace.Row] = []
        place.cursor = try walk(from: cursor, limit: limit) { key, _ in
            let group = store.keyGroups.group(ofHash: store.rowHash(key))
            guard span.contains(group) else { return 0 }
            var encoder = StateEncoder()
            try store.encodeKey(key, &encoder)
            found.append(TablePlace.Row(group: group, key: encoder.bytes))
            return 1
        }
        if !found.isEmpty { place.found.append(found) }
    }

    /// Hands entries of the store and noted ones out, in the order of the store; whether there are no more of the span.
    private func readMerged(
        _ place: inout TablePlace, _ store: TableStore<Key, Value>, _ limit: Int,
        _ body: (Key, Value) throws -> Int
    ) throws -> Bool {
        var count = 0
        var end: TablePlace.Row?
        func takeNoted() throws {
            // One that isn't in memory any more is gone, or the store has it and comes to it: the scan has begun no later.
            let key = try place.noted[place.nextNoted].key.withUnsafeBytes(store.decodeKey)
            place.nextNoted += 1
            count += 1
            if let slot = slot(of: key, hash: key.stableHash) { count += try body(key, entries[slot].value) - 1 }
        }
        let first = place.start?.group ?? place.span.lowerBound
        if first < place.span.upperBound {
            let groups = first..<place.span.upperBound
            try store.scan(groups: groups, prefix: store.range.prefix, from: place.start?.key ?? []) {
                group, keyBytes, valueBytes in
                while count < limit, place.nextNoted < place.noted.count,
                    place.noted[place.nextNoted].precedes(group, keyBytes)
                { try takeNoted() }
                guard count < limit else {
                    end = TablePlace.Row(group: group, key: [UInt8](keyBytes))
                    return false
                }
                if place.nextNoted < place.noted.count, place.noted[place.nextNoted].group == group,
                    place.noted[place.nextNoted].key.elementsEqual(keyBytes)
                {
                    place.nextNoted += 1
                }
                count += 1
                let key = try store.decodeKey(keyBytes)
                let hash = key.stableHash
                if let slot = slot(of: key, hash: hash) {
                    count += try body(key, entries[slot].value) - 1
                } else if !isGone(key, hash: hash) {
                    var decoder = StateDecoder([UInt8](valueBytes))
                    count += try body(key, try store.valueCodec.decode(&decoder)) - 1
                }
                return true
            }
        }
        if end == nil {
            while count < limit && place.nextNoted < place.noted.count { try takeNoted() }
            if place.nextNoted == place.noted.count { return true }
        }
        // Noted keys that are still to come may get rows of their own until then, before `end`.
        if place.nextNoted < place.noted.count {
            let next = place.noted[place.nextNoted]
            if end.map({ next.precedes($0.group, $0.key) }) ?? true { end = next }
        }
        place.start = end
        return false
    }

    /// Hands the entries in memory to `body` until they count for about `limit`, or ``TablePlace/slotsPerEntry`` times as
    /// many slots were looked at; returns where to go on, or nil.
    ///
    /// In the order of the hashes' bits from the lowest on (as Redis's SCAN: "reverse binary iteration"). The keys of a
    /// slot's home are a range in that order, and when the table has twice or half the slots, the two halves of one, or
    /// half of one: so the order doesn't depend on how large the table is.
    private func walk(
        from start: UInt64, limit: Int, _ body: (Key, Value) throws -> Int
    ) rethrows -> UInt64? {
        let lineBits = (~Self.lineMask).nonzeroBitCount
        // While the table grows some homes are split and others aren't, so both halves of one are looked at.
        let capacity = (isGrowing ? half : mask) + 1
        let bits = Swift.max(0, capacity.trailingZeroBitCount - lineBits)
        var cursor = start
        var count = 0
        var slots = 0
        func visit(_ home: Int) throws {
            var slot = home
            while tags[slot] != 0 {
                let hash = entries[slot].key.stableHash
                if self.home(hash) == home, (hash >> UInt64(lineBits)).withReversedBits >= cursor {
                    count += try body(entries[slot].key, entries[slot].value)
                }
                slots += 1
                slot = (slot + 1) & mask
            }
        }
        while true {
            let home = Int(truncatingIfNeeded: cursor.withReversedBits & (1 << UInt64(bits) - 1)) << lineBits
            try visit(home)
            if isGrowing { try visit(home | capacity) }
            slots += 1
            guard bits > 0 else { return nil }
            let step: UInt64 = 1 << UInt64(64 - bits)
            let (next, isAtEnd) = (cursor & ~(step - 1)).addingReportingOverflow(step)
            if isAtEnd { return nil }
            cursor = next
            if count >= limit || slots >= limit * TablePlace.slotsPerEntry { return cursor }
        }
    }
}

extension UInt64 {
    /// The same bits, the lowest first.
    var withReversedBits: UInt64 {
        var bits = self
        bits = (bits >> 1) & 0x5555_5555_5555_5555 | (bits & 0x5555_5555_5555_5555) << 1
        bits = (bits >> 2) & 0x3333_3333_3333_3333 | (bits & 0x3333_3333_3333_3333) << 2
        bits = (bits >> 4) & 0x0F0F_0F0F_0F0F_0F0F | (bits & 0x0F0F_0F0F_0F0F_0F0F) << 4
        return bits.byteSwapped
    }
}
