public import StateBackend
public import StreamCore

/// The open runs of each key, each with its last record; see ``KeyedStream/deduplicate(_:within:keep:duplicates:late:)``.
///
/// A run with last time t has ended when the watermark is at least t + horizon − 1: the next record is then a horizon or
/// more from it. Until then t > watermark − horizon + 1, which is therefore the watermark that holds for the output.
@frozen
@usableFromInline
struct KeepLastOperator<Key: StreamKey, Element: Sendable>: StreamOperator {
    @usableFromInline typealias Input = KeyedBatch<Key, Element>
    @usableFromInline typealias Output = Element

    /// Records less than the horizon apart from neighbour to neighbour.
    @frozen
    @usableFromInline
    struct Run {
        @usableFromInline var first: Timestamp
        @usableFromInline var last: Timestamp
        @usableFromInline var element: Element
        /// When the queue has an entry for the run: at or before its end.
        @usableFromInline var wake: Timestamp

        @inlinable
        init(first: Timestamp, last: Timestamp, element: Element, wake: Timestamp) {
            self.first = first
            self.last = last
            self.element = element
            self.wake = wake
        }
    }

    @usableFromInline let horizon: Int64
    @usableFromInline let duplicates: Collector<Element>?
    @usableFromInline var lateness: LatenessPolicy<Element>
    @usableFromInline let table: StateTable<Key, [Run]>
    @usableFromInline var queue: TimerQueue<KeyAndHash<Key>>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        horizon: Int64, duplicates: Collector<Element>?, late: LateRecords<Element>, context: OperatorContext
    ) throws {
        self.horizon = horizon
        self.duplicates = duplicates
        lateness = try LatenessPolicy(allowed: 0, late: late, context: context)
        queue = TimerQueue(bucketWidth: Swift.max(horizon / 16, 1))
        table = try context.state.table("runs", codec: Self.codec.array)
    }

    @inlinable
    mutating func process(_ input: KeyedBatch<Key, Element>, _ output: Collector<Element>) throws {
        let records = input.records
        for i in 0..<input.count {
            let time = records.timestamps[i]
            let end = time.advanced(byMilliseconds: horizon &- 1)
            if end <= watermark {
                try lateness.dispose(records.elements[i], at: time)
                continue
            }
            var run = Run(first: time, last: time, element: records.elements[i], wake: end)
            let runs = table.upsert(input.keys[i], hash: input.hashes[i], [])
            var joined = 0
            // Nearly always there is one run.
            for j in runs.pointee.indices.reversed() where isNear(runs.pointee[j], time) {
                let other = runs.pointee.remove(at: j)
                joined += 1
                // Of equal times the one that arrived last, which `run` holds before it has joined anything.
                let isLater = other.last > run.last
                try duplicates?.emit(isLater ? run.element : other.element, at: Swift.min(run.last, other.last))
                run = Run(
                    first: Swift.min(run.first, other.first), last: Swift.max(run.last, other.last),
                    element: isLater ? other.element : run.element, wake: Swift.min(run.wake, other.wake))
            }
            runs.pointee.append(run)
            if joined == 0 || run.wake == end {
                queue.add(KeyAndHash(key: input.keys[i], hash: input.hashes[i]), at: run.wake)
            }
        }
        try duplicates?.flush()
        try lateness.flush()
    }

    @inlinable @inline(__always)
    func isNear(_ run: Run, _ time: Timestamp) -> Bool {
        time.advanced(byMilliseconds: horizon) > run.first && time < run.last.advanced(byMilliseconds: horizon)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Element>) throws {
        self.watermark = watermark
        while let entry = queue.popFirst(through: watermark) {
            let key = entry.payload.key
            let hash = entry.payload.hash
            // Without one the entry is out of date: its run has been joined by another.
            guard let runs = table.find(key, hash: hash),
                let index = runs.pointee.firstIndex(where: { $0.wake == entry.time })
            else { continue }
            let end = runs.pointee[index].last.advanced(byMilliseconds: horizon &- 1)
            guard end <= entry.time else {
                runs.pointee[index].wake = end
                queue.add(KeyAndHash(key: key, hash: hash), at: end)
                continue
            }
            let run = runs.pointee.remove(at: index)
            if runs.pointee.isEmpty { table.remove(key, hash: hash) }
            try output.emit(run.element, at: run.last)
        }
    }

    @inlinable
    func outputWatermark(at watermark: Timestamp) -> Timestamp { watermark.advanced(byMilliseconds: 1 &- horizon) }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark
        var loaded: [(time: Timestamp, key: Key)] = []
        table.forEachUnchanged { key, runs in for run in runs { loaded.append((run.wake, key)) } }
        for (time, key) in loaded { queue.add(KeyAndHash(key: key, hash: key.stableHash), at: time) }
    }

    /// How a run is saved; with what the queue was told, since a table over a store may let go of it at any time.
    @usableFromInline static var codec: StateCodec<Run> {
        let elements = StateCodec<Element>.automatic
        return StateCodec<Run>(
            of: { [elements.schema] },
            encode: { run, encoder in
                encoder.writeVarint(signed: run.first)
                encoder.writeVarint(signed: run.last)
                encoder.writeVarint(signed: run.wake)
                try elements.encode(run.element, into: &encoder)
            },
            decode: { written in
                let elements = elements.reading(written, 0)
                return { decoder in
                    let first = try decoder.readSignedVarint()
                    let last = try decoder.readSignedVarint()
                    let wake = try decoder.readSignedVarint()
                    return Run(first: first, last: last, element: try elements.decode(&decoder), wake: wake)
                }
            })
    }
}
