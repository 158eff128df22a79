public import StateBackend
public import StreamCore

/// What an interval join keeps of a key: the records of both sides, in one array.
///
/// The left ones first; of a side those that came first are first. One array, not one per side, so that a key costs one
/// piece of the allocator's memory, and one place that isn't in the processor's caches. To put a left record before the
/// right ones costs no more than to compare it with them, which it was before.
@frozen
@usableFromInline
struct IntervalJoinRow<Left, Right> {
    /// A record of either side.
    @frozen
    @usableFromInline
    enum Side {
        case left(Left)
        case right(Right)
    }

    @frozen
    @usableFromInline
    struct Record {
        @usableFromInline var timestamp: Timestamp
        @usableFromInline var side: Side
        /// Whether the record has been part of a pair; kept only where somebody asks.
        @usableFromInline var isMatched: Bool

        @inlinable
        init(_ side: Side, at timestamp: Timestamp, isMatched: Bool) {
            self.side = side
            self.timestamp = timestamp
            self.isMatched = isMatched
        }
    }

    // The array is the first field: see `prefetch`.
    @usableFromInline var records: [Record] = []
    /// The lowest time of a side's records; `Timestamp.max` when it has none.
    @usableFromInline var earliestLeft = Timestamp.max
    @usableFromInline var earliestRight = Timestamp.max
    /// How many records there are of a side: here, so that an empty side is known without a look at the array.
    @usableFromInline var leftCount: Int32 = 0
    @usableFromInline var rightCount: Int32 = 0
    /// Whether the key has its entry in the join's queue.
    ///
    /// Not saved: every key that is loaded gets one.
    @usableFromInline var hasTimer = false

    @inlinable
    init() {}

    @inlinable var isEmpty: Bool { leftCount | rightCount == 0 }

    @inlinable
    mutating func add(left element: Left, at timestamp: Timestamp, isMatched: Bool) {
        makeRoom(leftCount)
        earliestLeft = Swift.min(earliestLeft, timestamp)
        let record = Record(.left(element), at: timestamp, isMatched: isMatched)
        if rightCount == 0 { records.append(record) } else { records.insert(record, at: Int(leftCount)) }
        leftCount &+= 1
    }

    @inlinable
    mutating func add(right element: Right, at timestamp: Timestamp, isMatched: Bool) {
        makeRoom(rightCount)
        earliestRight = Swift.min(earliestRight, timestamp)
        records.append(Record(.right(element), at: timestamp, isMatched: isMatched))
        rightCount &+= 1
    }

    /// Sees to it that the first records of a key share a piece of memory.
    @inlinable @inline(__always)
    mutating func makeRoom(_ count: Int32) {
        precondition(count < .max, "a key of a join has 2^31 records on one side; narrow its bounds")
        if isEmpty && records.capacity == 0 { records.reserveCapacity(Self.smallCapacity) }
    }

    /// The records that fit into about 200 bytes, at most 4.
    @inlinable static var smallCapacity: Int { Swift.max(1, Swift.min(4, 200 / MemoryLayout<Record>.stride)) }

    /// Calls `body` with each left record that is neither before `from` nor after `to`, the newest first, and marks
    /// those as matched if `marking`; whether there was any.
    @inlinable @inline(__always)
    mutating func matchLeft(
        from: Timestamp, to: Timestamp, marking: Bool, _ body: (Left, Timestamp) throws -> Void
    ) rethrows -> Bool {
        guard leftCount > 0 else { return false }
        var found = false
        var index = Int(leftCount)
        while index > 0 {
            index &-= 1
            let time = records[index].timestamp
            guard time >= from && time <= to, case .left(let element) = records[index].side else { continue }
            try body(element, time)
            found = true
            if marking && !records[index].isMatched { records[index].isMatched = true }
        }
        return found
    }

    /// As ``matchLeft(from:to:marking:_:)``, for right records.
    @inlinable @inline(__always)
    mutating func matchRight(
        from: Timestamp, to: Timestamp, marking: Bool, _ body: (Right, Timestamp) throws -> Void
    ) rethrows -> Bool {
        guard rightCount > 0 else { return false }
        var found = false
        var index = records.count
        while index > Int(leftCount) {
            index &-= 1
            let time = records[index].timestamp
            guard time >= from && time <= to, case .right(let element) = records[index].side else { continue }
            try body(element, time)
            found = true
            if marking && !records[index].isMatched { records[index].isMatched = true }
        }
        return found
    }

    /// Removes the records whose time plus their side's span is at or before `limit`, and hands them to `removed`.
    ///
    /// A side whose span is nil keeps all.
    @inlinable
    mutating func removeExpired(
        leftSpan: Int64?, rightSpan: Int64?, through limit: Timestamp, _ removed: (Record) -> Void = { _ in }
    ) {
        var kept = 0
        var keptLeft = 0
        (earliestLeft, earliestRight) = (.max, .max)
        for index in records.indices {
            let isLeft = index < leftCount
            let timestamp = records[index].timestamp
            if let span = isLeft ? leftSpan : rightSpan, timestamp.advanced(byMilliseconds: span) <= limit {
                removed(records[index])
                continue
            }
            if isLeft {
                keptLeft &+= 1
                earliestLeft = Swift.min(earliestLeft, timestamp)
            } else {
                earliestRight = Swift.min(earliestRight, timestamp)
            }
            if kept < index { records.swapAt(kept, index) }
            kept &+= 1
        }
        leftCount = Int32(truncatingIfNeeded: keptLeft)
        rightCount = Int32(truncatingIfNeeded: kept &- keptLeft)
        records.removeLast(records.count - kept)
        // The memory of a burst isn't kept for what is left of it.
        if records.capacity > 4 * Swift.max(kept, Self.smallCapacity) { records = records.map { $0 } }
    }

    /// Asks the memory system for the records of the key at `row`.
    @inlinable @inline(__always)
    static func prefetch(_ row: UnsafePointer<IntervalJoinRow>) {
        prefetchBody(of: row, lines: 3)
    }
}

extension IntervalJoinRow {
    /// How a row is saved: of the left side, then of the right one, the number of records, then each.
    @inlinable static var codec: StateCodec<IntervalJoinRow> {
        let lefts = StateCodec<Left>.automatic
        let rights = StateCodec<Right>.automatic
        return StateCodec<IntervalJoinRow>(
            of: { [lefts.schema, rights.schema] },
            encode: { row, encoder in
                encoder.writeVarint(UInt64(row.leftCount))
                encoder.writeVarint(UInt64(row.rightCount))
                for record in row.records {
                    try encoder.encode(record.timestamp)
                    try encoder.encode(record.isMatched)
                    switch record.side {
                    case .left(let element): try lefts.encode(element, into: &encoder)
                    case .right(let element): try rights.encode(element, into: &encoder)
                    }
                }
            },
            decode: { written in
                let (lefts, rights) = (lefts.reading(written, 0), rights.reading(written, 1))
                return { decoder in
                    var row = IntervalJoinRow()
                    let leftCount = try decoder.readCount()
                    let rightCount = try decoder.readCount()
                    row.records.reserveCapacity(leftCount + rightCount)
                    for index in 0..<(leftCount + rightCount) {
                        let timestamp: Timestamp = try decoder.decode()
                        let isMatched: Bool = try decoder.decode()
                        if index < leftCount {
                            row.add(left: try lefts.decode(&decoder), at: timestamp, isMatched: isMatched)
                        } else {
                            row.add(right: try rights.decode(&decoder), at: timestamp, isMatched: isMatched)
                        }
                    }
                    row.hasTimer = true
                    return row
                }
            })
    }
}

extension IntervalJoinRow: HeapSized {
    package var heapBytes: Int { records.heapBytes }
    package var hasPlainElements: Bool { records.hasPlainElements }
}
