public import StateBackend

/// The windows (or slices) that are held, in the order of their start, each with a table of keys.
///
/// As a part of the state an entry is a key in a window. Whether a window has fired is not saved: the watermark tells.
@usableFromInline
final class WindowTables<Key: StreamKey, Accumulator: Sendable>: StatePart {
    /// A window that is held.
    @usableFromInline
    final class Window {
        @usableFromInline let window: TimeWindow
        @usableFromInline let table: StateTable<Key, Accumulator>
        @usableFromInline var hasFired = false
        /// The number of panes that a key had, for keys that had one since the window fired.
        fileprivate var panes: StateTable<Key, Int32>?

        @usableFromInline
        init(_ window: TimeWindow, table: StateTable<Key, Accumulator>) {
            self.window = window
            self.table = table
        }

        /// The revision of the next pane of `key`, in a window that has fired.
        ///
        /// - Parameter isNew: whether the key came after the window fired, so that it had no pane then.
        @usableFromInline
        func nextRevision(of key: Key, hash: UInt64, isNew: Bool) -> Int32 {
            let panes = panes ?? StateTable(minimumCapacity: 8)
            self.panes = panes
            let count = panes.upsert(key, hash: hash, isNew ? 0 : 1)
            defer { count.pointee += 1 }
            return count.pointee
        }
    }

    /// Ascending by start.
    @usableFromInline @exclusivity(unchecked) var windows: [Window] = []
    @usableFromInline @exclusivity(unchecked) var spare: [StateTable<Key, Accumulator>] = []
    private let keyCodec = StateCodec<Key>.automatic
    private let codec: StateCodec<Accumulator>
    /// Keys that a capture has had, in windows that are gone; nil before the first capture of changes.
    private var gone: [(window: TimeWindow, keys: [Key])]?
    /// Whether the next capture must be complete.
    private var needsCompleteCapture = true

    /// No windows, whose accumulators are saved by `codec`.
    @usableFromInline
    init(codec: StateCodec<Accumulator>) { self.codec = codec }

    /// The held window, begun if it isn't there.
    ///
    /// Nearly always the last or the one before.
    @inlinable
    func open(_ window: TimeWindow) -> Window {
        var index = windows.count
        while index > 0 {
            let candidate = windows[index - 1]
            if candidate.window.start == window.start { return candidate }
            if candidate.window.start < window.start { break }
            index -= 1
        }
        let opened = Window(window, table: spare.popLast() ?? StateTable())
        windows.insert(opened, at: index)
        return opened
    }

    /// The held window that starts at `start`, or nil.
    @inlinable
    func find(start: Int64) -> Window? {
        var low = 0
        var high = windows.count
        while low < high {
            let middle = (low + high) / 2
            if windows[middle].window.start < start { low = middle + 1 } else { high = middle }
        }
        return low < windows.count && windows[low].window.start == start ? windows[low] : nil
    }

    /// Drops the first window and keeps its table's memory for another one.
    @inlinable
    func removeFirst() {
        let first = windows.removeFirst()
        let table = first.table
        table.removeAll()
        noteRemovals(of: first)
        if spare.count < 2 { spare.append(table) }
    }

    @usableFromInline
    func noteRemovals(of window: Window) {
        guard gone != nil else { return }
        let keys = window.table.takeRemovals()
        if !keys.isEmpty { gone?.append((window.window, keys)) }
    }

    @usableFromInline var distribution: StateDistribution { .keyed }

    @usableFromInline
    func save(into rows: inout StateRows) throws {
        for open in windows { try open.table.forEachUnchanged { try writeRow(open, $0, $1, &rows) } }
    }

    /// Every table is captured by itself; one that is drained meanwhile is captured before.
    @usableFromInline
    func capture(_ mode: CaptureMode) throws -> any StateCapture {
        let isComplete = mode == .everything || needsCompleteCapture || gone == nil
        if mode == .changes { gone = gone ?? [] }
        for open in windows { noteRemovals(of: open) }
        var removals = StateRows()
        for (window, keys) in gone ?? [] where !isComplete {
            for key in keys { try removals.appendRemoval(hash: key.stableHash) { try writeKey(window, key, &$0) } }
        }
        if gone != nil { gone = [] }
        let captures = windows.map { open in
            if gone != nil { open.table.noteRemovals() }
            return open.table.capture(isComplete ? .everything : .changes) { [self] in
                try writeRow(open, $0, $1, &$2)
            }
        }
        return WindowCapture(captures, removals: removals, isComplete: isComplete) { [self] isDone in
            needsCompleteCapture = !isDone
        }
    }

    private func writeRow(_ open: Window, _ key: Key, _ accumulator: Accumulator, _ rows: inout StateRows) throws {
        let hash = key.stableHash
        try rows.append(hash: hash) {
            try writeKey(open.window, key, &$0)
        } value: {
            try codec.encode(accumulator, into: &$0)
            let panes: Int32? = open.panes?.peek(key, hash: hash)?.pointee
            try $0.encode(panes)
        }
    }

    private func writeKey(_ window: TimeWindow, _ key: Key, _ encoder: inout StateEncoder) throws {
        try encoder.encode(window.start)
        try encoder.encode(window.end)
        try keyCodec.encode(key, into: &encoder)
    }

    @usableFromInline
    func unload(_ key: inout StateDecoder) throws {
        let start: Int64 = try key.decode()
        _ = try key.decode(Int64.self)
        let key = try keyCodec.decode(&key)
        guard let held = find(start: start) else { return }
        let hash = key.stableHash
        held.table.remove(key, hash: hash)
        held.panes?.remove(key, hash: hash)
        if held.table.count == 0 { windows.removeAll { $0 === held } }
    }

    @usableFromInline
    func load(_ entry: inout StateDecoder) throws {
        let window = TimeWindow(start: try entry.decode(), end: try entry.decode())
        let key = try keyCodec.decode(&entry)
        let hash = key.stableHash
        let accumulator = try codec.decode(&entry)
        let held = open(window)
        held.table.upsert(key, hash: hash, accumulator).pointee = accumulator
        if let panes: Int32 = try entry.decode() {
            let table = held.panes ?? StateTable(minimumCapacity: 8)
            held.panes = table
            table.upsert(key, hash: hash, panes).pointee = panes
        }
    }

    @usableFromInline
    func inspect(_ body: (Any, Any) throws -> Void) rethrows {
        for open in windows {
            try open.table.forEachUnchanged { key, accumulator in
                try body(Pair(key, Pair(open.window.start, open.window.end)), accumulator)
            }
        }
    }
}
