public import StateBackend
public import StreamCore

/// Count windows: a partial result per key and slice, where windows overlap the two stacks of ``SlidingAggregate``.
@frozen
@usableFromInline
struct CountWindowOperator<Function: WindowFunction>: StreamOperator {
    @usableFromInline typealias Key = Function.Key
    @usableFromInline typealias Input = KeyedBatch<Key, Function.Input>
    @usableFromInline typealias Output = Function.Output
    @usableFromInline typealias Spans = SpanningWindowFunction<Function>

    @frozen
    @usableFromInline
    struct Counted {
        /// The number of the key's records so far.
        @usableFromInline var count = 0
        /// The slice (or window, where they don't overlap) that is being filled.
        @usableFromInline var partial: Spans.Accumulator?
        /// The slices that are full, where windows overlap.
        @usableFromInline var slices: SlidingAggregate<Spans>?

        @inlinable
        init() {}
    }

    @usableFromInline var function: Spans
    @usableFromInline let size: Int
    @usableFromInline let step: Int
    @usableFromInline let slice: Int
    @usableFromInline let table: StateTable<Key, Counted>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(_ function: Function, size: Int, step: Int, _ context: OperatorContext) throws {
        self.function = Spans(function)
        self.size = size
        self.step = step
        var a = size
        var b = step
        while b != 0 { (a, b) = (b, a % b) }
        slice = a
        table = try context.state.table("windows", codec: Self.codec(self.function.accumulatorCodec))
    }

    @usableFromInline
    static func codec(_ spans: StateCodec<Spans.Accumulator>) -> StateCodec<Counted> {
        let partials = spans.optional
        let slices = SlidingAggregate<Spans>.codec(spans).optional
        return StateCodec<Counted>(
            of: { [partials.schema, slices.schema] },
            encode: { value, encoder in
                try encoder.encode(value.count)
                try partials.encode(value.partial, into: &encoder)
                try slices.encode(value.slices, into: &encoder)
            },
            decode: { written in
                let partials = partials.reading(written, 0)
                let slices = slices.reading(written, 1)
                return { decoder in
                    var value = Counted()
                    value.count = try decoder.decode()
                    value.partial = try partials.decode(&decoder)
                    value.slices = try slices.decode(&decoder)
                    return value
                }
            })
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Function.Input>, _ output: Collector<Output>) throws {
        let records = input.records
        table.prepare(input.keys, hashes: input.hashes, count: input.count)
        for i in 0..<input.count {
            let counted = table.upsert(input.keys[i], hash: input.hashes[i], Counted())
            let place = counted.pointee.count % step
            counted.pointee.count &+= 1
            // With steps longer than the size, records between windows.
            if step > size && place >= size { continue }
            if var partial = counted.pointee.partial.take() {
                function.add(records.elements[i], at: records.timestamps[i], to: &partial)
                counted.pointee.partial = partial
            } else {
                counted.pointee.partial = function.start(records.elements[i], at: records.timestamps[i])
            }
            if step < size {
                try completeSlice(&counted.pointee, input.keys[i], output)
            } else if place == size &- 1, var whole = counted.pointee.partial.take() {
                try emit(&whole, input.keys[i], output)
            }
        }
        try function.flush()
    }

    /// Puts the slice away when it is full, and emits the window that ends with it.
    @inlinable
    mutating func completeSlice(_ counted: inout Counted, _ key: Key, _ output: Collector<Output>) throws {
        guard counted.count % slice == 0, let partial = counted.partial.take() else { return }
        let number = Int64(counted.count / slice &- 1)
        if var slices = counted.slices.take() {
            slices.append(partial, slice: number, function)
            counted.slices = slices
        } else {
            counted.slices = SlidingAggregate(partial, slice: number)
        }
        guard counted.count >= size, (counted.count &- size) % step == 0 else { return }
        let first = Int64((counted.count &- size) / slice)
        guard var total = counted.slices?.total(from: first, function) else { return }
        try emit(&total, key, output)
    }

    @inlinable
    mutating func emit(_ span: inout Spans.Accumulator, _ key: Key, _ output: Collector<Output>) throws {
        let window = TimeWindow(start: span.first, end: span.last.advanced(byMilliseconds: 1))
        var pane = PaneInfo(key: key, window: window, watermark: watermark)
        pane.timestamp = span.last
        try function.emit(&span, pane, output)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws { self.watermark = watermark }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws { self.watermark = watermark }
}

/// A window function that also keeps the earliest and the latest time of its records.
@frozen
@usableFromInline
struct SpanningWindowFunction<Base: WindowFunction>: WindowFunction {
    @usableFromInline typealias Key = Base.Key
    @usableFromInline typealias Input = Base.Input
    @usableFromInline typealias Output = Base.Output

    @frozen
    @usableFromInline
    struct Accumulator: Sendable {
        @usableFromInline var base: Base.Accumulator
        @usableFromInline var first: Timestamp
        @usableFromInline var last: Timestamp

        @inlinable
        init(base: Base.Accumulator, first: Timestamp, last: Timestamp) {
            self.base = base
            self.first = first
            self.last = last
        }
    }

    @usableFromInline var base: Base

    @inlinable
    init(_ base: Base) { self.base = base }

    @inlinable
    func start(_ element: Input, at timestamp: Timestamp) -> Accumulator {
        Accumulator(base: base.start(element, at: timestamp), first: timestamp, last: timestamp)
    }

    @inlinable
    func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator) {
        base.add(element, at: timestamp, to: &accumulator.base)
        accumulator.first = Swift.min(accumulator.first, timestamp)
        accumulator.last = Swift.max(accumulator.last, timestamp)
    }

    @inlinable
    func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        base.merge(other.base, into: &accumulator.base)
        accumulator.first = Swift.min(accumulator.first, other.first)
        accumulator.last = Swift.max(accumulator.last, other.last)
    }

    @inlinable
    mutating func emit(_ accumulator: inout Accumulator, _ pane: PaneInfo<Key>, _ output: Collector<Output>) throws {
        try base.emit(&accumulator.base, pane, output)
    }

    @usableFromInline var accumulatorCodec: StateCodec<Accumulator> {
        let codec = base.accumulatorCodec
        return StateCodec<Accumulator>(
            of: { [codec.schema] },
            encode: { value, encoder in
                try codec.encode(value.base, into: &encoder)
                try encoder.encode(value.first)
                try encoder.encode(value.last)
            },
            decode: { written in
                let codec = codec.reading(written, 0)
                return { decoder in
                    let base = try codec.decode(&decoder)
                    return Accumulator(base: base, first: try decoder.decode(), last: try decoder.decode())
                }
            })
    }

    @inlinable
    mutating func flush() throws { try base.flush() }
}
