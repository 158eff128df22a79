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
        let table = windows.removeFirst().table
        table.removeAll()
        if spare.count < 2 { spare.append(table) }
    }

    @usableFromInline var distribution: StateDistribution { .keyed }

    @usableFromInline
    func save(into rows: inout StateRows) throws {
        for open in windows {
            try open.table.forEachUnchanged { key, accumulator in
                let hash = key.stableHash
                try rows.append(hash: hash) {
                    try $0.encode(open.window.start)
                    try $0.encode(open.window.end)
                    try keyCodec.encode(key, into: &$0)
                } value: {
                    try codec.encode(accumulator, into: &$0)
                    let panes: Int32? = open.panes?.peek(key, hash: hash)?.pointee
                    try $0.encode(panes)
                }
            }
        }
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
            try open.table.forEach { key, accumulator in
                try body(Pair(key, Pair(open.window.start, open.window.end)), accumulator)
            }
        }
    }
}
