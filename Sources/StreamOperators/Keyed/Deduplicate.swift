public import StateBackend
public import StreamCore

extension KeyedStream {
    /// Passes on the first record of each key; those that repeat it within `horizon` of event time are dropped.
    ///
    /// A key is forgotten when the watermark has passed its first record's time by `horizon`, so that memory is bounded
    /// by the keys of that stretch of time. Which of several equal records is the first is decided by arrival.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - horizon: for how long a key is remembered.
    ///   - duplicates: a side output of the step for the dropped records; by default they are only counted, as what came
    ///     in and did not go out.
    @inlinable
    public func deduplicate(
        _ name: String, within horizon: Duration, duplicates: SideOutput<Element>? = nil
    ) -> DataStream<Element> {
        let milliseconds = horizon.milliseconds
        if milliseconds <= 0 {
            builder.reject(name, "the horizon is \(milliseconds) ms; it must be at least 1 ms")
        }
        return transform(name, needsEventTime: true) { context in
            DeduplicateOperator<Key, Element>(
                horizon: milliseconds, duplicates: try duplicates.flatMap { try context.collector(for: $0) })
        }
    }
}

/// The keys seen, each with a timer for its forgetting.
@frozen
@usableFromInline
struct DeduplicateOperator<Key: StreamKey, Element: Sendable>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Element

    @usableFromInline let horizon: Int64
    @usableFromInline let duplicates: Collector<Element>?
    @usableFromInline let seen = StateTable<Key, Timestamp>()
    @usableFromInline var timers: TimerQueue<Key>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(horizon: Int64, duplicates: Collector<Element>?) {
        self.horizon = horizon
        self.duplicates = duplicates
        timers = TimerQueue(bucketWidth: Swift.max(horizon / 64, 1))
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Element>) throws {
        let records = input.records
        if seen.byteCount > 1 << 18 { for i in 0..<input.count { seen.prefetch(hash: input.hashes[i]) } }
        for i in 0..<input.count {
            let timestamp = records.timestamps[i]
            var isNew = false
            let expiry = timestamp.advanced(byMilliseconds: horizon)
            seen.update(
                input.keys[i], hash: input.hashes[i],
                insert: {
                    isNew = true
                    return expiry
                }, update: { _ in })
            if isNew {
                timers.add(input.keys[i], at: expiry)
                try output.emit(records.elements[i], at: timestamp)
            } else {
                try duplicates?.emit(records.elements[i], at: timestamp)
            }
        }
        try duplicates?.flush()
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Element>) throws {
        while let timer = timers.popFirst(through: watermark) {
            seen.remove(timer.payload, hash: timer.payload.stableHash)
        }
    }
}
