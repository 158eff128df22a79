internal import StateBackend

/// What was saved of a split.
@usableFromInline
struct SavedSplit: Sendable {
    var number: Int
    var newest: Timestamp
    var watermark: Timestamp
    var isIdle: Bool
    var generator: [UInt8]?
    var name: String
    var position: SplitPosition?

    init(_ decoder: inout StateDecoder) throws {
        number = try decoder.decode()
        newest = try decoder.decode()
        watermark = try decoder.decode()
        isIdle = try decoder.decode()
        generator = try decoder.decode()
        name = try decoder.decode()
        position = try decoder.decode()
    }

    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(number)
        try encoder.encode(newest)
        try encoder.encode(watermark)
        try encoder.encode(isIdle)
        try encoder.encode(generator)
        try encoder.encode(name)
        try encoder.encode(position)
    }
}

/// What a worker knows of the splits of a source that finds them while it runs.
///
/// Every worker lists all splits and reads those whose names' hash is its own: nobody has to tell others of a split, and
/// after a restore at any parallelism each is read by exactly one worker, from where it was.
@usableFromInline
struct FoundSplits<Split: Sendable>: Sendable {
    /// The names of the worker's splits that wait, are being read or have ended.
    var known: Set<String> = []
    /// Those that wait to be begun.
    var queue: [(name: String, split: Split)] = []
    /// What a snapshot had of the worker's splits, until they are begun.
    var saved: [String: SavedSplit] = [:]
    /// When to look next.
    @usableFromInline var due = Timestamp.min
    var hasLooked = false
    /// Whether no others will come.
    @usableFromInline var isComplete = false
    let parallelism: Int
    let worker: Int

    init(parallelism: Int, worker: Int) {
        self.parallelism = parallelism
        self.worker = worker
    }

    func isOwn(_ name: String) -> Bool {
        var name = name
        let hash = name.withUTF8 { StableHash.hash(UnsafeRawBufferPointer($0)) }
        return Int(hash % UInt64(parallelism)) == worker
    }
}

extension SourceRunner {
    /// Prepares for splits that are found while the job runs.
    func prepareDiscovery(parallelism: Int, worker: Int) {
        guard source.discovery != nil else { return }
        found = FoundSplits<Input.Split>(parallelism: parallelism, worker: worker)
        // Input 0 stands for the splits that are still to come: idle, so that it holds nobody back, it keeps the source
        // from ending when all others have.
        merger = WatermarkMerger(inputCount: 1)
        // Wakes the worker; looking is part of the next poll.
        processingTime.onWake { _ in }
    }

    /// Looks for splits.
    @usableFromInline
    func discover() throws {
        guard var found, let discovery = source.discovery, !found.isComplete else { return }
        let listing = try discovery.list()
        var names: Set<String> = []
        let isFirst = !found.hasLooked
        found.hasLooked = true
        found.isComplete = listing.isComplete
        for split in listing.splits {
            let name = source.name(of: split, number: splits.count)
            names.insert(name)
            guard found.isOwn(name), found.known.insert(name).inserted else { continue }
            found.queue.append((name, split))
        }
        // Those that were being read come first.
        if isFirst {
            found.queue =
                found.queue.filter { found.saved[$0.name] != nil } + found.queue.filter { found.saved[$0.name] == nil }
        }
        if isFirst, let missing = found.saved.keys.filter({ !names.contains($0) }).min() {
            throw JobError(
                code: .restoreFailed, step: step,
                message: "the split '\(missing)', which the snapshot has read up to "
                    + "\(found.saved[missing]?.position?.description ?? "its beginning"), is not listed any more; bring it "
                    + "back, or begin with another snapshot")
        }
        if discovery.forgetsEndedSplits {
            if listing.isMissing, let known = found.known.min() {
                throw JobError(
                    code: .sourceFailed, step: step,
                    message: "what is to be listed isn't there any more, and '\(known)' and others were: if they were "
                        + "forgotten now, they would be read again when they are back; bring the place back (a volume that "
                        + "isn't mounted?), and start the job again")
            }
            let gone = Set(endedSplits).subtracting(names)
            endedSplits.removeAll { gone.contains($0) }
            found.known.subtract(gone)
        }
        found.due = processingTime.now.advanced(byMilliseconds: max(discovery.interval.milliseconds, 1))
        self.found = found
        try beginSplits()
        if isFirst { try pass(merger.idle(0)) }
        if !found.isComplete { processingTime.wake(at: found.due) }
    }

    /// Begins as many of the splits that wait as may be read at once.
    @usableFromInline
    func beginSplits() throws {
        guard let most = source.discovery.map({ $0.splitsAtOnce ?? .max }) else { return }
        while splits.count < most, let next = found?.queue.first {
            found?.queue.removeFirst()
            try pass(try add(next.split, name: next.name, found?.saved.removeValue(forKey: next.name)))
        }
    }

    private func add(_ split: Input.Split, name: String, _ saved: SavedSplit?) throws -> WatermarkMerger.Change {
        let (index, change) = merger.addInput(
            watermark: saved?.watermark ?? .min, isIdle: saved?.isIdle ?? false)
        var active = ActiveSplit(
            number: splits.count, index: index, split: split, name: name, since: processingTime.now)
        if case .custom(let make) = watermarks.kind { active.generator = make() }
        if let alignment { active.member = alignment.join() }
        if let saved { try restore(&active, saved) }
        if saved != nil { alignment?.note(active.member, saved?.isIdle == true ? nil : active.watermark) }
        splits.append(active)
        return change
    }

    /// Takes of what any worker has saved what this one reads now.
    func loadFound(_ saved: [SavedSplit], ended: [String]) {
        guard let found else { return }
        for split in saved where found.isOwn(split.name) { self.found?.saved[split.name] = split }
        for name in ended where found.isOwn(name) && self.found?.known.insert(name).inserted == true {
            endedSplits.append(name)
        }
    }
}
