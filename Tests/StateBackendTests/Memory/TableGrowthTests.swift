@testable import StateBackend
import Testing

/// Growth goes on while anything else happens to a table: see also `TableRunTests` and `StateTableTests`, whose tables
/// grow step by step, too.
@Suite struct TableGrowthTests {
    /// From 16 slots over the sizes at which growth comes in steps and memory is mapped.
    @Test func noInsertSplitsMuch() {
        let table = StateTable<Int64, Int64>()
        var longest = 0
        var began = 0
        for key in 0..<400_000 as Range<Int64> {
            let (capacity, split) = (table.mask + 1, table.split)
            table.upsert(key, hash: key.stableHash, 0).pointee = ~key
            if table.mask + 1 > capacity {
                began = table.size
                #expect(split == 0, "grows to \(table.mask + 1) before the growth to \(capacity) is over")
                #expect((table.split > 0) == (capacity * 17 >= 1 << 18))
                if table.split > 0 { longest = max(longest, capacity - table.split) }
            } else if split > 0 {
                longest = max(longest, split - table.split)
                if table.split == 0 { #expect(table.size - began <= capacity / 32 + 16) }
            }
            if key % 50_000 == 0 || split == 0 && table.split > 0, let fault = table.fault() {
                Issue.record("\(fault), key \(key)")
            }
        }
        // A stretch, and the rest of the entries that lie side by side.
        #expect(longest >= 256 && longest < 256 + 512)
        let keys = 0..<400_000 as Range<Int64>
        #expect(keys.allSatisfy { table.find($0, hash: $0.stableHash)?.pointee == ~$0 })
        #expect(table.find(-1, hash: Int64(-1).stableHash) == nil)
    }

    /// All keys want the last slots, so that those that go on at the first ones are many.
    @Test(arguments: [0, 1, 2, 3], [12, 24, 48, 96, 192])
    func whatGoesOnAtTheFirstSlotsGrows(way: Int, count: Int) {
        for bits in [1, 3, 64] as [UInt64] {
            let table = StateTable<LastSlotKey, Int>()
            table.growth = .some(way)
            for id in 0..<count * 3 {
                let key = LastSlotKey(id: id, spread: bits)
                table.upsert(key, hash: key.stableHash, id).pointee = id
                if let fault = table.fault() { Issue.record("\(fault) after \(id), \(bits)") }
                let gone = LastSlotKey(id: id / 2, spread: bits)
                if id % 5 == 4 { table.remove(gone, hash: gone.stableHash) }
                if let fault = table.fault() { Issue.record("\(fault) without \(id / 2), \(bits)") }
            }
        }
    }

    @Test(arguments: [0, 1, 12, 13, 1_000, 100_000])
    func reservedSlotsAreThere(count: Int) {
        let table = StateTable<Int, Int>()
        table.reserveCapacity(count)
        let capacity = table.mask + 1
        #expect(capacity == 16 || capacity / 8 * 3 < count)
        for key in 0..<count { table.upsert(key, hash: key.stableHash, key).pointee = -key }
        #expect(table.mask + 1 == capacity)
        table.reserveCapacity(1 << 20)
        #expect(count == 0 || table.mask + 1 == capacity)
        for key in 0..<count where table.find(key, hash: key.stableHash)?.pointee != -key { Issue.record("\(key)") }
    }
}

/// A key whose home is among the last slots of a table of any size up to 2^20, and which moves when the table grows.
private struct LastSlotKey: StreamKey {
    var id: Int
    /// How many homes there are at each size.
    var spread: UInt64

    var stableHash: UInt64 {
        let mixed = StableHash.hash(UInt64(id))
        // Of the bits that a size adds every other key has one less.
        return (0xF_FFFF ^ (1 << (mixed % 16 + 4))) &- mixed / 16 % spread &* 8
    }
}
