public import StateBackend
public import StreamCore

/// Windows that come one after the other (tumbling, calendar, global): a table of keys per window, drained as a whole.
///
/// There are no timers per key: the open windows are few and lie in order; firing one walks its table. Tables are used
/// again for later windows. A window's bounds are worked out once per run of records in it, not once per record.
@frozen
@usableFromInline
struct TumblingWindowOperator<Function: WindowFunction, Alignment: WindowAlignment>: StreamOperator {
    @usableFromInline typealias Key = Function.Key
    @usableFromInline typealias Element = Function.Input
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Function.Output
    @usableFromInline typealias Windows = WindowTables<Key, Function.Accumulator>

    @usableFromInline var function: Function
    @usableFromInline var alignment: Alignment
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline let windows: Windows
    /// The number of panes that keys had, for those that had one since their window fired.
    @usableFromInline let revisions: WindowTables<Key, Int32>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        _ function: Function, _ alignment: Alignment, _ settings: WindowSettings<Element>, _ context: OperatorContext
    ) throws {
        self.function = function
        self.alignment = alignment
        lateness = try LatenessPolicy(allowed: settings.allowedLateness, late: settings.late, context: context)
        windows = try .part("windows", codec: function.accumulatorCodec, of: context.state)
        revisions = try .part("revisions", codec: .automatic, of: context.state)
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
            let window = alignment.window(of: timestamps[i])
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
                    open.table.add(input, i..<end, function)
                }
            }
            i = end
        }
        try lateness.flush()
        try self.function.flush()
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark.asWindowsWatermark
        for open in windows.windows where open.window.maxTimestamp <= self.watermark { open.hasFired = true }
    }

    /// Takes a record into a window that has fired, and emits its pane again at once.
    @inlinable
    mutating func refire(
        _ open: Windows.Window, _ element: Element, _ timestamp: Timestamp, _ key: Key,
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
        // A key that came after the window fired had no pane then.
        let panes = revisions.open(open.window).table.upsert(key, hash: hash, isNew ? 0 : 1)
        let revision = panes.pointee
        panes.pointee += 1
        let pane = PaneInfo(key: key, window: open.window, kind: .late, revision: revision, watermark: watermark)
        try function.emit(&accumulator.pointee, pane, output)
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
        while let first = revisions.windows.first, lateness.isClosed(end: first.window.end, at: watermark) {
            revisions.removeFirst()
        }
        try self.function.flush()
    }

    @inlinable
    mutating func fire(_ open: Windows.Window, _ output: Collector<Output>) throws {
        open.hasFired = true
        let window = open.window
        let watermark = watermark
        var function = function
        if lateness.allowed == 0 {
            try open.table.drainBeforeDrop { entry in
                var entry = entry
                try function.emit(
                    &entry.value, PaneInfo(key: entry.key, window: window, watermark: watermark), output)
            }
        } else {
            try open.table.forEach { key, accumulator in
                try function.emit(&accumulator, PaneInfo(key: key, window: window, watermark: watermark), output)
            }
        }
        self.function = function
    }
}
