public import StateBackend
public import StreamCore

/// Cumulating windows: a record is added to the slice of its step; when that ends it is merged into the running total of
/// its stretch, which is the result of the window that ends there.
///
/// For panes without allowed lateness. A record of a slice that has ended is not late while its stretch goes on: it is
/// added to the total and counts for the windows to come.
@frozen
@usableFromInline
struct CumulatingWindowOperator<Function: WindowFunction>: StreamOperator {
    @usableFromInline typealias Key = Function.Key
    @usableFromInline typealias Input = KeyedBatch<Key, Function.Input>
    @usableFromInline typealias Output = Function.Output
    @usableFromInline typealias Tables = WindowTables<Key, Function.Accumulator>

    @usableFromInline var function: Function
    @usableFromInline let size: Int64
    @usableFromInline let step: Int64
    @usableFromInline let offset: Int64
    @usableFromInline var lateness: LatenessPolicy<Function.Input>
    /// The slices that have not ended.
    @usableFromInline let slices: Tables
    /// The running totals of the stretches that have not ended.
    @usableFromInline let totals: Tables
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        _ function: Function, size: Int64, step: Int64, offset: Int64, _ settings: WindowSettings<Function.Input>,
        _ context: OperatorContext
    ) throws {
        self.function = function
        self.size = size
        self.step = step
        self.offset = offset
        lateness = try LatenessPolicy(allowed: 0, late: settings.late, context: context)
        slices = try .part("slices", codec: function.accumulatorCodec, of: context.state)
        totals = try .part("totals", codec: function.accumulatorCodec, of: context.state)
    }

    @inlinable
    func stretch(of timestamp: Timestamp) -> TimeWindow {
        let start = timestamp.floored(to: size, offset: offset)
        return TimeWindow(start: start, end: start &+ size)
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Function.Input>, _ output: Collector<Output>) throws {
        let elements = input.records.elements
        let timestamps = input.records.timestamps
        let function = function
        var i = 0
        while i < input.count {
            let timestamp = timestamps[i].forWindows
            let stretch = stretch(of: timestamp)
            let start = stretch.start &+ (timestamp &- stretch.start) / step &* step
            let slice = TimeWindow(start: start, end: start &+ step)
            // The run of records in the same slice.
            var end = i &+ 1
            while end < input.count && timestamps[end] >= slice.start && timestamps[end] < slice.end { end &+= 1 }
            if lateness.isClosed(end: stretch.end, at: watermark) {
                for late in i..<end { try lateness.dispose(elements[late], at: timestamps[late]) }
            } else {
                let table = slice.maxTimestamp <= watermark ? totals.open(stretch).table : slices.open(slice).table
                table.add(input, i..<end, function)
            }
            i = end
        }
        try lateness.flush()
        try self.function.flush()
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        let watermark = watermark.asWindowsWatermark
        let before = self.watermark
        self.watermark = watermark
        while let stretch = nextStretch() {
            guard stretch.start <= watermark else { break }
            // The first end that the watermark had not passed before.
            var end = stretch.start &+ step
            if before >= end &- 1 { end = stretch.start &+ ((before &- stretch.start &+ 1) / step &+ 1) &* step }
            while end <= stretch.end && end &- 1 <= watermark {
                try fire(TimeWindow(start: stretch.start, end: end), stretch, output)
                end &+= step
            }
            guard stretch.maxTimestamp <= watermark else { break }
            if let first = totals.windows.first, first.window.start == stretch.start { totals.removeFirst() }
        }
        try function.flush()
    }

    /// The earliest stretch of which something is held.
    @inlinable
    func nextStretch() -> TimeWindow? {
        let slice = slices.windows.first.map { stretch(of: $0.window.start) }
        guard let total = totals.windows.first?.window else { return slice }
        guard let slice else { return total }
        return slice.start < total.start ? slice : total
    }

    /// Merges the slice that ends with the window, if there is one, into the total, and emits that.
    @inlinable
    mutating func fire(_ window: TimeWindow, _ stretch: TimeWindow, _ output: Collector<Output>) throws {
        var function = function
        let total = totals.open(stretch).table
        if let slice = slices.windows.first, slice.window.start < window.end {
            slice.table.forEachUnchanged { key, part in
                total.update(
                    key, hash: key.stableHash, insert: { part }, update: { function.merge(part, into: &$0) })
            }
            slices.removeFirst()
        }
        let watermark = watermark
        try total.forEachUnchanged { key, accumulator in
            var whole = accumulator
            try function.emit(&whole, PaneInfo(key: key, window: window, watermark: watermark), output)
        }
        self.function = function
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws { self.watermark = watermark.asWindowsWatermark }
}
