internal import StateBackend

/// Polls a worker's splits of a source in turn, assigns timestamps and makes watermarks.
@usableFromInline
final class SourceRunner<Input: Source> {
    @usableFromInline
    struct ActiveSplit {
        /// The split's number among all of the source.
        @usableFromInline let number: Int
        /// Its number among those of this worker.
        @usableFromInline let index: Int
        @usableFromInline let split: Input.Split
        /// The split's name, for people.
        @usableFromInline let name: String
        @usableFromInline var reader: Input.Reader?
        /// Where the reader begins; nil for the split's beginning.
        @usableFromInline var resume: SplitPosition?
        /// The newest event time seen.
        @usableFromInline var newest = Timestamp.min
        /// The split's own watermark, and the processing time at which it last rose.
        @usableFromInline var watermark = Timestamp.min
        @usableFromInline var since: Timestamp
        /// Makes the watermarks, where they don't follow from the newest time.
        @usableFromInline var generator: (any WatermarkGenerator<Input.Element>)?
        /// Since when the reader has had nothing, while it was asked.
        @usableFromInline var quietSince: Timestamp?
        /// Its number in the alignment group.
        @usableFromInline var member = 0
        @usableFromInline var isPaused = false

        @inlinable
        init(number: Int, index: Int, split: Input.Split, name: String, since: Timestamp) {
            self.name = name
            self.number = number
            self.index = index
            self.split = split
            self.since = since
        }
    }

    @usableFromInline let source: Input
    /// Fills a batch's timestamp column and returns the newest time, not below the given one.
    @usableFromInline let assign: (Batch<Input.Element>, Timestamp) -> Timestamp
    @usableFromInline let watermarks: WatermarkStrategy<Input.Element>
    /// The bound of disorder; nil where watermarks don't follow from the newest time.
    @usableFromInline let bound: Int64?
    @usableFromInline let usesProcessingTime: Bool
    @usableFromInline let outlet: Outlet<Batch<Input.Element>>
    @usableFromInline let step: String
    @usableFromInline let counters: StepCounters
    @usableFromInline let processingTime: ProcessingTime
    @usableFromInline let deadLetters: Collector<DeadLetter>?
    @usableFromInline let lateRecords: Collector<Input.Element>?
    @usableFromInline let output: SourceOutput<Input.Element>
    @usableFromInline let alignment: AlignmentGroup?
    // Not checked, since each poll looks: see `Worker`.
    @usableFromInline @exclusivity(unchecked) var splits: [ActiveSplit]
    /// The names of the splits that have ended.
    @usableFromInline @exclusivity(unchecked) var endedSplits: [String] = []
    @usableFromInline let node: Int
    @usableFromInline let aligner: BarrierAligner
    @usableFromInline @exclusivity(unchecked) var next = 0
    @usableFromInline @exclusivity(unchecked) var merger: WatermarkMerger
    @usableFromInline @exclusivity(unchecked) var hasEnded = false
    /// Whether the poll that runs has sent a signal.
    @usableFromInline @exclusivity(unchecked) var hasSignalled = false
    /// Whether the source reads no further for the time being.
    @usableFromInline @exclusivity(unchecked) var isPaused = false
    /// Whether the source is to end where it is.
    @usableFromInline @exclusivity(unchecked) var isDraining = false
    /// What is known of splits that are found while the job runs; nil where all are known at the start.
    @usableFromInline @exclusivity(unchecked) var found: FoundSplits<Input.Split>?
    /// What the first poll passes on, after a restore.
    @usableFromInline @exclusivity(unchecked) var restored: WatermarkMerger.Change?

    @usableFromInline
    init(
        source: Input, splits: [(index: Int, split: Input.Split)],
        assign: @escaping (Batch<Input.Element>, Timestamp) -> Timestamp,
        watermarks: WatermarkStrategy<Input.Element>, context: OperatorContext, outlet: Outlet<Batch<Input.Element>>,
        alignment: AlignmentGroup?, node: Int, aligner: BarrierAligner
    ) throws {
        self.node = node
        self.aligner = aligner
        self.source = source
        self.assign = assign
        self.watermarks = watermarks
        self.outlet = outlet
        self.alignment = alignment
        step = context.step
        counters = context.counters
        processingTime = context.processingTime
        deadLetters = try context.collector(for: DeadLetter.output)
        lateRecords = try context.collector(for: SideOutput<Input.Element>.lateAtSource)
        output = SourceOutput(batchSize: context.batchSize)
        merger = WatermarkMerger(inputCount: splits.count)
        let now = processingTime.now
        self.splits = splits.enumerated().map { index, split in
            let name = source.name(of: split.split, number: split.index)
            return ActiveSplit(number: split.index, index: index, split: split.split, name: name, since: now)
        }
        bound = if case .bounded(let bound) = watermarks.kind { bound } else { nil }
        usesProcessingTime = if case .processingTime = watermarks.kind { true } else { false }
        for i in self.splits.indices {
            if case .custom(let make) = watermarks.kind { self.splits[i].generator = make() }
            if let alignment { self.splits[i].member = alignment.join() }
        }
    }

    /// Reads a batch from the next split that has one.
    @inlinable
    func poll() throws -> PollResult {
        guard !hasEnded else { return .finished }
        if isPaused { return .idle }
        hasSignalled = false
        if let change = restored {
            restored = nil
            try pass(change)
        }
        if let due = found?.due, found?.isComplete == false, processingTime.now >= due { try discover() }
        guard !splits.isEmpty || found?.isComplete == false, !isDraining else {
            hasEnded = true
            try signal(.watermark(.max))
            try signal(.end)
            try aligner.noteEnd(node: node)
            return .finished
        }
        for _ in splits.indices {
            if next >= splits.count { next = 0 }
            let position = next
            next += 1
            if alignment != nil && mustWait(position) { continue }
            if splits[position].reader == nil {
                let split = splits[position]
                splits[position].reader =
                    if let resume = split.resume { try source.makeReader(for: split.split, from: resume) } else {
                        try source.makeReader(for: split.split)
                    }
            }
            let start = splits[position].reader?.position ?? -1
            guard let status = try splits[position].reader?.read(into: output) else { continue }
            output.batch.origin = start < 0 ? nil : BatchOrigin(source: splits[position].name, offset: start)
            let got = output.batch.count + output.deadLetters.count
            if got > 0 { try pass(position) }
            switch status {
            case .more: return .progress
            case .waiting:
                if got > 0 { return .progress }
                try noteQuiet(position, hasCaughtUp: false)
            case .caughtUp:
                if got > 0 { return .progress }
                try noteQuiet(position, hasCaughtUp: true)
            case .end:
                let ended = splits.remove(at: position)
                endedSplits.append(ended.name)
                next = position
                alignment?.leave(ended.member)
                if found != nil { try beginSplits() }
                // The watermark of a split that has ended no longer holds the others back.
                if !splits.isEmpty || found != nil { try pass(merger.advance(ended.index, to: .max)) }
                return .progress
            }
        }
        if usesProcessingTime { try passTime() }
        // What was signalled may have given others something to do.
        return hasSignalled ? .progress : .idle
    }

    /// A split had nothing: it may be idle now.
    @usableFromInline
    func noteQuiet(_ position: Int, hasCaughtUp: Bool) throws {
        switch watermarks.idleness {
        case .never: return
        case .whenCaughtUp: guard hasCaughtUp else { return }
        case .after(let limit):
            let now = processingTime.now
            guard let since = splits[position].quietSince else {
                splits[position].quietSince = now
                return
            }
            guard now >= since.advanced(byMilliseconds: limit.milliseconds) else { return }
        }
        alignment?.note(splits[position].member, nil)
        try pass(merger.idle(splits[position].index))
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
        splits[position].quietSince = nil
        try pass(merger.activate(index))
        guard splits[position].generator == nil else { return try passGenerated(position) }
        if usesProcessingTime {
            let now = processingTime.now
            for i in 0..<batch.count { batch.timestamps[i] = now }
            splits[position].newest = now
        } else {
            splits[position].newest = try assignTimestamps(batch, newest: splits[position].newest)
        }
        counters.note(newest: splits[position].newest)
        counters.addOut(batch.count)
        try outlet.push(batch)
        let capacity = batch.capacity
        // Let go of it here, so that nobody but `output` has it, unless somebody downstream has kept it.
        _ = consume batch
        renewBatch(capacity)
        if let bound {
            try advance(position, to: Self.watermark(newest: splits[position].newest, bound: bound))
        } else if usesProcessingTime {
            try passTime()
        }
    }

    @inlinable
    func renewBatch(_ capacity: Int) {
        if isKnownUniquelyReferenced(&output.batch) {
            output.batch.removeAll()
        } else {
            output.batch = Batch(capacity: capacity)
        }
    }

    /// The watermark of the split at `position` is `watermark`, unless it was higher.
    @inlinable
    func advance(_ position: Int, to watermark: Timestamp) throws {
        if watermark > splits[position].watermark {
            splits[position].watermark = watermark
            splits[position].since = processingTime.now
        }
        // Also when it did not rise: the split counts again after it was idle.
        alignment?.note(splits[position].member, splits[position].watermark)
        try pass(merger.advance(splits[position].index, to: watermark))
    }

    /// The watermark follows the clock.
    @usableFromInline
    func passTime() throws {
        let watermark = processingTime.now.advanced(byMilliseconds: -1)
        guard watermark > timeWatermark, watermark < .max else { return }
        timeWatermark = watermark
        for i in splits.indices { splits[i].watermark = watermark }
        try signal(.watermark(watermark))
    }

    @usableFromInline @exclusivity(unchecked) var timeWatermark = Timestamp.min

    /// Passes on a batch whose records carry watermarks: each takes effect right after its record.
    @usableFromInline
    func passGenerated(_ position: Int) throws {
        let batch = output.batch
        _ = assign(batch, splits[position].newest)
        let count = batch.count
        var part = Batch<Input.Element>(capacity: batch.capacity)
        part.origin = batch.origin
        var generator = splits[position].generator
        for i in 0..<count {
            let timestamp = batch.timestamps[i]
            let element = batch.elements[i]
            let isLate =
                watermarks.lateness == .atSource && timestamp <= splits[position].watermark
                && splits[position].watermark > .min
            if isLate {
                counters.addLate(1)
                try lateRecords?.emit(element, at: timestamp)
                try lateRecords?.flush()
            } else {
                splits[position].newest = max(splits[position].newest, timestamp)
                part.append(element, at: timestamp)
            }
            guard let watermark = generator?.watermark(after: element, at: timestamp) else { continue }
            part = try push(part, position)
            // The highest time is kept for the end of the input.
            try advance(position, to: min(watermark, .max - 1))
        }
        splits[position].generator = generator
        _ = try push(part, position)
        let capacity = batch.capacity
        _ = consume batch
        renewBatch(capacity)
    }

    private func push(_ batch: Batch<Input.Element>, _ position: Int) throws -> Batch<Input.Element> {
        guard batch.count > 0 else { return batch }
        counters.note(newest: splits[position].newest)
        counters.addOut(batch.count)
        let next = Batch<Input.Element>(capacity: batch.capacity)
        next.origin = batch.origin
        try outlet.push(batch)
        return next
    }

    /// Fills the timestamp column, takes out late records if that is decided here, and returns the newest time.
    @inlinable
    func assignTimestamps(_ batch: Batch<Input.Element>, newest: Timestamp) throws -> Timestamp {
        var newest = newest
        guard let bound, watermarks.lateness == .atSource else { return assign(batch, newest) }
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
            let watermark = Self.watermark(newest: newest, bound: bound)
            if watermark > .min && timestamp <= watermark {
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
        hasSignalled = true
        if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
        try outlet.signal(signal)
    }
}
