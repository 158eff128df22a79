public import StateBackend
public import StreamCore

/// What an interval join keeps: for each key the records of both sides, in an arena per side, linked per key, so that a
/// key costs no allocation.
@usableFromInline
final class IntervalJoinState<Key: StreamKey, Left: Sendable, Right: Sendable> {
    /// A key's lists and timers.
    @frozen
    @usableFromInline
    struct Sides {
        @usableFromInline var left: Int32 = -1
        @usableFromInline var right: Int32 = -1
        /// When the side's first record goes; an entry of the queue that differs is out of date.
        ///
        /// One per side: with one for both, each short-lived record of one side would leave an entry in the queue for
        /// as long as the other side's records live.
        @usableFromInline var leftTimer = Timestamp.max
        @usableFromInline var rightTimer = Timestamp.max

        @inlinable
        init() {}
    }

    @usableFromInline let table = StateTable<Key, Sides>()
    @usableFromInline @exclusivity(unchecked) var lefts = RecordArena<Left>()
    @usableFromInline @exclusivity(unchecked) var rights = RecordArena<Right>()
    private let keys = StateCodec<Key>.automatic
    private let leftRecords = StateCodec<Left>.automatic
    private let rightRecords = StateCodec<Right>.automatic

    @usableFromInline
    init() {}

    @inlinable
    func removeAll() {
        table.removeAll()
        lefts.removeAll()
        rights.removeAll()
    }
}

extension IntervalJoinState: StatePart {
    @usableFromInline var distribution: StateDistribution { .keyed }

    /// An entry: the side (0 for left), the key, the time, whether it was matched, the record.
    @usableFromInline
    func save(into rows: inout StateRows) throws {
        try table.forEachUnchanged { key, sides in
            for node in lefts.list(sides.left) { try save(key, 0, node, leftRecords, &rows) }
            for node in rights.list(sides.right) { try save(key, 1, node, rightRecords, &rows) }
        }
    }

    /// A row without a key of its own: a join has many of the same key.
    private func save<Element>(
        _ key: Key, _ side: UInt8, _ node: RecordArena<Element>.Node, _ codec: StateCodec<Element>,
        _ rows: inout StateRows
    ) throws {
        guard let element = node.element else { return }
        try rows.append(hash: key.stableHash) { _ in
        } value: {
            $0.writeFixed(side)
            try keys.encode(key, into: &$0)
            try $0.encode(node.timestamp)
            try $0.encode(node.isMatched)
            try codec.encode(element, into: &$0)
        }
    }

    @usableFromInline
    func load(_ entry: inout StateDecoder) throws {
        let side: UInt8 = try entry.readFixed()
        let key = try keys.decode(&entry)
        let timestamp: Timestamp = try entry.decode()
        let isMatched: Bool = try entry.decode()
        let sides = table.upsert(key, hash: key.stableHash, Sides())
        switch side {
        case 0: lefts.add(try leftRecords.decode(&entry), at: timestamp, isMatched: isMatched, to: &sides.pointee.left)
        case 1:
            rights.add(try rightRecords.decode(&entry), at: timestamp, isMatched: isMatched, to: &sides.pointee.right)
        default: throw StateError(code: .malformed, message: "a join has no side \(side)")
        }
    }

    /// Hands every key to `body` with the number of records of its left and of its right side.
    @usableFromInline
    func inspect(_ body: (Any, Any) throws -> Void) rethrows {
        try table.forEach { key, sides in
            try body(key, [lefts.list(sides.left).count, rights.list(sides.right).count])
        }
    }
}
