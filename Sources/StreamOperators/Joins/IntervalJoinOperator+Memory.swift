public import StateBackend
public import StreamCore

/// How a join's rows come from memory, and their arrays from keys that are gone.
extension IntervalJoinOperator {
    /// As many as take some 4 MiB.
    @inlinable static var mostSpare: Int {
        (4 << 20) / (2 * Row.smallCapacity * MemoryLayout<Row.Record>.stride + 48)
    }

    /// Asks for the slots of some keys, and for the records of those before, whose slots have come meanwhile.
    @inlinable @inline(__always)
    func prefetch<Element>(_ input: KeyedBatch<Key, Element>, around i: Int) {
        let some = StateTable<Key, Row>.keysAhead
        guard i & (some &- 1) == 0 else { return }
        let far = i &+ 2 &* some
        table.prefetch(hashes: input.hashes + far, count: Swift.min(some, input.count &- far))
        for next in Swift.min(i &+ some, input.count)..<Swift.min(far, input.count) {
            if let row = table.peekInMemory(input.keys[next], hash: input.hashes[next]) { Row.prefetch(row) }
        }
    }

    /// Gives a key that is new an array of one that is gone.
    @inlinable @inline(__always)
    mutating func reuse(for row: UnsafeMutablePointer<Row>) {
        if row.pointee.records.capacity == 0, let array = spare.popLast() { row.pointee.records = array }
    }

    /// Removes a key of which nothing is left.
    @inlinable @inline(__always)
    mutating func drop(_ key: Key, _ hash: UInt64) {
        guard let row = table.remove(key, hash: hash), spare.count < Self.mostSpare,
            (1...2 * Row.smallCapacity).contains(row.records.capacity)
        else { return }
        spare.append(row.records)
    }
}
