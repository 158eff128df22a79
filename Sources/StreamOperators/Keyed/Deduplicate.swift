public import StateBackend
public import StreamCore

/// Which of a key's repetitions ``KeyedStream/deduplicate(_:within:keep:duplicates:late:)`` passes on.
public enum KeptRecord: Sendable {
    /// The one that arrived first, at once.
    case first
    /// The one with the latest event time, once no further repetition can come.
    case last
}

extension KeyedStream {
    /// Passes on one of the records of each key that repeat each other.
    ///
    /// With ``KeptRecord/first`` a record is passed on when it is at least `horizon` of event time away, either way, from
    /// all of its key that were passed on before. Each is forgotten when the watermark has passed its time by `horizon`,
    /// so that memory is bounded by the keys of that stretch of time. Which of several equal records is the first is
    /// decided by arrival, which between splits may differ from run to run: records with the same key should be the
    /// same.
    ///
    /// With ``KeptRecord/last`` the records of a key form runs: ordered by event time, neighbours in a run are less than
    /// `horizon` apart. Of each run the last one is passed on, with its own timestamp, when the watermark shows that the
    /// run has ended; of several with that time, the one that arrived last. The stream's watermark lags by `horizon`
    /// therefore. A record that comes when the watermark has passed its time by `horizon` is late.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - horizon: how far apart repetitions can be.
    ///   - kept: which record is passed on. The default is the first.
    ///   - duplicates: a side output of the step for the others; by default they are only counted, as what came in and
    ///     did not go out.
    ///   - late: what becomes of late records, which there are with ``KeptRecord/last``. By default they are dropped and
    ///     counted.
    @inlinable
    public func deduplicate(
        _ name: String, within horizon: Duration, keep kept: KeptRecord = .first,
        duplicates: SideOutput<Element>? = nil, late: LateRecords<Element> = .drop
    ) -> DataStream<Element> {
        let milliseconds = horizon.milliseconds
        if milliseconds <= 0 {
            builder.reject(name, "the horizon is \(milliseconds) ms; it must be at least 1 ms")
        }
        switch kept {
        case .first:
            return transform(name, needsEventTime: true) { context in
                try DeduplicateOperator<Key, Element>(
                    horizon: milliseconds, duplicates: try duplicates.flatMap { try context.collector(for: $0) },
                    state: context.state)
            }
        case .last:
            return transform(name, needsEventTime: true) { context in
                try KeepLastOperator<Key, Element>(
                    horizon: milliseconds, duplicates: try duplicates.flatMap { try context.collector(for: $0) },
                    late: late, context: context)
            }
        }
    }

    /// Passes on the first record of each key, by arrival, and drops all others, for ever.
    ///
    /// Needs no event time, and memory for every key that there ever was.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - duplicates: a side output of the step for the dropped records; by default they are only counted, as what came
    ///     in and did not go out.
    @inlinable
    public func deduplicate(_ name: String, duplicates: SideOutput<Element>? = nil) -> DataStream<Element> {
        transform(name) { context in
            KeepFirstOperator<Key, Element>(
                seen: try context.state.table("seen"),
                duplicates: try duplicates.flatMap { try context.collector(for: $0) })
        }
    }
}

/// The keys seen, for ever.
@frozen
@usableFromInline
struct KeepFirstOperator<Key: StreamKey, Element: Sendable>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Element

    @usableFromInline let seen: StateTable<Key, Bool>
    @usableFromInline let duplicates: Collector<Element>?

    @inlinable
    init(seen: StateTable<Key, Bool>, duplicates: Collector<Element>?) {
        self.seen = seen
        self.duplicates = duplicates
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Element>) throws {
        let records = input.records
        seen.prepare(input.keys, hashes: input.hashes, count: input.count)
        try input.forEachOrigin { range, origin in
            try output.flush()
            output.origin = origin
            for i in range {
                let count = seen.count
                _ = seen.upsert(input.keys[i], hash: input.hashes[i], true)
                if seen.count > count {
                    try output.emit(records.elements[i], at: records.timestamps[i])
                } else {
                    try duplicates?.emit(records.elements[i], at: records.timestamps[i])
                }
            }
        }
        try duplicates?.flush()
    }
}

/// The keys seen, with the time at which each is forgotten.
///
/// Whether a record repeats another is decided by their times alone; the watermark only tells when a key can be dropped
/// from memory, which is done for a whole bucket of keys at a time.
@frozen
@usableFromInline
struct DeduplicateOperator<Key: StreamKey, Element: Sendable>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Element

    @usableFromInline let horizon: Int64
    @usableFromInline let bucketWidth: Int64
    @usableFromInline let duplicates: Collector<Element>?
    /// When the newest of a key's records that were passed on is forgotten.
    @usableFromInline let seen: StateTable<Key, Timestamp>
    /// The same for the older ones, where a key has several: records in disorder may repeat those.
    @usableFromInline let older: StateTable<Key, [Timestamp]>
    /// The keys by the bucket of time in which they expire; the buckets' numbers ascending.
    @usableFromInline var buckets: [(number: Int64, keys: [(key: Key, hash: UInt64)])] = []

    @inlinable
    init(horizon: Int64, duplicates: Collector<Element>?, state: StepState) throws {
        self.horizon = horizon
        self.duplicates = duplicates
        bucketWidth = Swift.max(horizon / 64, 1)
        seen = try state.table("seen")
        older = try state.table("older")
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Element>) throws {
        seen.prepare(input.keys, hashes: input.hashes, count: input.count)
        try input.forEachOrigin { range, origin in
            try output.flush()
            output.origin = origin
            try process(input, range, output)
        }
        try duplicates?.flush()
    }

    @inlinable @inline(__always)
    mutating func process(_ input: KeyedBatch<Key, Element>, _ range: Range<Int>, _ output: Collector<Element>) throws {
        let records = input.records
        for i in range {
            let timestamp = records.timestamps[i]
            let expiry = timestamp.advanced(byMilliseconds: horizon)
            var isNew = false
            var isFar = false
            var old = expiry
            seen.update(
                input.keys[i], hash: input.hashes[i],
                insert: {
                    isNew = true
                    return expiry
                },
                update: {
                    if timestamp < $0 && expiry > $0 &- horizon { return }
                    isFar = true
                    // After the newest one, or before it.
                    if timestamp >= $0 { swap(&old, &$0) }
                })
            if isFar { isNew = isFirstAmongOlder(input.keys[i], input.hashes[i], timestamp, expiry, adding: old) }
            if isNew {
                remember(input.keys[i], input.hashes[i], expiry)
                try output.emit(records.elements[i], at: timestamp)
            } else {
                try duplicates?.emit(records.elements[i], at: timestamp)
            }
        }
    }

    /// Whether a record repeats none of the older ones; if so, `old` is one of them from now on.
    @inlinable
    func isFirstAmongOlder(
        _ key: Key, _ hash: UInt64, _ timestamp: Timestamp, _ expiry: Timestamp, adding old: Timestamp
    ) -> Bool {
        let times = older.upsert(key, hash: hash, [])
        if times.pointee.contains(where: { timestamp < $0 && expiry > $0 &- horizon }) { return false }
        times.pointee.append(old)
        return true
    }

    @inlinable
    mutating func remember(_ key: Key, _ hash: UInt64, _ expiry: Timestamp) {
        let number = expiry.floored(to: bucketWidth)
        // Nearly always the last bucket or the one before.
        var index = buckets.count
        while index > 0 && buckets[index - 1].number > number { index -= 1 }
        if index > 0 && buckets[index - 1].number == number {
            buckets[index - 1].keys.append((key, hash))
        } else {
            buckets.insert((number, [(key, hash)]), at: index)
        }
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Element>) throws {
        while let first = buckets.first, first.number.advanced(byMilliseconds: bucketWidth) <= watermark {
            buckets.removeFirst()
            for (key, hash) in first.keys {
                // A key that came again since then expires in a later bucket.
                if let expiry = seen.find(key, hash: hash), expiry.pointee <= watermark { seen.remove(key, hash: hash) }
                guard older.count > 0, let times = older.find(key, hash: hash) else { continue }
                times.pointee.removeAll { $0 <= watermark }
                if times.pointee.isEmpty { older.remove(key, hash: hash) }
            }
        }
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        var loaded: [(key: Key, expiry: Timestamp)] = []
        seen.forEachUnchanged { key, expiry in loaded.append((key, expiry)) }
        older.forEachUnchanged { key, times in for expiry in times { loaded.append((key, expiry)) } }
        loaded.sort { $0.expiry < $1.expiry }
        for (key, expiry) in loaded { remember(key, key.stableHash, expiry) }
    }
}
