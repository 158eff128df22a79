public import StateBackend
public import StreamCore

/// What a temporal join keeps of a key: its versions, and the records that wait for their time.
@frozen
@usableFromInline
struct TemporalRow<Record, Version> {
    @frozen
    @usableFromInline
    struct Timed<Value> {
        @usableFromInline let time: Timestamp
        @usableFromInline var value: Value

        @inlinable
        init(time: Timestamp, value: Value) {
            self.time = time
            self.value = value
        }
    }

    /// Ascending, each time once; nil for a deletion.
    @usableFromInline var versions: [Timed<Version?>] = []
    /// In the order of their coming.
    @usableFromInline var waiting: [Timed<Record>] = []
    /// When the key is to be looked at again; an entry of the queue that differs is out of date.
    ///
    /// Saved, since a table over a store may let go of the row while the queue has its entry.
    @usableFromInline var timer = Timestamp.max

    @inlinable
    init() {}

    @inlinable var isEmpty: Bool { versions.isEmpty && waiting.isEmpty }

    /// The number of versions that are valid from `time` or before on.
    @inlinable
    func versionCount(through time: Timestamp) -> Int {
        var low = 0
        var high = versions.count
        while low < high {
            let middle = (low + high) / 2
            if versions[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The version valid at `time`, if there is one.
    @inlinable
    func version(at time: Timestamp) -> Version? {
        let count = versionCount(through: time)
        return count == 0 ? nil : versions[count - 1].value
    }

    /// Adds a version, or replaces the one of the same time.
    @inlinable
    mutating func add(_ version: Version?, from time: Timestamp) {
        let index = versionCount(through: time)
        if index > 0 && versions[index - 1].time == time {
            versions[index - 1].value = version
        } else {
            versions.insert(Timed(time: time, value: version), at: index)
        }
    }

    /// Drops the versions that no record at or after `watermark` can meet.
    @inlinable
    mutating func prune(at watermark: Timestamp) {
        let count = versionCount(through: watermark)
        guard count > 0 else { return }
        // The last one is valid at the watermark; when it is a deletion, there is no version before the next one.
        let dropped = versions[count - 1].value == nil ? count : count - 1
        if dropped > 0 { versions.removeFirst(dropped) }
    }

    /// Moves out the waiting records up to `time`, in the order of their times, and of their coming where those are equal.
    @inlinable
    mutating func take(through time: Timestamp) -> [Timed<Record>] {
        guard waiting.contains(where: { $0.time <= time }) else { return [] }
        var taken: [Timed<Record>] = []
        if waiting.allSatisfy({ $0.time <= time }) {
            swap(&taken, &waiting)
        } else {
            taken = waiting.filter { $0.time <= time }
            waiting.removeAll { $0.time <= time }
        }
        if taken.count > 1 { taken.sort { $0.time < $1.time } }
        return taken
    }

    /// When there is next something to do: a record to join or a version to drop; `Timestamp.max` when there isn't.
    ///
    /// - Parameter watermark: what is at or before it has been done.
    @inlinable
    func nextTime(after watermark: Timestamp) -> Timestamp {
        var next = waiting.reduce(Timestamp.max) { Swift.min($0, $1.time) }
        let count = versionCount(through: watermark)
        if count < versions.count { next = Swift.min(next, versions[count].time) }
        return next
    }
}

extension TemporalRow {
    /// How a row is saved: its versions, the waiting records, and its timer.
    @usableFromInline static var codec: StateCodec<TemporalRow> {
        let versions = Timed.codec(StateCodec<Version>.automatic.optional).array
        let waiting = Timed.codec(StateCodec<Record>.automatic).array
        return StateCodec<TemporalRow>(
            of: { [versions.schema, waiting.schema] },
            encode: { row, encoder in
                try versions.encode(row.versions, into: &encoder)
                try waiting.encode(row.waiting, into: &encoder)
                try encoder.encode(row.timer)
            },
            decode: { written in
                let versions = versions.reading(written, 0)
                let waiting = waiting.reading(written, 1)
                return { decoder in
                    var row = TemporalRow()
                    row.versions = try versions.decode(&decoder)
                    row.waiting = try waiting.decode(&decoder)
                    row.timer = try decoder.decode()
                    return row
                }
            })
    }
}

extension TemporalRow.Timed {
    static func codec(_ values: StateCodec<Value>) -> StateCodec<TemporalRow<Record, Version>.Timed<Value>> {
        StateCodec<TemporalRow<Record, Version>.Timed<Value>>(
            of: { [values.schema] },
            encode: { timed, encoder in
                try encoder.encode(timed.time)
                try values.encode(timed.value, into: &encoder)
            },
            decode: { written in
                let values = values.reading(written, 0)
                return { decoder in
                    let time: Timestamp = try decoder.decode()
                    return TemporalRow<Record, Version>.Timed<Value>(time: time, value: try values.decode(&decoder))
                }
            })
    }
}
