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
/// A key has a lazy timer per side, set for when the side's first record goes.
@frozen
@usableFromInline
struct IntervalJoinOperator<Key: StreamKey, Left: Sendable, Right: Sendable, Output: Sendable>: TwoInputOperator {
    @usableFromInline typealias Sides = IntervalJoinState<Key, Left, Right>.Sides

    @usableFromInline let bounds: JoinBounds
    /// Whether everything is kept for ever and nothing is late: `bounds` don't count.
    @usableFromInline let keepsAll: Bool
    @usableFromInline var lateLeft: LatenessPolicy<Left>
    @usableFromInline var lateRight: LatenessPolicy<Right>
    @usableFromInline let results: JoinResults<Left, Right, Output>
    @usableFromInline let leftErrors: ErrorHandler<Left>
    @usableFromInline let rightErrors: ErrorHandler<Right>
    @usableFromInline let state: IntervalJoinState<Key, Left, Right>
    @usableFromInline var leftTimers: TimerQueue<KeyAndHash<Key>>
    @usableFromInline var rightTimers: TimerQueue<KeyAndHash<Key>>
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
        leftErrors = try context.errors(onError, for: Left.self)
        rightErrors = try context.errors(onError, for: Right.self)
        state = IntervalJoinState()
        try context.state.add("records", state)
        let span = bounds.upper.subtractingReportingOverflow(bounds.lower)
        let width = span.overflow ? 1 << 20 : Swift.max(span.partialValue / 16, 16)
        leftTimers = TimerQueue(bucketWidth: width)
        rightTimers = TimerQueue(bucketWidth: width)
    }

    @inlinable
    mutating func processLeft(_ input: KeyedBatch<Key, Left>, _ output: Collector<Output>) throws {
        let records = input.records
        let state = state
        let errors = leftErrors
        let table = state.table
        table.prepare(input.keys, hashes: input.hashes, count: input.count)
        for i in 0..<input.count {
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
            if !isKept && table.find(key, hash: hash) == nil {
                if let alone = results.leftAlone {
                    try emit(records.elements[i], at: timestamp, alone, leftErrors, input.origin(at: i), output)
                }
                continue
            }
            let sides = table.upsert(key, hash: hash, Sides())
            let pair = results.pair
            let isMatched = try state.rights.match(
                in: sides.pointee.right,
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
                let isFirst = sides.pointee.left < 0
                state.lefts.add(records.elements[i], at: timestamp, isMatched: isMatched, to: &sides.pointee.left)
                if isFirst || expiry < sides.pointee.leftTimer {
                    sides.pointee.leftTimer = expiry
                    leftTimers.add(KeyAndHash(key: key, hash: hash), at: expiry)
                }
            } else if !isMatched, let alone = results.leftAlone {
                try emit(records.elements[i], at: timestamp, alone, leftErrors, input.origin(at: i), output)
            }
        }
        try lateLeft.flush()
    }

    @inlinable
    mutating func processRight(_ input: KeyedBatch<Key, Right>, _ output: Collector<Output>) throws {
        let records = input.records
        let state = state
        let errors = rightErrors
        let table = state.table
        table.prepare(input.keys, hashes: input.hashes, count: input.count)
        for i in 0..<input.count {
            let timestamp = records.timestamps[i]
            if timestamp < watermark && !keepsAll {
                try lateRight.dispose(records.elements[i], at: timestamp)
                continue
            }
            let key = input.keys[i]
            let hash = input.hashes[i]
            let expiry = keepsAll ? .max : bounds.expiry(right: timestamp)
            let isKept = expiry >= watermark
            if !isKept && table.find(key, hash: hash) == nil {
                if let alone = results.rightAlone {
                    try emit(records.elements[i], at: timestamp, alone, rightErrors, input.origin(at: i), output)
                }
                continue
            }
            let sides = table.upsert(key, hash: hash, Sides())
            let pair = results.pair
            let isMatched = try state.lefts.match(
                in: sides.pointee.left, from: earliestLeft(for: timestamp), to: latestLeft(for: timestamp),
                marking: results.leftAlone != nil
            ) { left, time in
                let result: Output
                do { result = try pair(left, records.elements[i]) } catch {
                    return try errors.dispose(
                        records.elements[i], at: timestamp, error, from: input.origin(at: i))
                }
                try output.emit(result, at: Swift.max(time, timestamp))
            }
            if isKept {
                let isFirst = sides.pointee.right < 0
                state.rights.add(records.elements[i], at: timestamp, isMatched: isMatched, to: &sides.pointee.right)
                if isFirst || expiry < sides.pointee.rightTimer {
                    sides.pointee.rightTimer = expiry
                    rightTimers.add(KeyAndHash(key: key, hash: hash), at: expiry)
                }
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

    @inlinable
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {
        self.watermark = watermark
        if keepsAll {
            if watermark == .max { state.removeAll() }
            return
        }
        // A record whose last moment is the watermark itself may still match one that is not late.
        let passed = watermark == .max ? .max : watermark.advanced(byMilliseconds: -1)
        let state = state
        while let timer = leftTimers.popFirst(through: passed) {
            let (key, hash) = (timer.payload.key, timer.payload.hash)
            guard let sides = state.table.find(key, hash: hash), sides.pointee.leftTimer == timer.time else { continue }
            var unmatched: [RecordArena<Left>.Node] = []
            let wanted = results.leftAlone != nil
            let next = state.lefts.removeExpired(from: &sides.pointee.left, span: bounds.upper, through: passed) {
                if wanted && !$0.isMatched { unmatched.append($0) }
            }
            sides.pointee.leftTimer = next
            if sides.pointee.left >= 0 {
                leftTimers.add(timer.payload, at: next)
            } else if sides.pointee.right < 0 {
                state.table.remove(key, hash: hash)
            }
            if let alone = results.leftAlone { try emit(unmatched, alone, leftErrors, output) }
        }
        while let timer = rightTimers.popFirst(through: passed) {
            let (key, hash) = (timer.payload.key, timer.payload.hash)
            guard let sides = state.table.find(key, hash: hash), sides.pointee.rightTimer == timer.time else {
                continue
            }
            var unmatched: [RecordArena<Right>.Node] = []
            let wanted = results.rightAlone != nil
            let next = state.rights.removeExpired(
                from: &sides.pointee.right, span: bounds.rightSpan, through: passed
            ) { if wanted && !$0.isMatched { unmatched.append($0) } }
            sides.pointee.rightTimer = next
            if sides.pointee.right >= 0 {
                rightTimers.add(timer.payload, at: next)
            } else if sides.pointee.left < 0 {
                state.table.remove(key, hash: hash)
            }
            if let alone = results.rightAlone { try emit(unmatched, alone, rightErrors, output) }
        }
    }

    /// Emits a key's unmatched records in the order of their times, and of their coming where those are equal.
    @inlinable
    func emit<Element>(
        _ unmatched: [RecordArena<Element>.Node], _ alone: (Element) throws -> Output,
        _ errors: ErrorHandler<Element>, _ output: Collector<Output>
    ) throws {
        var nodes = unmatched
        if nodes.count > 1 {
            // The list has the newest first; the sort keeps the order of equals.
            nodes.reverse()
            nodes.sort { $0.timestamp < $1.timestamp }
        }
        for node in nodes {
            if let element = node.element { try emit(element, at: node.timestamp, alone, errors, nil, output) }
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
        let (state, bounds) = (state, bounds)
        state.table.forEach { key, sides in
            let payload = KeyAndHash(key: key, hash: key.stableHash)
            state.lefts.forEach(in: sides.left) {
                sides.leftTimer = Swift.min(sides.leftTimer, bounds.expiry(left: $1))
            }
            if sides.left >= 0 { leftTimers.add(payload, at: sides.leftTimer) }
            state.rights.forEach(in: sides.right) {
                sides.rightTimer = Swift.min(sides.rightTimer, bounds.expiry(right: $1))
            }
            if sides.right >= 0 { rightTimers.add(payload, at: sides.rightTimer) }
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
