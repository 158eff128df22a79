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
                }
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
            guard let i = splits.firstIndex(where: { $0.number == number }) else { continue }
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
