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
        build.aligner.injections.append { [unowned self] in
            do { try inject(barrier: $0) } catch { throw JobError.wrap(error, .sourceFailed, step: step) }
        }
        let parallelism = build.shared.options.parallelism
        let part = WorkerValuePart(
            write: { [unowned self] encoder in
                try encoder.encode(parallelism)
                try encoder.encode(merger)
                try encoder.encode(timeWatermark)
                encoder.writeVarint(UInt64(splits.count))
                for split in splits {
                    try encoder.encode(split.number)
                    try encoder.encode(split.newest)
                    try encoder.encode(split.watermark)
                    try encoder.encode(merger.isIdle(split.index))
                    try encoder.encode(try split.generator.flatMap { try Self.bytes(of: $0) })
                    try encoder.encode(split.name)
                    try encoder.encode(split.reader.map(\.restartPosition) ?? split.resume)
                }
                try encoder.encode(endedSplits)
            },
            read: { [unowned self] decoder in try load(&decoder, isOwn: try decoder.decode() == parallelism) })
        try instance.state.add("weir.splits", part)
        instance.restored.append { [unowned self] in begin(at: $0, parallelism) }
    }

    /// Loads what a worker has saved: this one, or, when the parallelism has changed, any, with other splits.
    private func load(_ decoder: inout StateDecoder, isOwn: Bool) throws {
        let loaded: WatermarkMerger = try decoder.decode()
        let time: Timestamp = try decoder.decode()
        if isOwn {
            if loaded.inputCount == merger.inputCount { merger = loaded }
            timeWatermark = time
        }
        for _ in 0..<(try decoder.readCount()) {
            let number: Int = try decoder.decode()
            let newest: Timestamp = try decoder.decode()
            let watermark: Timestamp = try decoder.decode()
            let isIdle: Bool = try decoder.decode()
            let generator: [UInt8]? = try decoder.decode()
            let name: String = try decoder.decode()
            let position: SplitPosition? = try decoder.decode()
            guard let i = splits.firstIndex(where: { $0.number == number && $0.name == name }) else { continue }
            splits[i].resume = position
            splits[i].newest = newest
            splits[i].watermark = watermark
            if let generator, let made = splits[i].generator {
                splits[i].generator = try Self.generator(like: made, from: generator)
            }
            if isOwn { continue }
            _ = merger.advance(splits[i].index, to: watermark)
            // Those behind the exchanges have to be told.
            if isIdle && merger.idle(splits[i].index).idle == true {
                restored = WatermarkMerger.Change(watermark: nil, idle: true)
            }
        }
        for name in try decoder.decode([String].self) {
            guard let i = splits.firstIndex(where: { $0.name == name }) else { continue }
            _ = merger.advance(splits[i].index, to: .max)
            endedSplits.append(name)
            splits.remove(at: i)
        }
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
