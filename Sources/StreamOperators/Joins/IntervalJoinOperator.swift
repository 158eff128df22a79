public import StateBackend
public import StreamCore

/// Keeps both sides of an interval join per key as long as a record that is not late could still match.
///
/// Records lie in an arena per side, linked per key, so that a key costs no allocation. A key has one lazy timer, set
/// for when its first record can go; what has expired is also unlinked on the way when the key's list is walked.
@frozen
@usableFromInline
struct IntervalJoinOperator<Key: StreamKey, Left: Sendable, Right: Sendable, Output: Sendable>: TwoInputOperator {
    @frozen
    @usableFromInline
    struct Sides {
        @usableFromInline var left: Int32 = -1
        @usableFromInline var right: Int32 = -1
        @usableFromInline var timer: Timestamp

        @inlinable
        init(timer: Timestamp) { self.timer = timer }
    }

    @frozen
    @usableFromInline
    struct KeyAndHash {
        @usableFromInline let key: Key
        @usableFromInline let hash: UInt64

        @inlinable
        init(key: Key, hash: UInt64) {
            self.key = key
            self.hash = hash
        }
    }

    @usableFromInline let bounds: JoinBounds
    @usableFromInline var lateLeft: LatenessPolicy<Left>
    @usableFromInline var lateRight: LatenessPolicy<Right>
    @usableFromInline let combine: @Sendable (Left, Right) throws -> Output
    @usableFromInline let table = StateTable<Key, Sides>()
    @usableFromInline var lefts = RecordArena<Left>()
    @usableFromInline var rights = RecordArena<Right>()
    @usableFromInline var timers: TimerQueue<KeyAndHash>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        bounds: JoinBounds, lateLeft: LatenessPolicy<Left>, lateRight: LatenessPolicy<Right>,
        combine: @escaping @Sendable (Left, Right) throws -> Output
    ) {
        self.bounds = bounds
        self.lateLeft = lateLeft
        self.lateRight = lateRight
        self.combine = combine
        let span = bounds.upper.subtractingReportingOverflow(bounds.lower)
        timers = TimerQueue(bucketWidth: span.overflow ? 1 << 20 : Swift.max(span.partialValue / 16, 16))
    }

    /// The last watermark at which a left record can still match: none on the right is before it.
    @inlinable @inline(__always)
    func expiry(left timestamp: Timestamp) -> Timestamp { timestamp.advanced(byMilliseconds: bounds.upper) }

    /// The last watermark at which a right record can still match.
    @inlinable @inline(__always)
    func expiry(right timestamp: Timestamp) -> Timestamp {
        timestamp.advanced(byMilliseconds: bounds.lower == .min ? .max : -bounds.lower)
    }

    @inlinable
    mutating func processLeft(_ input: KeyedBatch<Key, Left>, _ output: Collector<Output>) throws {
        let records = input.records
        if table.byteCount > 1 << 18 { for i in 0..<input.count { table.prefetch(hash: input.hashes[i]) } }
        for i in 0..<input.count {
            let timestamp = records.timestamps[i]
            if timestamp < watermark {
                try lateLeft.dispose(records.elements[i], at: timestamp)
                continue
            }
            let key = input.keys[i]
            let hash = input.hashes[i]
            let expiry = expiry(left: timestamp)
            // What can match nothing that is not late already need not be kept.
            if expiry < watermark && table.find(key, hash: hash) == nil { continue }
            let sides = table.upsert(key, hash: hash, Sides(timer: .max))
            let from = timestamp.advanced(byMilliseconds: bounds.lower)
            let to = timestamp.advanced(byMilliseconds: bounds.upper)
            let combine = combine
            try rights.forEach(in: sides.pointee.right) { right, time in
                guard time >= from && time <= to else { return }
                try output.emit(try combine(records.elements[i], right), at: Swift.max(time, timestamp))
            }
            lefts.add(records.elements[i], at: timestamp, to: &sides.pointee.left)
            setTimer(expiry, key, hash, sides)
        }
        try lateLeft.flush()
    }

    @inlinable
    mutating func processRight(_ input: KeyedBatch<Key, Right>, _ output: Collector<Output>) throws {
        let records = input.records
        if table.byteCount > 1 << 18 { for i in 0..<input.count { table.prefetch(hash: input.hashes[i]) } }
        for i in 0..<input.count {
            let timestamp = records.timestamps[i]
            if timestamp < watermark {
                try lateRight.dispose(records.elements[i], at: timestamp)
                continue
            }
            let key = input.keys[i]
            let hash = input.hashes[i]
            let expiry = expiry(right: timestamp)
            if expiry < watermark && table.find(key, hash: hash) == nil { continue }
            let sides = table.upsert(key, hash: hash, Sides(timer: .max))
            let lower = bounds.lower
            let upper = bounds.upper
            let combine = combine
            try lefts.forEach(in: sides.pointee.left) { left, time in
                guard timestamp >= time.advanced(byMilliseconds: lower),
                    timestamp <= time.advanced(byMilliseconds: upper)
                else { return }
                try output.emit(try combine(left, records.elements[i]), at: Swift.max(time, timestamp))
            }
            rights.add(records.elements[i], at: timestamp, to: &sides.pointee.right)
            setTimer(expiry, key, hash, sides)
        }
        try lateRight.flush()
    }

    @inlinable
    mutating func setTimer(_ time: Timestamp, _ key: Key, _ hash: UInt64, _ sides: UnsafeMutablePointer<Sides>) {
        guard time < sides.pointee.timer else { return }
        sides.pointee.timer = time
        timers.add(KeyAndHash(key: key, hash: hash), at: time)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        self.watermark = watermark
        // A record whose last moment is the watermark itself may still match one that is not late.
        let passed = watermark == .max ? .max : watermark.advanced(byMilliseconds: -1)
        while let timer = timers.popFirst(through: passed) {
            let key = timer.payload.key
            let hash = timer.payload.hash
            guard let sides = table.find(key, hash: hash), sides.pointee.timer == timer.time else { continue }
            let upper = bounds.upper
            let lower = bounds.lower == .min ? Int64.max : -bounds.lower
            let nextLeft = lefts.removeExpired(from: &sides.pointee.left, span: upper, through: passed)
            let nextRight = rights.removeExpired(from: &sides.pointee.right, span: lower, through: passed)
            if sides.pointee.left < 0 && sides.pointee.right < 0 {
                table.remove(key, hash: hash)
                continue
            }
            sides.pointee.timer = Swift.min(nextLeft, nextRight)
            timers.add(timer.payload, at: sides.pointee.timer)
        }
    }
}
