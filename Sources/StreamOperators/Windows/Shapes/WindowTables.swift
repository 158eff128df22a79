public import StateBackend

/// The windows (or slices) that are held, in the order of their start, each with a table of keys.
///
/// As a part of the state an entry is a key in a window: rows begin with the window's bounds, so that each table has its
/// own ones of the rows in a store. Whether a window has fired is not saved: the watermark tells.
@usableFromInline
final class WindowTables<Key: StreamKey, Value: Sendable>: StatePart {
    /// A window that is held.
    @usableFromInline
    final class Window {
        @usableFromInline let window: TimeWindow
        @usableFromInline let table: StateTable<Key, Value>
        @usableFromInline var hasFired = false

        @usableFromInline
        init(_ window: TimeWindow, table: StateTable<Key, Value>) {
            self.window = window
            self.table = table
        }
    }

    @usableFromInline
    typealias Begin = (Window, CaptureMode) -> TableCapture<Key, Value>

    /// Ascending by start.
    @usableFromInline @exclusivity(unchecked) var windows: [Window] = []
    @usableFromInline let family: TableFamily<Key, Value>
    private let keyCodec = StateCodec<Key>.automatic
    private let codec: StateCodec<Value>
    /// Reads values as an older program may have written them.
    private var loadCodec: StateCodec<Value>
    private let begin: Begin
    /// Keys that a capture has had, in windows that are gone; nil before the first capture of changes, and where a store
    /// has the rows.
    private var gone: [(window: TimeWindow, keys: [Key])]?
    /// Whether the next capture must be complete.
    private var needsCompleteCapture = true

    /// The windows that the state's store has to begin with.
    ///
    /// - Parameter begin: begins a capture of a window.
    @usableFromInline
    init(_ family: TableFamily<Key, Value>, codec: StateCodec<Value>, begin: @escaping Begin) throws {
        self.family = family
        self.codec = codec
        self.begin = begin
        loadCodec = codec
        let stored = try family.storedRanges.map { range in
            var decoder = StateDecoder(range.prefix)
            let window = TimeWindow(start: try decoder.decode(), end: try decoder.decode())
            return (window: window, prefix: range.prefix, rowCount: range.rowCount)
        }
        for range in stored.sorted(by: { $0.window.start < $1.window.start }) {
            let table = family.makeTable(prefix: range.prefix, rowCount: range.rowCount)
            windows.append(Window(range.window, table: table))
        }
    }

    /// Adds a part to the state.
    ///
    /// - Parameter codec: how values are saved.
    @inlinable
    static func part(_ name: String, codec: StateCodec<Value>, of state: StepState) throws -> WindowTables {
        let keyCodec = StateCodec<Key>.automatic
        // Formed here, where the types are known: the part itself is called through a protocol.
        let part = try WindowTables(state.family(name, codec: codec), codec: codec) { open, mode in
            let window = open.window
            return open.table.capture(mode) { key, value, rows in
                try rows.append(hash: key.stableHash) {
                    try window.encode(into: &$0)
                    try keyCodec.encode(key, into: &$0)
                } value: {
                    try codec.encode(value, into: &$0)
                }
            }
        }
        try state.add(name, part)
        return part
    }

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
        return begin(window, at: index)
    }

    @usableFromInline
    func begin(_ window: TimeWindow, at index: Int) -> Window {
        let opened = Window(window, table: family.makeTable(prefix: window.prefix))
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
        family.drop(first.table)
        noteRemovals(of: first)
    }

    @usableFromInline
    func noteRemovals(of window: Window) {
        guard gone != nil else { return }
        let keys = window.table.takeRemovals()
        if !keys.isEmpty { gone?.append((window.window, keys)) }
    }

    @usableFromInline var distribution: StateDistribution { .keyed }

    @usableFromInline var isStored: Bool { family.isStored }

    @usableFromInline
    var schema: StateSchema {
        // Bounds and key, one after the other.
        let key = TypeSchema(
            name: TypeSchema.stableName(of: Pair<Pair<Int64, Int64>, Key>.self), form: .own,
            components: [StateCodec<Pair<Int64, Int64>>.automatic.schema, keyCodec.schema])
        return StateSchema(kind: "rows", key: key, value: codec.schema, distribution: distribution)
    }

    @usableFromInline
    func save(into rows: inout StateRows) throws {
        for open in windows {
            try open.table.forEachUnchanged { key, value in
                try rows.append(hash: key.stableHash) {
                    try writeKey(open.window, key, &$0)
                } value: {
                    try codec.encode(value, into: &$0)
                }
            }
        }
    }

    /// Every table is captured by itself; one that is drained meanwhile is captured before.
    @usableFromInline
    func capture(_ mode: CaptureMode) throws -> any StateCapture {
        if family.isStored {
            try family.removeDroppedRowsBeforeCapture()
            let ranges = windows.map { (prefix: $0.window.prefix, rowCount: $0.table.count) }
            return StoredWindowCapture(
                windows.map { begin($0, .changes) }, of: family, ranges, isComplete: mode == .everything)
        }
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
            return begin(open, isComplete ? .everything : .changes)
        }
        return WindowCapture(captures, removals: removals, isComplete: isComplete) { [self] isDone in
            needsCompleteCapture = !isDone
        }
    }

    private func writeKey(_ window: TimeWindow, _ key: Key, _ encoder: inout StateEncoder) throws {
        try window.encode(into: &encoder)
        try keyCodec.encode(key, into: &encoder)
    }

    @usableFromInline
    func unload(_ key: inout StateDecoder) throws {
        let start: Int64 = try key.decode()
        _ = try key.decode(Int64.self)
        let key = try keyCodec.decode(&key)
        guard let held = find(start: start) else { return }
        held.table.remove(key, hash: key.stableHash)
        guard held.table.count == 0 else { return }
        windows.removeAll { $0 === held }
        family.drop(held.table)
    }

    @usableFromInline
    func prepareToLoad(_ written: StateSchema) {
        loadCodec = written.value.map { codec.reading($0) } ?? codec
    }

    @usableFromInline
    func load(_ entry: inout StateDecoder) throws {
        let window = TimeWindow(start: try entry.decode(), end: try entry.decode())
        let key = try keyCodec.decode(&entry)
        let value = try loadCodec.decode(&entry)
        let held = find(start: window.start) ?? open(window)
        held.table.upsert(key, hash: key.stableHash, value).pointee = value
    }

    @usableFromInline
    func inspect(_ body: (Any, Any) throws -> Void) rethrows {
        for open in windows {
            try open.table.forEachUnchanged { key, value in
                try body(Pair(key, Pair(open.window.start, open.window.end)), value)
            }
        }
    }
}

extension TimeWindow {
    /// Writes the bounds, as they are in front of every row of the window.
    @inlinable
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(start)
        try encoder.encode(end)
    }

    /// What the keys of the window's rows begin with.
    var prefix: [UInt8] {
        var encoder = StateEncoder()
        encoder.writeVarint(signed: start)
        encoder.writeVarint(signed: end)
        return encoder.bytes
    }
}
