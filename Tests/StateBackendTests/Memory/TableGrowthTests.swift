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
            let (capacity, before) = (table.mask + 1, table.isGrowing ? table.split : table.mask + 1)
            table.upsert(key, hash: key.stableHash, 0).pointee = ~key
            let hasBegun = table.mask + 1 > capacity
            if hasBegun {
                began = table.size
                #expect(before == capacity, "grows to \(table.mask + 1) before the growth to \(capacity) is over")
                #expect(table.isGrowing == (capacity * 17 >= 1 << 18))
                if table.isGrowing { longest = max(longest, table.split) }
            } else if before < capacity {
                longest = max(longest, min(table.split, capacity / 2) - before)
                if !table.isGrowing { #expect(table.size - began <= capacity / 32 + 16) }
            }
            if key % 50_000 == 0 || hasBegun, let fault = table.fault() { Issue.record("\(fault), key \(key)") }
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

    /// As when a table is loaded from a snapshot, or from what another one was drained of: growth has to keep ahead.
    @Test(arguments: [(0.3, 17), (0.5, 17), (0.74, 20)]) func keysInTheOrderOfTheirSlots(load: Double, bits: Int) {
        let slots = 1 << bits
        func slot(_ key: Int) -> UInt64 { key.stableHash % UInt64(slots) }
        let keys = (0..<Int(Double(slots) * load)).sorted { slot($0) < slot($1) }
        let table = StateTable<Int, Int>()
        var farthest = 0
        for key in keys {
            table.upsert(key, hash: key.stableHash, key).pointee = -key
            let slot = table.locate(key, hash: key.stableHash).slot
            farthest = max(farthest, (slot - table.home(key.stableHash)) & table.mask)
        }
        // Where one part of the table was filled before the others, keys would be thousands of slots from home.
        #expect(farthest < 2_048)
        #expect(table.mask < slots * 4)
        if let fault = table.fault() { Issue.record("\(fault)") }
        #expect(keys.allSatisfy { table.find($0, hash: $0.stableHash)?.pointee == -$0 })
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
