public import StateBackend

/// Sorts the records of batches into a keyed batch per worker.
@usableFromInline
final class KeyPartitioner<Key: StreamKey, Element: Sendable> {
    @usableFromInline let sender: ExchangeSender<KeyedBatch<Key, Element>>
    @usableFromInline let parallelism: Int
    @usableFromInline let batchSize: Int
    @usableFromInline let workerOfGroup: UnsafeMutablePointer<Int>
    @usableFromInline let keyGroups: KeyGroups
    @usableFromInline @exclusivity(unchecked) var parts: [KeyedBatch<Key, Element>]
    /// Where each part's next record goes, while a batch's records are moved.
    @usableFromInline let cursors: UnsafeMutablePointer<PartCursor<Key, Element>>
    /// An empty part.
    @usableFromInline @exclusivity(unchecked) var spare: KeyedBatch<Key, Element>?
    /// The newest watermark, and the one that each worker was told last.
    @usableFromInline @exclusivity(unchecked) var watermark = Timestamp.min
    @usableFromInline @exclusivity(unchecked) var told: [Timestamp]

    @inlinable
    init(
        sender: ExchangeSender<KeyedBatch<Key, Element>>, parallelism: Int, batchSize: Int, keyGroups: KeyGroups
    ) {
        self.sender = sender
        self.parallelism = parallelism
        self.batchSize = batchSize
        self.keyGroups = keyGroups
        workerOfGroup = .allocate(capacity: keyGroups.count)
        for group in 0..<keyGroups.count {
            (workerOfGroup + group).initialize(to: keyGroups.worker(ofGroup: group, parallelism: parallelism))
        }
        cursors = .allocate(capacity: parallelism)
        parts = (0..<parallelism).map { _ in KeyedBatch(capacity: batchSize) }
        told = Array(repeating: .min, count: parallelism)
    }

    @inlinable
    deinit {
        workerOfGroup.deallocate()
        cursors.deallocate()
    }

    /// Passes a signal on behind the records that came before it.
    ///
    /// A watermark waits for the records: it follows the next part that is sent to a worker, so that parts are sent when
    /// they are full (or the worker has nothing else to do, or ``JobOptions/flushInterval`` has passed), not after each
    /// batch of the source.
    @usableFromInline
    func receive(_ signal: Signal) throws {
        if case .watermark(let newest) = signal, newest < .max {
            watermark = newest
            return
        }
        _ = try flush()
        if case .watermark(let last) = signal {
            watermark = last
            told = Array(repeating: last, count: parallelism)
        }
        try sender.broadcast(signal)
    }

    /// Moves the records of `batch` to their workers' parts, and sends those that are full.
    @inlinable @inline(__always)
    func partition<Failure: Error>(
        _ batch: Batch<Element>, _ keyOf: (Element) throws(Failure) -> Key, _ errors: ErrorHandler<Element>
    ) throws {
        let elements = batch.elements
        let timestamps = batch.timestamps
        let count = batch.count
        let keyGroups = keyGroups
        let workerOfGroup = workerOfGroup
        let cursors = cursors
        batch.count = 0
        var moved = 0
        for target in 0..<parallelism { open(target, batch.origin) }
        defer {
            for target in 0..<parallelism { parts[target].fill(cursors[target].count) }
            // When a failing key function stops the job, the records not yet moved are still to be destroyed.
            if moved < count { (elements + moved).deinitialize(count: count - moved) }
        }
        while moved < count {
            let key: Key
            do throws(Failure) { key = try keyOf(elements[moved]) } catch {
                try errors.dispose(elements[moved], at: timestamps[moved], error, from: batch.origin)
                (elements + moved).deinitialize(count: 1)
                moved &+= 1
                continue
            }
            let hash = key.stableHash
            let target = workerOfGroup[keyGroups.group(ofHash: hash)]
            (cursors + target).pointee.append(elements + moved, at: timestamps[moved], key: key, hash: hash)
            moved &+= 1
            if cursors[target].count == batchSize {
                parts[target].fill(batchSize)
                cursors[target].count = 0
                try send(target)
                open(target, batch.origin)
            }
        }
    }

    /// Points the cursor of a part behind its last record; records from `origin` are to follow.
    @inlinable
    func open(_ target: Int, _ origin: BatchOrigin?) {
        let part = parts[target]
        part.note(origin: origin)
        cursors[target] = PartCursor(part)
    }

    /// Sends what is in the parts; whether there was anything.
    @inlinable
    func flush() throws -> Bool {
        var any = false
        for target in 0..<parallelism {
            if parts[target].count > 0 {
                try send(target)
                any = true
            } else if told[target] < watermark {
                try tell(target)
                any = true
            }
        }
        return any
    }

    @inlinable
    func send(_ target: Int) throws {
        var part = parts[target]
        parts[target] = spare ?? KeyedBatch(capacity: batchSize)
        spare = nil
        try sender.send(part, to: target)
        // What went straight through is used again, unless somebody has kept it. (Another worker may have let go of its part
        // by now, too, but nothing orders what it did before what would be done here.)
        if sender.isOwn(target) && isKnownUniquelyReferenced(&part) && part.ownsRecords {
            part.removeAll()
            spare = part
        }
        if told[target] < watermark { try tell(target) }
    }

    /// Sends the newest watermark, which all records before it have gone ahead of.
    @usableFromInline
    func tell(_ target: Int) throws {
        told[target] = watermark
        try sender.send(.watermark(watermark), to: target)
    }
}

/// Where the next record of a part goes: the part's columns, at hand.
@frozen @usableFromInline
struct PartCursor<Key: StreamKey, Element: Sendable>: BitwiseCopyable {
    @usableFromInline let elements: UnsafeMutablePointer<Element>
    @usableFromInline let timestamps: UnsafeMutablePointer<Timestamp>
    @usableFromInline let keys: UnsafeMutablePointer<Key>
    @usableFromInline let hashes: UnsafeMutablePointer<UInt64>
    @usableFromInline var count: Int

    @inlinable @inline(__always)
    init(_ part: KeyedBatch<Key, Element>) {
        elements = part.records.elements
        timestamps = part.records.timestamps
        keys = part.keys
        hashes = part.hashes
        count = part.count
    }

    /// Moves a record to the part's end.
    @inlinable @inline(__always)
    mutating func append(
        _ element: UnsafeMutablePointer<Element>, at timestamp: Timestamp, key: consuming Key, hash: UInt64
    ) {
        let place = count
        (elements + place).moveInitialize(from: element, count: 1)
        timestamps[place] = timestamp
        (keys + place).initialize(to: key)
        hashes[place] = hash
        count = place &+ 1
    }
}
