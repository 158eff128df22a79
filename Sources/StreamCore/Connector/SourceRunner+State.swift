internal import StateBackend

extension SourceRunner {
    /// Makes the splits' times known to the runtime, and part of the step's state.
    @usableFromInline
    func register(node: Int, _ build: WorkerBuild) throws {
        let instance = build.instance(node: node)
        instance.inputTimes = { [unowned self] in
            splits.map { split in
                InputTime(
                    split: split.name, watermark: split.watermark,
                    since: split.since, isIdle: merger.isIdle(split.index), hasEnded: false, isPaused: split.isPaused)
            }
        }
        instance.splits = { [unowned self] in positions }
        instance.control = { [unowned self] command in
            switch command {
            case .pause: isPaused = true
            case .resume: isPaused = false
            case .drain: isDraining = true
            }
        }
        build.aligner.injections.append { [unowned self] in
            do { try inject(barrier: $0) } catch { throw JobError.wrap(error, .sourceFailed, step: step) }
        }
        let parallelism = build.shared.options.parallelism
        let worker = build.worker
        prepareDiscovery(parallelism: parallelism, worker: worker)
        let part = WorkerValuePart(
            distribution: .worker, isReadByAll: true,
            write: { [unowned self] encoder in
                try encoder.encode(parallelism)
                try encoder.encode(worker)
                try encoder.encode(merger)
                try encoder.encode(timeWatermark)
                let unlisted = (found?.saved ?? [:]).values.sorted { $0.name < $1.name }
                encoder.writeVarint(UInt64(splits.count + unlisted.count))
                for split in splits {
                    try encoder.encode(split.number)
                    try encoder.encode(split.newest)
                    try encoder.encode(split.watermark)
                    try encoder.encode(merger.isIdle(split.index))
                    try encoder.encode(try split.generator.flatMap { try Self.bytes(of: $0) })
                    try encoder.encode(split.name)
                    try encoder.encode(split.reader.map(\.restartPosition) ?? split.resume)
                }
                for split in unlisted { try split.encode(into: &encoder) }
                try encoder.encode(endedSplits)
            },
            read: { [unowned self] decoder in
                let isSame = try decoder.decode(Int.self) == parallelism
                let isOwn = try decoder.decode(Int.self) == worker && isSame
                try load(&decoder, isOwn: isOwn)
            })
        try instance.state.add("weir.splits", part)
        instance.restored.append { [unowned self] in begin(at: $0, parallelism) }
    }

    /// Loads what a worker had, and takes of it what this one reads now.
    ///
    /// Splits are known again by their names: their numbers, and so their workers, may be others when the source lists
    /// other splits.
    private func load(_ decoder: inout StateDecoder, isOwn: Bool) throws {
        let loaded: WatermarkMerger = try decoder.decode()
        let time: Timestamp = try decoder.decode()
        var saved: [SavedSplit] = []
        for _ in 0..<(try decoder.readCount()) { saved.append(try SavedSplit(&decoder)) }
        let ended: [String] = try decoder.decode()
        if found != nil {
            timeWatermark = max(timeWatermark, time)
            return loadFound(saved, ended: ended)
        }
        let names = Set(saved.map(\.name) + ended)
        let isSame =
            isOwn && names == Set(splits.map(\.name))
            && saved.allSatisfy { old in splits.contains { $0.name == old.name && $0.number == old.number } }
        if isSame {
            merger = loaded
            timeWatermark = time
        }
        for old in saved {
            guard let i = splits.firstIndex(where: { $0.name == old.name }) else { continue }
            try restore(&splits[i], old)
            if isSame { continue }
            note(merger.advance(splits[i].index, to: old.watermark))
            if old.isIdle { note(merger.idle(splits[i].index)) }
        }
        for name in ended {
            guard let i = splits.firstIndex(where: { $0.name == name }) else { continue }
            if !isSame { note(merger.advance(splits[i].index, to: .max)) }
            alignment?.note(splits[i].member, nil)
            endedSplits.append(name)
            splits.remove(at: i)
        }
    }

    /// Has a split go on where it was.
    func restore(_ split: inout ActiveSplit, _ saved: SavedSplit) throws {
        split.resume = saved.position
        split.newest = saved.newest
        split.watermark = saved.watermark
        guard let generator = saved.generator, let made = split.generator else { return }
        split.generator = try Self.generator(like: made, from: generator)
    }

    /// Those behind the exchanges, which begin afresh, have to be told that there is nothing to wait for.
    private func note(_ change: WatermarkMerger.Change) {
        if let idle = change.idle { restored = WatermarkMerger.Change(watermark: nil, idle: idle ? true : nil) }
    }

    /// Sends a barrier after all that was read so far.
    private func inject(barrier: Int) throws {
        guard !hasEnded else { return }
        if let change = restored {
            restored = nil
            try pass(change)
        }
        try aligner.reach(barrier, node: node)
        try signal(.barrier(barrier))
    }

    /// Where the splits are that this worker reads; a position is nil where the source can't be restarted.
    private var positions: [SplitState] {
        splits.map { split in
            let position: String? =
                if let reader = split.reader { reader.restartPosition?.description } else {
                    split.resume?.description ?? "start"
                }
            return SplitState(split: split.name, position: position, watermark: split.watermark)
        } + endedSplits.map { SplitState(split: $0, position: "end", watermark: .max) }
    }

    /// Begins with the step's watermark in the snapshot, the lowest of its workers'.
    private func begin(at watermark: Timestamp, _ parallelism: Int) {
        timeWatermark = max(timeWatermark, watermark)
        merger.begin(at: watermark)
        guard merger.watermark > watermark else { return }
        restored = WatermarkMerger.Change(watermark: merger.watermark, idle: restored?.idle)
    }

    /// A generator's own state; nil when its type has no codec, so that it begins anew.
    private static func bytes(of generator: any WatermarkGenerator<Input.Element>) throws -> [UInt8]? {
        func encoded<Generator: WatermarkGenerator>(_ generator: Generator) throws -> [UInt8]? {
            let codec = StateCodec<Generator>.automatic
            guard codec.form != .missing else { return nil }
            var encoder = StateEncoder()
            try codec.encode(generator, into: &encoder)
            return encoder.bytes
        }
        return try encoded(generator)
    }

    /// A generator of the type of `made` with the state that was saved.
    private static func generator(
        like made: any WatermarkGenerator<Input.Element>, from bytes: [UInt8]
    ) throws -> any WatermarkGenerator<Input.Element> {
        func decoded<Generator: WatermarkGenerator<Input.Element>>(
            _ made: Generator
        ) throws -> any WatermarkGenerator<Input.Element> {
            var decoder = StateDecoder(bytes)
            return try StateCodec<Generator>.automatic.decode(&decoder)
        }
        return try decoded(made)
    }
}
