/// A table's rows as they were when the capture began, taken while the table goes on changing.
///
/// Beginning costs nothing: the table's phase turns over, so that every entry counts as not taken. Entries are then taken
/// slot by slot in ``next(_:into:)``, and before that where one is about to be changed, moved or removed. So a worker
/// never waits for more than a piece, and nothing is copied twice (copy on write by entry).
public final class TableCapture<Key: StreamKey, Value>: StateCapture {
    /// How an entry becomes a row.
    public typealias RowWriter = (_ key: Key, _ value: Value, _ rows: inout StateRows) throws -> Void

    @usableFromInline let table: StateTable<Key, Value>
    /// Whether the rows are all that the table held.
    public let isComplete: Bool
    @usableFromInline let writeRow: RowWriter
    /// What was taken and isn't handed out yet: whole pieces, and one that is being filled.
    ///
    /// Pieces, because one long array would hold the worker up whenever it grew.
    private var pieces: [StateRows] = []
    @usableFromInline @exclusivity(unchecked) var taken = StateRows()
    /// The bytes of a piece.
    @usableFromInline let pieceSize: Int
    /// Keys that were removed before the capture began, as long as nobody was told of them.
    @usableFromInline var removals: StateTable<Key, Void>?
    /// The slot at which the next piece begins.
    @usableFromInline var cursor = 0
    private var isDone = false
    @usableFromInline var error: (any Error)?
    /// The table's store when the capture began; the table may be used for other rows later.
    private let store: TableStore<Key, Value>?
    /// Called when what was captured counts as changed again.
    var onForsaken: () -> Void = {}
    /// Takes what hasn't been taken of a range of slots; formed where the types are known.
    @usableFromInline var sweep: (Range<Int>) -> Void = { _ in }
    /// Rows that only the store has.
    public private(set) var stored: (any StoredRowsView)?
    /// The number of rows when the capture began.
    public let storedRowCount: Int?
    /// The bytes of keys and values that were written to the store.
    public private(set) var storedBytes = 0

    @usableFromInline
    init(_ table: StateTable<Key, Value>, isComplete: Bool, _ writeRow: @escaping RowWriter) {
        self.table = table
        store = table.store
        self.isComplete = isComplete
        self.writeRow = writeRow
        storedRowCount = table.store == nil ? nil : table.count
        // Sorted files are cheaper the larger they are, but some of them are in memory at a time.
        let allowance = table.budget?.allowance.total ?? 0
        pieceSize = table.store == nil ? 1 << 18 : Swift.min(Swift.max(allowance / 32, 1 << 19), 1 << 21)
        if let removed = table.removed, removed.size > 0 {
            removals = removed
            table.removed = StateTable<Key, Void>()
        }
        table.hot ^= TableFlags.phase
        if let store = table.store {
            // At once: until the store knows, the table would fetch the keys from it again. Where it can't be told, the
            // table looks here.
            do { try tellRemovals(store) } catch { self.error = error }
        }
    }

    /// Takes the entry at `slot`, which must not have been taken.
    @inlinable
    func take(_ slot: Int) {
        let tag = table.tags[slot]
        var kept = tag & (TableFlags.none | TableFlags.recent)
        if isComplete && table.store == nil || tag & TableFlags.dirty != 0 {
            do {
                try writeRow(table.entries[slot].key, table.entries[slot].value, &taken)
                if taken.bytes.count >= pieceSize { cut() }
            } catch {
                self.error = self.error ?? error
                // The store doesn't get it, so that it stays a change.
                kept |= tag & (TableFlags.dirty | TableFlags.fresh)
            }
        }
        table.tags[slot] = kept | table.hot & TableFlags.phase
    }

    /// Ends the piece that is being filled.
    @usableFromInline
    func cut() {
        let (bytes, rows) = (taken.byteCount, taken.count)
        pieces.append(taken.take())
        taken.reserveCapacity(bytes: bytes + bytes / 8, rows: rows + rows / 8)
    }

    /// Begins again with the first slot: entries have moved.
    func restart() { cursor = 0 }

    /// Adds the next rows; writes them to the store where the table has one.
    public func next(_ byteLimit: Int, into rows: inout StateRows) throws -> Bool {
        guard !isDone else { return false }
        // Not all slots at once, so that a table with few changes doesn't hold the worker for long either.
        let stop = min(cursor + (1 << 17), table.mask + 1)
        // What goes to a store is gathered over several calls.
        let start = table.store == nil ? 0 : taken.byteCount
        while pieces.isEmpty && taken.byteCount - start < byteLimit && cursor < stop {
            // Each row takes more than a byte.
            let end = min(cursor + min(byteLimit, 512), stop)
            sweep(cursor..<end)
            cursor = end
        }
        if let error {
            cancel()
            throw error
        }
        if let store = table.store {
            if let piece = pieces.last {
                storedBytes += piece.byteCount
                try store.writeLater(piece)
                pieces.removeLast()
                return true
            }
            if cursor <= table.mask { return true }
            storedBytes += taken.byteCount
            if !taken.isEmpty { try store.writeLater(taken) }
            taken.removeAll()
        } else {
            if isComplete {
                removals = nil
            } else {
                try appendRemovals(&taken)
                removals = nil
            }
            let piece = pieces.popLast() ?? taken.take()
            if rows.isEmpty { rows = piece } else { rows.append(piece) }
        }
        guard cursor > table.mask && pieces.isEmpty && taken.isEmpty else { return true }
        finish()
        table.needsCompleteCapture = false
        if isComplete, let store = table.store { stored = try store.rows.view() }
        return false
    }

    /// Writes what was taken so far to the store.
    @usableFromInline
    func flush(to store: TableStore<Key, Value>) throws {
        try tellRemovals(store)
        while let piece = pieces.last {
            try store.write(piece)
            pieces.removeLast()
        }
        try store.write(taken)
        taken.removeAll()
    }

    /// Tells the store which keys were removed before the capture began.
    private func tellRemovals(_ store: TableStore<Key, Value>) throws {
        var rows = StateRows()
        try appendRemovals(&rows)
        try store.write(rows)
        storedBytes += rows.byteCount
        removals = nil
    }

    private func appendRemovals(_ rows: inout StateRows) throws {
        let store = table.store
        try removals?.forEachUnchanged { key, _ in
            try rows.appendRemoval(hash: store?.rowHash(key) ?? key.stableHash) {
                if let store { try store.encodeKey(key, &$0) } else { try StateCodec.automatic.encode(key, into: &$0) }
            }
        }
    }

    private func finish() {
        isDone = true
        table.capturing = nil
        taken = StateRows()
        pieces = []
        removals = nil
    }

    /// Gives up.
    ///
    /// What a table with a store has taken so far still goes to the store, which else would lack it. Where that can't be,
    /// it counts as changed again.
    public func cancel() {
        guard !isDone else { return }
        if let store = table.store {
            do { try flush(to: store) } catch { return forsake() }
        }
        abandon()
    }

    private func abandon() {
        for slot in cursor...Swift.max(cursor, table.mask) where slot <= table.mask {
            let tag = table.tags[slot]
            if tag != 0 && (tag ^ table.hot) & TableFlags.phase != 0 { table.tags[slot] = tag ^ TableFlags.phase }
        }
        table.needsCompleteCapture = true
        finish()
    }

    /// Gives up, though the capture may be done: the store may lack any of what was to be written there.
    ///
    /// So everything in the table counts as changed. What is no longer in it was written before it was let go of, or was
    /// removed, which the table remembers.
    public func forsake() {
        guard let store else { return cancel() }
        let removals = self.removals
        if !isDone { abandon() }
        guard table.store === store else { return }
        for slot in 0...table.mask where table.tags[slot] != 0 { table.tags[slot] |= TableFlags.dirty }
        removals?.forEachUnchanged { key, _ in
            if let slot = table.slot(of: key, hash: key.stableHash) {
                // It came back; the store has its old row.
                table.tags[slot] &= ~TableFlags.fresh
            } else {
                _ = table.removed?.upsert(key, hash: key.stableHash, ())
            }
        }
        onForsaken()
    }
}

extension StateTable {
    /// Begins a capture; a capture that is going on is cancelled.
    ///
    /// Also when a table has no store, removed keys are remembered from the first capture of changes on, so that the
    /// next one can hold changes only.
    @inlinable
    public func capture(
        _ mode: CaptureMode, _ writeRow: @escaping TableCapture<Key, Value>.RowWriter
    ) -> TableCapture<Key, Value> {
        capturing?.cancel()
        let capture = TableCapture(self, isComplete: isComplete(mode), writeRow)
        capture.sweep = { [unowned self, unowned capture] slots in
            // Not for each slot: an unowned reference is counted at each use.
            let (table, taking) = (self, capture)
            for slot in slots {
                let tag = table.tags[slot]
                if tag != 0 && (tag ^ table.hot) & TableFlags.phase != 0 { taking.take(slot) }
            }
        }
        capturing = capture
        if mode == .changes { noteRemovals() }
        return capture
    }

    /// Whether a capture that begins now is complete.
    @inlinable
    func isComplete(_ mode: CaptureMode) -> Bool {
        mode == .everything || store == nil && (capturing != nil || needsCompleteCapture || !notesRemovals)
    }

    /// Remembers from now on which keys are removed that a capture has had.
    public func noteRemovals() {
        guard !notesRemovals else { return }
        notesRemovals = true
        removed = StateTable<Key, Void>()
    }

    /// Takes out the keys that were removed since a capture had them; the next capture doesn't know of them then.
    ///
    /// For owners of several tables that write removals themselves.
    public func takeRemovals() -> [Key] {
        var keys: [Key] = []
        guard store == nil, let removed else { return keys }
        removed.forEachUnchanged { key, _ in keys.append(key) }
        removed.removeAll()
        return keys
    }

    /// Makes the entry at `slot` ready to be changed.
    @inlinable @inline(never)
    func touch(_ slot: Int) {
        if capturing != nil { captureIfNeeded(slot) }
        let found = tags[slot]
        var tag = found & (TableFlags.none | TableFlags.fresh) | hot
        // What was fetched counts as used with its second use: most keys that aren't here come once.
        if isStored && found & TableFlags.dirty == 0 { tag = tag & ~TableFlags.recent | found & TableFlags.recent }
        tags[slot] = tag
    }

    /// Lets a capture that is going on take the entry at `slot` as it is.
    @inlinable @inline(never)
    func captureIfNeeded(_ slot: Int) {
        if let capturing, (tags[slot] ^ hot) & TableFlags.phase != 0 { capturing.take(slot) }
    }

    @usableFromInline
    func restartCapture() { capturing?.restart() }

    @inlinable @inline(never)
    func noteRemoval(_ slot: Int, hash: UInt64) {
        guard tags[slot] & TableFlags.fresh == 0 else { return }
        let removed = self.removed ?? StateTable<Key, Void>(minimumCapacity: 1)
        self.removed = removed
        _ = removed.upsert(entries[slot].key, hash: hash, ())
    }

    /// Whether the key was removed before, of which nobody has to be told any more.
    @inlinable @inline(never)
    func wasRemoved(_ key: Key, hash: UInt64) -> Bool {
        guard let removed, removed.size > 0 else { return false }
        return removed.remove(key, hash: hash) != nil
    }

    /// Marks the entry of `key` as one that is saved already.
    func markLoaded(_ key: Key, hash: UInt64) {
        guard let slot = slot(of: key, hash: hash) else { return }
        tags[slot] &= ~(TableFlags.dirty | TableFlags.fresh)
    }
}
