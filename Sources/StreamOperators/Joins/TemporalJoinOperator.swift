public import StateBackend
public import StreamCore

/// Joins records with the versions valid at their times; a key has one lazy timer.
@frozen
@usableFromInline
struct TemporalJoinOperator<Key: StreamKey, Record: Sendable, Version: Sendable, Output: Sendable>: TwoInputOperator {
    @usableFromInline typealias Row = TemporalRow<Record, Version>
    @usableFromInline typealias Left = KeyedBatch<Key, Record>
    @usableFromInline typealias Right = KeyedBatch<Key, Version>

    @usableFromInline var lateLeft: LatenessPolicy<Record>
    @usableFromInline var lateVersions: LatenessPolicy<Version>
    @usableFromInline let isDeletion: (@Sendable (Version) -> Bool)?
    /// The result of a record; nil when it gives none.
    @usableFromInline let combine: @Sendable (Record, Version?) throws -> Output?
    @usableFromInline let errors: ErrorHandler<Record>
    @usableFromInline let rows: StateTable<Key, Row>
    @usableFromInline var timers = TimerQueue<KeyAndHash<Key>>()
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        lateLeft: LatenessPolicy<Record>, lateVersions: LatenessPolicy<Version>,
        isDeletion: (@Sendable (Version) -> Bool)?, combine: @escaping @Sendable (Record, Version?) throws -> Output?,
        onError: ErrorPolicy, context: OperatorContext
    ) throws {
        self.lateLeft = lateLeft
        self.lateVersions = lateVersions
        self.isDeletion = isDeletion
        self.combine = combine
        errors = try context.errors(onError, for: Record.self)
        rows = try context.state.table("rows", codec: Row.codec)
    }

    @inlinable
    mutating func processLeft(_ input: KeyedBatch<Key, Record>, _ output: Collector<Output>) throws {
        let records = input.records
        for i in 0..<input.count {
            let time = records.timestamps[i]
            let (key, hash) = (input.keys[i], input.hashes[i])
            if time > watermark {
                let row = rows.upsert(key, hash: hash, Row())
                row.pointee.waiting.append(Row.Timed(time: time, value: records.elements[i]))
                setTimer(time, key, hash, row)
            } else if time == watermark {
                // Its version has come, if ever one does.
                let version = rows.find(key, hash: hash)?.pointee.version(at: time)
                try join(records.elements[i], version, at: time, from: input.origin(at: i), output)
            } else {
                try lateLeft.dispose(records.elements[i], at: time)
            }
        }
        try lateLeft.flush()
    }

    @inlinable
    mutating func processRight(_ input: KeyedBatch<Key, Version>, _ output: Collector<Output>) throws {
        let records = input.records
        for i in 0..<input.count {
            let time = records.timestamps[i]
            guard time > watermark else {
                try lateVersions.dispose(records.elements[i], at: time)
                continue
            }
            let (key, hash) = (input.keys[i], input.hashes[i])
            let row = rows.upsert(key, hash: hash, Row())
            let version = records.elements[i]
            row.pointee.add(isDeletion?(version) == true ? nil : version, from: time)
            setTimer(time, key, hash, row)
        }
        try lateVersions.flush()
    }

    /// Emits a record's result, if it gives one.
    @inlinable
    func join(
        _ record: Record, _ version: Version?, at time: Timestamp, from origin: @autoclosure () -> BatchOrigin?,
        _ output: Collector<Output>
    ) throws {
        let result: Output?
        do { result = try combine(record, version) } catch {
            return try errors.dispose(record, at: time, error, from: origin())
        }
        if let result { try output.emit(result, at: time) }
    }

    @inlinable
    mutating func setTimer(_ time: Timestamp, _ key: Key, _ hash: UInt64, _ row: UnsafeMutablePointer<Row>) {
        guard time < row.pointee.timer else { return }
        row.pointee.timer = time
        timers.add(KeyAndHash(key: key, hash: hash), at: time)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        self.watermark = watermark
        while let timer = timers.popFirst(through: watermark) {
            let key = timer.payload.key
            let hash = timer.payload.hash
            guard let row = rows.find(key, hash: hash), row.pointee.timer == timer.time else { continue }
            for record in row.pointee.take(through: watermark) {
                let version = row.pointee.version(at: record.time)
                try join(record.value, version, at: record.time, from: nil, output)
            }
            row.pointee.prune(at: watermark)
            row.pointee.timer = row.pointee.nextTime(after: watermark)
            if row.pointee.isEmpty {
                rows.remove(key, hash: hash)
            } else if row.pointee.timer < .max {
                timers.add(timer.payload, at: row.pointee.timer)
            }
        }
        guard watermark == .max else { return }
        // Records of the last moment have no timer.
        try rows.forEach { _, row in
            for record in row.take(through: .max) {
                try join(record.value, row.version(at: record.time), at: record.time, from: nil, output)
            }
        }
        rows.removeAll()
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark
        rows.forEachUnchanged { key, row in
            if row.timer < .max { timers.add(KeyAndHash(key: key, hash: key.stableHash), at: row.timer) }
        }
    }
}
