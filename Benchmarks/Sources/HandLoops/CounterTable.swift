/// The hand-written table of the state benchmark: two numbers per key, changed batch by batch.
public struct CounterTable: ~Copyable {
    struct Counter: Slot {
        var key: Int64
        var count: Int64
        var sum: Int64
        var isFree: Bool { count == 0 }
    }

    private let table: SlotTable<Counter>

    /// Room for so many keys.
    public init(keys: Int64) throws { table = try SlotTable<Counter>(keys: keys) }

    /// Counts each key and adds it up; the counts' sum.
    public func add(_ keys: UnsafeBufferPointer<Int64>) -> Int64 {
        var sum: Int64 = 0
        for key in keys { table.prefetch(key) }
        for key in keys {
            let slot = table.find(key)
            slot.pointee.key = key
            slot.pointee.count &+= 1
            slot.pointee.sum &+= key
            sum &+= slot.pointee.count
        }
        return sum
    }
}
