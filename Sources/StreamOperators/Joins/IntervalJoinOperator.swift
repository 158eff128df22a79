public import StateBackend
public import StreamCore

/// Which records of an interval join appear in the output, and as what.
@frozen
@usableFromInline
struct JoinResults<Left: Sendable, Right: Sendable, Output: Sendable>: Sendable {
    /// The result of a pair.
    @usableFromInline let pair: @Sendable (Left, Right) throws -> Output
    /// The result of a left record without a match; nil when it gives none.
    @usableFromInline let leftAlone: (@Sendable (Left) throws -> Output)?
    /// The result of a right record without a match; nil when it gives none.
    @usableFromInline let rightAlone: (@Sendable (Right) throws -> Output)?

    @inlinable
    init(
        pair: @escaping @Sendable (Left, Right) throws -> Output,
        leftAlone: (@Sendable (Left) throws -> Output)? = nil, rightAlone: (@Sendable (Right) throws -> Output)? = nil
    ) {
        self.pair = pair
        self.leftAlone = leftAlone
        self.rightAlone = rightAlone
    }
}

/// Keeps both sides of an interval join per key as long as a record that is not late could still match.
///
/// Where records without a match are results, a key has a lazy timer per side, set for when the side's first record goes:
/// then it is a result. In an inner join nobody sees when a record goes; there a key has one entry in the queue, and
/// loses its expired records when that is due and whenever the key is touched.
@frozen
@usableFromInline
struct IntervalJoinOperator<Key: StreamKey, Left: Sendable, Right: Sendable, Output: Sendable>: TwoInputOperator {
    @usableFromInline typealias Row = IntervalJoinRow<Left, Right>

    @usableFromInline let bounds: JoinBounds
    /// Whether everything is kept for ever and nothing is late: `bounds` don't count.
    @usableFromInline let keepsAll: Bool
    /// Whether only pairs are results.
    @usableFromInline let isInner: Bool
    @usableFromInline var lateLeft: LatenessPolicy<Left>
    @usableFromInline var lateRight: LatenessPolicy<Right>
    @usableFromInline let results: JoinResults<Left, Right, Output>
    @usableFromInline let leftErrors: ErrorHandler<Left>
    @usableFromInline let rightErrors: ErrorHandler<Right>
    @usableFromInline let table: StateTable<Key, Row>
    /// When a key's left or right side is to be looked at; empty in an inner join.
    @usableFromInline var leftTimers: KeyTimers<Key>
    @usableFromInline var rightTimers: KeyTimers<Key>
    /// When a key is to be looked at; empty in an outer join.
    @usableFromInline var keyTimers: KeyTimers<Key>
    @usableFromInline var watermark = Timestamp.min

    @inlinable
    init(
        bounds: JoinBounds, keepsAll: Bool = false, lateLeft: LatenessPolicy<Left>, lateRight: LatenessPolicy<Right>,
        results: JoinResults<Left, Right, Output>, onError: ErrorPolicy = .fail, context: OperatorContext
    ) throws {
        self.bounds = bounds
        self.keepsAll = keepsAll
        self.lateLeft = lateLeft
        self.lateRight = lateRight
        self.results = results
        isInner = results.leftAlone == nil && results.rightAlone == nil
        leftErrors = try context.errors(onError, for: Left.self)
        rightErrors = try context.errors(onError, for: Right.self)
        table = try context.state.table("rows", codec: Row.codec)
        let span = bounds.upper.subtractingReportingOverflow(bounds.lower)
        let width = span.overflow ? 1 << 20 : Swift.max(span.partialValue / 16, 16)
        leftTimers = KeyTimers(bucketWidth: width)
        rightTimers = KeyTimers(bucketWidth: width)
        keyTimers = KeyTimers(bucketWidth: Swift.max(width / 16, 1))
    }

    /// Arrays of keys that are gone, for keys to come: to free and allocate one for each is a good part of a join's work.
    @usableFromInline var spare: [[Row.Record]] = []

    /// The last watermark that has passed: a record whose last moment is the watermark itself may still match one that
    /// is not late.
    @inlinable var passed: Timestamp { watermark == .max ? .max : watermark.advanced(byMilliseconds: -1) }

    @inlinable
    mutating func processLeft(_ input: KeyedBatch<Key, Left>, _ output: Collector<Output>) throws {
        let records = input.records
        let errors = leftErrors
        let table = table
        let pair = results.pair
        table.prepare(input.keys, hashes: input.hashes, count: input.count, ahead: 2 * StateTable<Key, Row>.keysAhead)
        for i in 0..<input.count {
            prefetch(input, around: i)
            let timestamp = records.timestamps[i]
            if timestamp < watermark && !keepsAll {
                try lateLeft.dispose(records.elements[i], at: timestamp)
                continue
            }
            let key = input.keys[i]
            let hash = input.hashes[i]
            let expiry = keepsAll ? .max : bounds.expiry(left: timestamp)
            let isKept = expiry >= watermark
            // What can match nothing that is still to come need not be kept, nor a key made for it.
            guard let row = isKept ? table.upsert(key, hash: hash, Row()) : table.find(key, hash: hash) else {
                if let alone = results.leftAlone {
                    try emit(records.elements[i], at: timestamp, alone, leftErrors, input.origin(at: i), output)
                }
                continue
            }
            if isInner { prune(row) }
            if isKept { reuse(for: row) }
            let isMatched = try row.pointee.matchRight(
                from: keepsAll ? .min : timestamp.advanced(byMilliseconds: bounds.lower),
                to: keepsAll ? .max : timestamp.advanced(byMilliseconds: bounds.upper),
                marking: results.rightAlone != nil
            ) { right, time in
                let result: Output
                do { result = try pair(records.elements[i], right) } catch {
                    return try errors.dispose(
                        records.elements[i], at: timestamp, error, from: input.origin(at: i))
                }
                try output.emit(result, at: Swift.max(time, timestamp))
            }
            if isKept {
                if isInner {
                    setTimer(row, key, hash, at: expiry)
                } else if row.pointee.leftCount == 0
                    || expiry < bounds.expiry(left: row.pointee.earliestLeft)
                {
                    leftTimers.add(key, hash, at: expiry)
                }
                row.pointee.add(left: records.elements[i], at: timestamp, isMatched: isMatched)
            } else if !isMatched, let alone = results.leftAlone {
                try emit(records.elements[i], at: timestamp, alone, leftErrors, input.origin(at: i), output)
            }
        }
        try lateLeft.flush()
    }

    @inlinable
    mutating func processRight(_ input: KeyedBatch<Key, Right>, _ output: Collector<Output>) throws {
        let records = input.records
        let errors = rightErrors
        let table = table
        let pair = results.pair
        table.prepare(input.keys, hashes: input.hashes, count: input.count, ahead: 2 * StateTable<Key, Row>.keysAhead)
        for i in 0..<input.count {
            prefetch(input, around: i)
            let timestamp = records.timestamps[i]
            if timestamp < watermark && !keepsAll {
                try lateRight.dispose(records.elements[i], at: timestamp)
                continue
            }
            let key = input.keys[i]
            let hash = input.hashes[i]
            let expiry = keepsAll ? .max : bounds.expiry(right: timestamp)
            let isKept = expiry >= watermark
            guard let row = isKept ? table.upsert(key, hash: hash, Row()) : table.find(key, hash: hash) else {
                if let alone = results.rightAlone {
                    try emit(records.elements[i], at: timestamp, alone, rightErrors, input.origin(at: i), output)
                }
                continue
            }
            if isInner { prune(row) }
            if isKept { reuse(for: row) }
            let isMatched = try row.pointee.matchLeft(
                from: earliestLeft(for: timestamp), to: latestLeft(for: timestamp), marking: results.leftAlone != nil
            ) { left, time in
                let result: Output
                do { result = try pair(left, records.elements[i]) } catch {
                    return try errors.dispose(
                        records.elements[i], at: timestamp, error, from: input.origin(at: i))
                }
                try output.emit(result, at: Swift.max(time, timestamp))
            }
            if isKept {
                if isInner {
                    setTimer(row, key, hash, at: expiry)
                } else if row.pointee.rightCount == 0
                    || expiry < bounds.expiry(right: row.pointee.earliestRight)
                {
                    rightTimers.add(key, hash, at: expiry)
                }
                row.pointee.add(right: records.elements[i], at: timestamp, isMatched: isMatched)
            } else if !isMatched, let alone = results.rightAlone {
                try emit(records.elements[i], at: timestamp, alone, rightErrors, input.origin(at: i), output)
            }
        }
        try lateRight.flush()
    }

    /// The lowest time of a left record that a right one of this time matches: less the upper bound.
    @inlinable @inline(__always)
    func earliestLeft(for timestamp: Timestamp) -> Timestamp {
        if keepsAll { return .min }
        // Less the lowest number is plus the highest, plus 1.
        guard bounds.upper > .min else {
            return timestamp.advanced(byMilliseconds: .max).advanced(byMilliseconds: 1)
        }
        return timestamp.advanced(byMilliseconds: -bounds.upper)
    }

    /// The highest time of a left record that a right one of this time matches: less the lower bound.
    @inlinable @inline(__always)
    func latestLeft(for timestamp: Timestamp) -> Timestamp {
        if keepsAll { return .max }
        guard bounds.lower > .min else {
            return timestamp.advanced(byMilliseconds: .max).advanced(byMilliseconds: 1)
        }
        return timestamp.advanced(byMilliseconds: -bounds.lower)
    }

    /// Puts a key of an inner join into the queue unless it is there.
    @inlinable @inline(__always)
    mutating func setTimer(_ row: UnsafeMutablePointer<Row>, _ key: Key, _ hash: UInt64, at time: Timestamp) {
        guard !keepsAll && !row.pointee.hasTimer else { return }
        row.pointee.hasTimer = true
        keyTimers.add(key, hash, soonAfter: time)
    }

    /// Drops what has expired of a key of an inner join.
    @inlinable @inline(__always)
    func prune(_ row: UnsafeMutablePointer<Row>) {
        let isLeft = row.pointee.leftCount > 0 && bounds.expiry(left: row.pointee.earliestLeft) <= passed
        let isRight = row.pointee.rightCount > 0 && bounds.expiry(right: row.pointee.earliestRight) <= passed
        guard (isLeft || isRight) && !keepsAll else { return }
        row.pointee.removeExpired(
            leftSpan: isLeft ? bounds.upper : nil, rightSpan: isRight ? bounds.rightSpan : nil, through: passed)
    }

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        self.watermark = watermark
        if isInner && watermark == .max {
            // Each array is asked for before it is freed.
            if !table.hasStore { table.forEach(asking: { Row.prefetch($0) }) { $1 = Row() } }
            table.removeAll()
            keyTimers.removeAll()
            spare = []
        }
        pruneDueKeys()
        try expireLeft(output)
        try expireRight(output)
    }

    /// Drops what has expired of the keys of an inner join that are due, and the keys of which nothing is left.
    @inlinable
    mutating func pruneDueKeys() {
        while keyTimers.take(through: passed, from: table) {
            for i in keyTimers.keys.indices {
                let (key, hash) = (keyTimers.keys[i], keyTimers.hashes[i])
                keyTimers.prefetch(table, around: i) { Row.prefetch($0) }
                guard let row = table.find(key, hash: hash) else { continue }
                prune(row)
                if row.pointee.isEmpty {
                    drop(key, hash)
                } else {
                    keyTimers.add(key, hash, soonAfter: lastExpiry(of: row.pointee))
                }
            }
        }
    }

    /// When the last record of a key goes.
    @inlinable
    func lastExpiry(of row: Row) -> Timestamp {
        var last = Timestamp.min
        for record in row.records {
            switch record.side {
            case .left: last = Swift.max(last, bounds.expiry(left: record.timestamp))
            case .right: last = Swift.max(last, bounds.expiry(right: record.timestamp))
            }
        }
        return last
    }

    @inlinable
    mutating func expireLeft(_ output: Collector<Output>) throws {
        let passed = passed
        while leftTimers.take(through: passed, from: table) {
            for i in leftTimers.keys.indices {
                let (key, hash) = (leftTimers.keys[i], leftTimers.hashes[i])
                leftTimers.prefetch(table, around: i) { Row.prefetch($0) }
                // An entry of the queue that is not for the first record to go is out of date.
                guard let row = table.find(key, hash: hash), row.pointee.leftCount > 0,
                    bounds.expiry(left: row.pointee.earliestLeft) == leftTimers.times[i]
                else { continue }
                var unmatched: [(element: Left, timestamp: Timestamp)] = []
                let wanted = results.leftAlone != nil
                row.pointee.removeExpired(leftSpan: bounds.upper, rightSpan: nil, through: passed) {
                    if wanted, !$0.isMatched, case .left(let element) = $0.side {
                        unmatched.append((element, $0.timestamp))
                    }
                }
                if row.pointee.leftCount > 0 {
                    leftTimers.add(key, hash, at: bounds.expiry(left: row.pointee.earliestLeft))
                } else if row.pointee.rightCount == 0 {
                    drop(key, hash)
                }
                if let alone = results.leftAlone { try emit(unmatched, alone, leftErrors, output) }
            }
        }
    }

    @inlinable
    mutating func expireRight(_ output: Collector<Output>) throws {
        let passed = passed
        while rightTimers.take(through: passed, from: table) {
            for i in rightTimers.keys.indices {
                let (key, hash) = (rightTimers.keys[i], rightTimers.hashes[i])
                rightTimers.prefetch(table, around: i) { Row.prefetch($0) }
                guard let row = table.find(key, hash: hash), row.pointee.rightCount > 0,
                    bounds.expiry(right: row.pointee.earliestRight) == rightTimers.times[i]
                else { continue }
                var unmatched: [(element: Right, timestamp: Timestamp)] = []
                let wanted = results.rightAlone != nil
                row.pointee.removeExpired(leftSpan: nil, rightSpan: bounds.rightSpan, through: passed) {
                    if wanted, !$0.isMatched, case .right(let element) = $0.side {
                        unmatched.append((element, $0.timestamp))
                    }
                }
                if row.pointee.rightCount > 0 {
                    rightTimers.add(key, hash, at: bounds.expiry(right: row.pointee.earliestRight))
                } else if row.pointee.leftCount == 0 {
                    drop(key, hash)
                }
                if let alone = results.rightAlone { try emit(unmatched, alone, rightErrors, output) }
            }
        }
    }

    /// Emits a key's unmatched records in the order of their times, and of their coming where those are equal.
    @inlinable
    func emit<Element>(
        _ unmatched: [(element: Element, timestamp: Timestamp)], _ alone: (Element) throws -> Output,
        _ errors: ErrorHandler<Element>, _ output: Collector<Output>
    ) throws {
        var records = unmatched
        // The sort keeps the order of equals.
        if records.count > 1 { records.sort { $0.timestamp < $1.timestamp } }
        for record in records {
            try emit(record.element, at: record.timestamp, alone, errors, nil, output)
        }
    }

    /// Emits a record's result without a match.
    @inlinable
    func emit<Element>(
        _ element: Element, at timestamp: Timestamp, _ alone: (Element) throws -> Output,
        _ errors: ErrorHandler<Element>, _ origin: @autoclosure () -> BatchOrigin?, _ output: Collector<Output>
    ) throws {
        let result: Output
        do { result = try alone(element) } catch {
            return try errors.dispose(element, at: timestamp, error, from: origin())
        }
        try output.emit(result, at: timestamp)
    }

    @inlinable
    mutating func restored(at watermark: Timestamp) throws {
        self.watermark = watermark
        if keepsAll { return }
        table.forEachUnchanged { key, row in
            let hash = key.stableHash
            if isInner {
                // One without records is looked at next.
                keyTimers.add(key, hash, soonAfter: row.isEmpty ? watermark : lastExpiry(of: row))
                return
            }
            if row.leftCount > 0 { leftTimers.add(key, hash, at: bounds.expiry(left: row.earliestLeft)) }
            if row.rightCount > 0 { rightTimers.add(key, hash, at: bounds.expiry(right: row.earliestRight)) }
        }
    }

    @inlinable
    func outputWatermark(at watermark: Timestamp) -> Timestamp {
        var held = watermark
        if results.leftAlone != nil { held = Swift.min(held, bounds.heldBack(left: watermark)) }
        if results.rightAlone != nil { held = Swift.min(held, bounds.heldBack(right: watermark)) }
        return held
    }
}
