public import StateBackend
public import StreamCore

/// A queue of keys and when they are due, which hands them out by the batch, so that their rows are fetched together.
@frozen
@usableFromInline
struct KeyTimers<Key: StreamKey> {
    /// A power of two.
    @usableFromInline let bucketWidth: Int64
    @usableFromInline var queue: TimerQueue<KeyAndHash<Key>>
    /// The keys of the batch, with their hashes and times.
    @usableFromInline var keys: [Key] = []
    @usableFromInline var hashes: [UInt64] = []
    @usableFromInline var times: [Timestamp] = []

    @inlinable
    init(bucketWidth: Int64) {
        var width: Int64 = 1
        while width < bucketWidth && width < 1 << 40 { width *= 2 }
        self.bucketWidth = width
        queue = TimerQueue(bucketWidth: width)
    }

    @inlinable var count: Int { queue.count }

    @inlinable
    mutating func add(_ key: Key, _ hash: UInt64, at time: Timestamp) {
        queue.add(KeyAndHash(key: key, hash: hash), at: time)
    }

    /// Adds a key that may be due later than `time`, by less than a bucket's width: the keys of a bucket come together
    /// then, which saves putting them in order.
    @inlinable
    mutating func add(_ key: Key, _ hash: UInt64, soonAfter time: Timestamp) {
        let (end, isBeyond) = (time | (bucketWidth - 1)).addingReportingOverflow(1)
        add(key, hash, at: isBeyond ? .max : end)
    }

    /// Takes the next keys that are due through `time`, in the order of their times, and has `table` fetch their rows
    /// from its store, if it has one; whether there were any.
    ///
    /// What is added before the next call must be due later.
    @inlinable
    mutating func take<Row>(through time: Timestamp, from table: StateTable<Key, Row>) -> Bool {
        keys.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        while keys.count < 256, let timer = queue.popFirst(through: time) {
            keys.append(timer.payload.key)
            hashes.append(timer.payload.hash)
            times.append(timer.time)
        }
        guard !keys.isEmpty else { return false }
        table.prepare(keys, hashes: hashes, count: keys.count, ahead: Self.keysAhead)
        return true
    }

    /// Asks for the slot of a key that comes some time after the one at `i` of the batch, and for what a nearer one's row
    /// refers to.
    @inlinable @inline(__always)
    func prefetch<Row>(_ table: StateTable<Key, Row>, around i: Int, _ body: (UnsafePointer<Row>) -> Void) {
        let (far, near) = (i &+ Self.keysAhead, i &+ Self.keysAhead / 2)
        if far < hashes.count { table.prefetch(hash: hashes[far]) }
        if near < hashes.count, let row = table.peekInMemory(keys[near], hash: hashes[near]) { body(row) }
    }

    /// How many keys ahead that is.
    @inlinable static var keysAhead: Int { 16 }

    /// Forgets all keys.
    @inlinable
    mutating func removeAll() { self = KeyTimers(bucketWidth: bucketWidth) }
}
