public import StateBackend
public import StreamCore

/// Tumbling (and global) windows with a mergeable aggregate: a table of keys per window, drained as a whole.
///
/// There are no timers per key: the open windows are few and lie in order; firing one walks its table. Tables are used
/// again for later windows. A window's bounds are worked out once per run of records in it, not once per record.
@frozen
@usableFromInline
struct TumblingWindowOperator<Key: StreamKey, Element: Sendable, Function: AggregateFunction>: StreamOperator
where Function.Input == Element {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Pane<Key, Function.Output>
    @usableFromInline typealias Table = StateTable<Key, Function.Accumulator>

    @usableFromInline let function: Function
    /// nil for the global window.
    @usableFromInline let size: Int64?
    @usableFromInline let offset: Int64
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline var windows = WindowTables<Key, Function.Accumulator>()
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        _ function: Function, size: Int64?, offset: Int64, lateness: LatenessPolicy<Element>,
        context: OperatorContext
    ) {
        self.function = function
        self.size = size
        self.offset = offset
        self.lateness = lateness
    }

    @inlinable @inline(__always)
    func window(of timestamp: Timestamp) -> TimeWindow {
        guard let size else { return TimeWindow(start: .min, end: .max) }
        let start = timestamp.forWindows.floored(to: size, offset: offset)
        return TimeWindow(start: start, end: start &+ size)
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Output>) throws {
        let elements = input.records.elements
        let timestamps = input.records.timestamps
        let keys = input.keys
        let hashes = input.hashes
        let count = input.count
        let function = function
        var i = 0
        while i < count {
            let window = window(of: timestamps[i])
            // The run of records in the same window.
            var end = i &+ 1
            while end < count && timestamps[end] >= window.start && timestamps[end] < window.end { end &+= 1 }
            if lateness.isClosed(end: window.end, at: watermark) {
                for late in i..<end { try lateness.dispose(elements[late], at: timestamps[late]) }
            } else {
                let open = windows.open(window)
                // A window that had no record when the watermark passed it has fired all the same.
                if window.maxTimestamp <= watermark { open.hasFired = true }
                if open.hasFired {
                    for late in i..<end {
                        try refire(open, elements[late], timestamps[late], keys[late], hashes[late], output)
                    }
                } else {
                    let table = open.table
                    // Small tables are in the cache anyway.
                    if table.byteCount > 1 << 18 { for ahead in i..<end { table.prefetch(hash: hashes[ahead]) } }
                    for record in i..<end {
                        table.update(
                            keys[record], hash: hashes[record],
                            insert: { function.start(elements[record], at: timestamps[record]) },
                            update: { function.add(elements[record], at: timestamps[record], to: &$0) })
                    }
                }
            }
            i = end
        }
        try lateness.flush()
    }

    /// Takes a record into a window that has fired, and emits its pane again at once.
    @inlinable
    mutating func refire(
        _ open: WindowTables<Key, Function.Accumulator>.Window, _ element: Element, _ timestamp: Timestamp, _ key: Key,
        _ hash: UInt64, _ output: Collector<Output>
    ) throws {
        var isNew = false
        open.table.update(
            key, hash: hash,
            insert: {
                isNew = true
                return function.start(element, at: timestamp)
            }, update: { function.add(element, at: timestamp, to: &$0) })
        guard let accumulator = open.table.find(key, hash: hash) else { return }
        let revision = open.nextRevision(of: key, hash: hash, isNew: isNew)
        try output.emit(
            Pane(
                key: key, window: open.window, value: function.result(accumulator.pointee), kind: .late,
                revision: revision), at: open.window.maxTimestamp)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        let watermark = watermark.asWindowsWatermark
        self.watermark = watermark
        for open in windows.windows where !open.hasFired {
            guard open.window.maxTimestamp <= watermark else { break }
            try fire(open, output)
        }
        while let first = windows.windows.first, lateness.isClosed(end: first.window.end, at: watermark) {
            windows.removeFirst()
        }
    }

    @inlinable
    func fire(_ open: WindowTables<Key, Function.Accumulator>.Window, _ output: Collector<Output>) throws {
        open.hasFired = true
        let window = open.window
        let timestamp = window.maxTimestamp
        let function = function
        if lateness.allowed == 0 {
            try open.table.drain { entry in
                try output.emit(
                    Pane(key: entry.key, window: window, value: function.result(entry.value)), at: timestamp)
            }
        } else {
            try open.table.forEach { key, accumulator in
                try output.emit(Pane(key: key, window: window, value: function.result(accumulator)), at: timestamp)
            }
        }
    }
}
