public import StateBackend

/// The windows (or slices) that are held, in the order of their start, each with a table of keys.
@usableFromInline
struct WindowTables<Key: StreamKey, Accumulator> {
    /// A window that is held.
    @usableFromInline
    final class Window {
        @usableFromInline let window: TimeWindow
        @usableFromInline let table: StateTable<Key, Accumulator>
        @usableFromInline var hasFired = false
        /// The number of panes that a key had, for keys that had one since the window fired.
        private var panes: StateTable<Key, Int32>?

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
    @usableFromInline var windows: [Window] = []
    @usableFromInline var spare: [StateTable<Key, Accumulator>] = []

    @inlinable
    init() {}

    /// The held window, begun if it isn't there.
    ///
    /// Nearly always the last or the one before.
    @inlinable
    mutating func open(_ window: TimeWindow) -> Window {
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
    mutating func removeFirst() {
        let table = windows.removeFirst().table
        table.removeAll()
        if spare.count < 2 { spare.append(table) }
    }
}
