extension PipelineBuilder {
    /// Begins a stream with a source.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the source's positions.
    ///   - source: the source.
    ///   - time: the event time of a record, in milliseconds since 1970-01-01 UTC.
    ///   - watermarks: how event time is told.
    @inlinable @inline(__always)
    public func source<Input: Source>(
        _ name: String, _ source: Input, time: @escaping @Sendable (Input.Element) -> Timestamp,
        watermarks: WatermarkStrategy
    ) -> DataStream<Input.Element> {
        self.source(name, source, assign: { timestampAssigner(time) }, watermarks: watermarks)
    }

    @inlinable @inline(__always)
    func source<Input: Source>(
        _ name: String, _ source: Input,
        assign: @escaping @Sendable () -> (Batch<Input.Element>, Timestamp) -> Timestamp,
        watermarks: WatermarkStrategy
    ) -> DataStream<Input.Element> {
        if let bound = watermarks.outOfOrderness, bound < 0 {
            reject(name, "the out-of-orderness bound is negative; it must be zero or more")
        }
        return addSource(name, hasEventTime: watermarks.outOfOrderness != nil) { build, node in
            let splits: [Input.Split] = try build.splits(node: node) {
                try source.splits(parallelism: build.parallelism)
            }
            let runner = try SourceRunner<Input>(
                source: source, splits: splits, assign: assign(), watermarks: watermarks,
                context: build.context(node: node), outlet: build.outlet(node: node, port: 0))
            build.add(
                task: InputTask(poll: {
                    do { return try runner.poll() } catch {
                        throw JobError.wrap(error, .sourceFailed, step: name)
                    }
                }), node: node)
        }
    }

    /// Begins a stream with a source whose records tell their event time themselves: the fastest form.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the source's positions.
    ///   - source: the source.
    ///   - watermarks: how event time is told.
    @inlinable @inline(__always)
    public func source<Input: Source>(
        _ name: String, _ source: Input, watermarks: WatermarkStrategy
    ) -> DataStream<Input.Element> where Input.Element: EventTimed {
        self.source(name, source, assign: { timestampAssigner { $0.eventTime } }, watermarks: watermarks)
    }

    /// Begins a stream without event time with a source.
    @inlinable @inline(__always)
    public func source<Input: Source>(_ name: String, _ source: Input) -> DataStream<Input.Element> {
        self.source(name, source, time: { _ in 0 }, watermarks: .none)
    }

    @usableFromInline
    func addSource<Element: Sendable>(
        _ name: String, hasEventTime: Bool, _ build: @escaping @Sendable (WorkerBuild, Int) throws -> Void
    ) -> DataStream<Element> {
        let node = add(name, .source, inputs: [], build: build)
        return DataStream(
            builder: self, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }
}

extension WorkerBuild {
    /// This worker's share of a source's splits, which the first worker lists.
    @usableFromInline
    func splits<Split: Sendable>(node: Int, _ list: () throws -> [Split]) throws -> [Split] {
        let all: [Split]
        if let listed = shared.splits[node] as? [Split] {
            all = listed
        } else {
            all = try list()
            shared.splits[node] = all
        }
        return all.enumerated().filter { $0.offset % shared.options.parallelism == worker }.map(\.element)
    }
}

/// Polls a worker's splits of a source in turn, assigns timestamps and makes watermarks.
@usableFromInline
final class SourceRunner<Input: Source> {
    @usableFromInline
    struct ActiveSplit {
        @usableFromInline let index: Int
        @usableFromInline let split: Input.Split
        @usableFromInline var reader: Input.Reader?
        /// The newest event time seen.
        @usableFromInline var newest = Timestamp.min

        @inlinable
        init(index: Int, split: Input.Split) {
            self.index = index
            self.split = split
        }
    }

    @usableFromInline let source: Input
    /// Fills a batch's timestamp column and returns the newest time, not below the given one.
    @usableFromInline let assign: (Batch<Input.Element>, Timestamp) -> Timestamp
    @usableFromInline let watermarks: WatermarkStrategy
    @usableFromInline let outlet: Outlet<Batch<Input.Element>>
    @usableFromInline let step: String
    @usableFromInline let counters: StepCounters
    @usableFromInline let deadLetters: Collector<DeadLetter>?
    @usableFromInline let lateRecords: Collector<Input.Element>?
    @usableFromInline let output: SourceOutput<Input.Element>
    @usableFromInline var splits: [ActiveSplit]
    @usableFromInline var next = 0
    @usableFromInline var merger: WatermarkMerger
    @usableFromInline var hasEnded = false

    @inlinable
    init(
        source: Input, splits: [Input.Split], assign: @escaping (Batch<Input.Element>, Timestamp) -> Timestamp,
        watermarks: WatermarkStrategy, context: OperatorContext, outlet: Outlet<Batch<Input.Element>>
    ) throws {
        self.source = source
        self.assign = assign
        self.watermarks = watermarks
        self.outlet = outlet
        step = context.step
        counters = context.counters
        deadLetters = try context.collector(for: DeadLetter.output)
        lateRecords = try context.collector(for: SideOutput<Input.Element>.lateAtSource)
        output = SourceOutput(batchSize: context.batchSize)
        self.splits = splits.enumerated().map { ActiveSplit(index: $0.offset, split: $0.element) }
        merger = WatermarkMerger(inputCount: splits.count)
    }

    /// Reads a batch from the next split that has one.
    @inlinable
    func poll() throws -> PollResult {
        guard !hasEnded else { return .finished }
        guard !splits.isEmpty else {
            hasEnded = true
            try signal(.watermark(.max))
            try signal(.end)
            return .finished
        }
        for _ in splits.indices {
            if next >= splits.count { next = 0 }
            let position = next
            next += 1
            if splits[position].reader == nil {
                splits[position].reader = try source.makeReader(for: splits[position].split)
            }
            guard let status = try splits[position].reader?.read(into: output) else { continue }
            let got = output.batch.count + output.deadLetters.count
            if got > 0 { try pass(position) }
            switch status {
            case .more: if got > 0 { return .progress }
            case .caughtUp:
                if got > 0 { return .progress }
                if watermarks.idleness == .whenCaughtUp { try pass(merger.idle(splits[position].index)) }
            case .end:
                let ended = splits.remove(at: position)
                next = position
                // The watermark of a split that has ended no longer holds the others back.
                if !splits.isEmpty { try pass(merger.advance(ended.index, to: .max)) }
                return .progress
            }
        }
        return .idle
    }

    /// Passes on what was read from the split at `position`, then its watermark.
    @inlinable
    func pass(_ position: Int) throws {
        if !output.deadLetters.isEmpty { try passDeadLetters(position) }
        try passBatch(position)
        while !output.surplus.isEmpty {
            let count = Swift.min(output.surplus.count, output.batch.capacity)
            for element in output.surplus.prefix(count) { output.batch.append(element, at: 0) }
            output.surplus.removeFirst(count)
            try passBatch(position)
        }
    }

    @inlinable
    func passBatch(_ position: Int) throws {
        let index = splits[position].index
        let batch = output.batch
        guard batch.count > 0 else { return }
        counters.addIn(batch.count)
        try pass(merger.activate(index))
        let newest = try assignTimestamps(batch, newest: splits[position].newest)
        splits[position].newest = newest
        counters.note(newest: newest)
        counters.addOut(batch.count)
        try outlet.push(batch)
        let capacity = batch.capacity
        // Let go of it here, so that nobody but `output` has it, unless somebody downstream has kept it.
        _ = consume batch
        if isKnownUniquelyReferenced(&output.batch) {
            output.batch.removeAll()
        } else {
            output.batch = Batch(capacity: capacity)
        }
        if let bound = watermarks.outOfOrderness {
            try pass(merger.advance(index, to: Self.watermark(newest: newest, bound: bound)))
        }
    }

    /// Fills the timestamp column, takes out late records if that is decided here, and returns the newest time.
    @inlinable
    func assignTimestamps(_ batch: Batch<Input.Element>, newest: Timestamp) throws -> Timestamp {
        var newest = newest
        guard let bound = watermarks.outOfOrderness, watermarks.lateness == .atSource else {
            return assign(batch, newest)
        }
        let elements = batch.elements
        let timestamps = batch.timestamps
        _ = assign(batch, newest)
        let count = batch.count
        var kept = 0
        var done = 0
        var late = 0
        defer {
            // Only an error leaves records behind.
            if done < count { (elements + done).deinitialize(count: count - done) }
            batch.count = kept
        }
        while done < count {
            let i = done
            let timestamp = timestamps[i]
            if newest > .min && timestamp <= Self.watermark(newest: newest, bound: bound) {
                try lateRecords?.emit(elements[i], at: timestamp)
                (elements + i).deinitialize(count: 1)
                late += 1
                done += 1
                continue
            }
            newest = Swift.max(newest, timestamp)
            timestamps[kept] = timestamp
            if kept < i { (elements + kept).moveInitialize(from: elements + i, count: 1) }
            kept += 1
            done += 1
        }
        if late > 0 {
            counters.addLate(late)
            try lateRecords?.flush()
        }
        return newest
    }

    /// `newest` less `bound` and one, saturating; never `Timestamp.max`, which only the end of the input reaches.
    @inlinable
    static func watermark(newest: Timestamp, bound: Int64) -> Timestamp {
        let (lowest, tooLow) = newest.subtractingReportingOverflow(bound)
        return tooLow || lowest == .min ? .min : lowest &- 1
    }

    @inlinable
    func passDeadLetters(_ position: Int) throws {
        counters.addIn(output.deadLetters.count)
        counters.addRejected(output.deadLetters.count)
        for var letter in output.deadLetters {
            letter.step = step
            try deadLetters?.emit(letter, at: splits[position].newest)
        }
        output.deadLetters.removeAll(keepingCapacity: true)
        try deadLetters?.flush()
    }

    @inlinable
    func pass(_ change: WatermarkMerger.Change) throws {
        if change.idle == false { try signal(.active) }
        if let watermark = change.watermark { try signal(.watermark(watermark)) }
        if change.idle == true { try signal(.idle) }
    }

    @inlinable
    func signal(_ signal: Signal) throws {
        if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
        try outlet.signal(signal)
    }
}

/// The loop that reads the records' times, formed where the function for one is known.
@inlinable @inline(__always)
func timestampAssigner<Element: Sendable>(
    _ time: @escaping @Sendable (Element) -> Timestamp
) -> (Batch<Element>, Timestamp) -> Timestamp {
    { batch, newest in
        var newest = newest
        let elements = batch.elements
        let timestamps = batch.timestamps
        for i in 0..<batch.count {
            let timestamp = time((elements + i).pointee)
            timestamps[i] = timestamp
            newest = Swift.max(newest, timestamp)
        }
        return newest
    }
}
