public import StateBackend
public import StreamCore

/// Sliding windows with a mergeable aggregate: a record is added to one slice, not to every window that contains it.
///
/// A slice is as long as the greatest common divisor of size and step; a table of keys each. When a window fires, the
/// slices that it is the first to contain are merged into each key's ``SlidingAggregate``, what lies before the window
/// leaves it, and its total is the window's result: a constant number of merges per key and window, whatever the ratio
/// of size to step. Slices stay as long as late records are allowed to change windows that contain them.
@frozen
@usableFromInline
struct SlidingWindowOperator<Function: WindowFunction>: StreamOperator {
    @usableFromInline typealias Key = Function.Key
    @usableFromInline typealias Element = Function.Input
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Function.Output
    @usableFromInline typealias Slices = WindowTables<Key, Function.Accumulator>

    @usableFromInline var function: Function
    @usableFromInline let size: Int64
    @usableFromInline let step: Int64
    @usableFromInline let offset: Int64
    @usableFromInline let slice: Int64
    @usableFromInline var alignment: FixedAlignment
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline let slices: Slices
    @usableFromInline let totals: StateTable<Key, SlidingAggregate<Function>>
    /// The end of the last window that fired; windows that end later are still to fire.
    @usableFromInline var firedEnd = Timestamp.min
    @usableFromInline var watermark = Timestamp.min
    /// For keys that late records made windows fire again for: the panes of each such window, by its start.
    @usableFromInline let revisions: StateTable<Key, [Timestamp: Int32]>
    /// Arrays of keys that are gone, for keys to come.
    @usableFromInline var spare: [[SlidingAggregate<Function>.Part]] = []

    @inlinable
    init(
        _ function: Function, size: Int64, step: Int64, offset: Int64, _ settings: WindowSettings<Element>,
        _ context: OperatorContext
    ) throws {
        self.function = function
        self.size = size
        self.step = step
        self.offset = offset
        lateness = try LatenessPolicy(allowed: settings.allowedLateness, late: settings.late, context: context)
        slices = try .part("slices", codec: function.accumulatorCodec, of: context.state)
        totals = try context.state.table(
            "totals", codec: SlidingAggregate<Function>.codec(function.accumulatorCodec))
        revisions = try context.state.table("revisions")
        var a = size
        var b = step
        while b != 0 { (a, b) = (b, a % b) }
        slice = a
        alignment = FixedAlignment(size: a, offset: offset)
    }

    /// The last window that contains `timestamp`; where steps leave gaps, the one that ends before it.
    @inlinable @inline(__always)
    func lastWindow(of timestamp: Timestamp) -> TimeWindow {
        let start = timestamp.floored(to: step, offset: offset)
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
        var last = TimeWindow(start: .max, end: .min)
        var lastStart = Timestamp.max
        var other = last
        var otherStart = lastStart
        var i = 0
        while i < count {
            let timestamp = timestamps[i].forWindows
            let bounds = alignment.window(of: timestamp)
            // The run of records in the same slice, which are in the same windows.
            var end = i &+ 1
            while end < count && timestamps[end] >= bounds.start && timestamps[end] < bounds.end { end &+= 1 }
            // All records of a slice are in the same windows; those of the last two slices are known.
            if bounds.start != lastStart {
                swap(&last, &other)
                swap(&lastStart, &otherStart)
                if bounds.start != lastStart {
                    last = lastWindow(of: timestamp)
                    lastStart = bounds.start
                }
            }
            if timestamp < last.end {
                if lateness.isClosed(end: last.end, at: watermark) {
                    for late in i..<end { try lateness.dispose(elements[late], at: timestamps[late]) }
                } else if bounds.start < firedEnd {
                    for late in i..<end {
                        try addLate(elements[late], timestamps[late], bounds, keys[late], hashes[late], output)
                    }
                } else {
                    slices.open(bounds).table.add(input, i..<end, function)
                }
            }
            i = end
        }
        try lateness.flush()
        try self.function.flush()
    }

    /// Adds a record to a slice that windows have fired with: to the totals of those to come, and to each that fired
    /// and still takes records, which is emitted again.
    @inlinable
    mutating func addLate(
        _ element: Element, _ timestamp: Timestamp, _ bounds: TimeWindow, _ key: Key, _ hash: UInt64,
        _ output: Collector<Output>
    ) throws {
        let nextEnd = firedEnd.advanced(byMilliseconds: step)
        if bounds.start >= nextEnd.advanced(byMilliseconds: -size) {
            totals.update(
                key, hash: hash,
                insert: { SlidingAggregate(function.start(element, at: timestamp), slice: bounds.start) },
                update: { $0.insert(element, at: timestamp, slice: bounds.start, function) })
        }
        guard lateness.allowed > 0 else { return }
        // Windows that contain the slice, the first one first.
        var windows: [(window: TimeWindow, isNew: Bool)] = []
        var window = lastWindow(of: bounds.start)
        while window.end > bounds.start {
            if window.end <= firedEnd && !lateness.isClosed(end: window.end, at: watermark) {
                windows.append((window, total(of: window, key, hash) == nil))
            }
            window = TimeWindow(start: window.start &- step, end: window.end &- step)
        }
        let kept = slices.open(bounds)
        kept.hasFired = true
        kept.table.update(
            key, hash: hash, insert: { function.start(element, at: timestamp) },
            update: { function.add(element, at: timestamp, to: &$0) })
        for (window, isNew) in windows.reversed() {
            guard var total = total(of: window, key, hash) else { continue }
            let panes = revisions.upsert(key, hash: hash, [:])
            let revision = panes.pointee[window.start] ?? (isNew ? 0 : 1)
            panes.pointee[window.start] = revision + 1
            let pane = PaneInfo(key: key, window: window, kind: .late, revision: revision, watermark: watermark)
            try function.emit(&total, pane, output)
        }
    }

    /// The total of a key over the slices of a window that are still held.
    @inlinable
    func total(of window: TimeWindow, _ key: Key, _ hash: UInt64) -> Function.Accumulator? {
        var total: Function.Accumulator?
        for slice in slices.windows where slice.window.start >= window.start && slice.window.start < window.end {
            guard let part = slice.table.find(key, hash: hash) else { continue }
            if var sum = total {
                function.merge(part.pointee, into: &sum)
                total = sum
            } else {
                total = part.pointee
            }
        }
        return total
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        let watermark = watermark.asWindowsWatermark
        self.watermark = watermark
        while let end = nextEnd(), end.advanced(byMilliseconds: -1) <= watermark {
            try fire(TimeWindow(start: end.advanced(byMilliseconds: -size), end: end), output)
            firedEnd = end
        }
        passSilently()
        dropClosed()
        try self.function.flush()
    }

    /// Windows without records fire silently: a record for one of them is late from now on, as for any other.
    @inlinable
    mutating func passSilently() {
        guard watermark < .max else { return }
        let passed = watermark.advanced(byMilliseconds: 1)
        let start = passed.advanced(byMilliseconds: -size).floored(to: step, offset: offset)
        if start > .min { firedEnd = Swift.max(firedEnd, start.advanced(byMilliseconds: size)) }
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark.asWindowsWatermark
        passSilently()
        for slice in slices.windows where slice.window.start < firedEnd { slice.hasFired = true }
    }

    /// The end of the next window with records in it, or nil when there are none.
    @inlinable
    func nextEnd() -> Timestamp? {
        let after = firedEnd == .min ? .min : firedEnd.advanced(byMilliseconds: step)
        if totals.count > 0 { return after }
        guard let first = slices.windows.first(where: { !$0.hasFired }) else { return nil }
        // The first window that reaches into the slice, unless that one has fired.
        let reach = first.window.end &- size
        var start = reach.floored(to: step, offset: offset)
        if start < reach { start &+= step }
        return Swift.max(start &+ size, after)
    }

    @inlinable
    mutating func fire(_ window: TimeWindow, _ output: Collector<Output>) throws {
        let function = function
        let totals = totals
        for slice in slices.windows where !slice.hasFired {
            guard slice.window.start < window.end else { break }
            slice.hasFired = true
            take(slice)
        }
        let watermark = watermark
        var emitting = function
        var gone: [Key] = []
        try totals.forEach(asking: { SlidingAggregate.prefetch($0) }) { key, aggregate in
            guard var total = aggregate.total(from: window.start, function) else {
                gone.append(key)
                return
            }
            try emitting.emit(&total, PaneInfo(key: key, window: window, watermark: watermark), output)
        }
        self.function = emitting
        for key in gone {
            guard var parts = totals.remove(key, hash: key.stableHash)?.parts, parts.capacity <= 2 * Self.usualParts,
                spare.count < Self.mostSpare
            else { continue }
            parts.removeAll(keepingCapacity: true)
            spare.append(parts)
        }
    }

    /// Adds what a slice has to its keys' totals.
    @inlinable
    mutating func take(_ slice: Slices.Window) {
        let function = function
        let totals = totals
        let start = slice.window.start
        var spare: [[SlidingAggregate<Function>.Part]] = []
        swap(&spare, &self.spare)
        slice.table.forEachUnchanged(
            asking: { totals.prefetch(hash: $0.stableHash) },
            asking: {
                if let total = totals.peekInMemory($0, hash: $0.stableHash) { SlidingAggregate.prefetch(total) }
            }
        ) { key, part in
            totals.update(
                key, hash: key.stableHash,
                insert: {
                    var memory = spare.popLast() ?? []
                    if memory.capacity == 0 { memory.reserveCapacity(Self.usualParts) }
                    return SlidingAggregate(part, slice: start, in: memory)
                }, update: { $0.append(part, slice: start, function) })
        }
        swap(&spare, &self.spare)
    }

    /// The parts that most keys have room for at once: what fits into about 200 bytes, from 1 to 8.
    @inlinable static var usualParts: Int {
        Swift.max(1, Swift.min(8, 200 / MemoryLayout<SlidingAggregate<Function>.Part>.stride))
    }

    /// As many as take some 4 MiB.
    @inlinable static var mostSpare: Int {
        (4 << 20) / (2 * usualParts * MemoryLayout<SlidingAggregate<Function>.Part>.stride + 48)
    }

    /// Drops slices and revisions that no record can change any more.
    @inlinable
    mutating func dropClosed() {
        while let first = slices.windows.first, first.hasFired,
            lateness.allowed == 0 || lateness.isClosed(end: lastWindow(of: first.window.start).end, at: watermark)
        {
            slices.removeFirst()
        }
        guard revisions.count > 0 else { return }
        var gone: [Key] = []
        revisions.forEach { key, panes in
            for start in panes.keys
            where lateness.isClosed(end: start.advanced(byMilliseconds: size), at: watermark) {
                panes.removeValue(forKey: start)
            }
            if panes.isEmpty { gone.append(key) }
        }
        for key in gone { revisions.remove(key, hash: key.stableHash) }
    }
}
