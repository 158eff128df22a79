@testable import StateBackend
import StreamTesting
import Testing

/// A table that is read piece by piece while it grows and shrinks, over a store, too: see also `StateBackendSuite`, which reads all kinds of
/// state so, over stores, too.
@Suite struct TablePageTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func whatLastsIsReadOnce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = StateTable<Int64, Int64>()
        table.growth = .some(Int(seed % 4))
        var oracle: [Int64: Int64] = [:]
        func put(_ key: Int64) {
            table.upsert(key, hash: key.stableHash, 0).pointee += key + 1
            oracle[key, default: 0] += key + 1
        }
        let first = random.below(3_000)
        for key in 0..<Int64(first) { put(key) }
        var lasting = Set(oracle.keys)
        var seen: Set<Int64> = []
        var place: TablePlace? = TablePlace(groups: 0..<128)
        let limit = 1 + random.below(200)
        var most = 0
        while let at = place {
            var held = 0
            place = try table.page(at, limit: limit) { key, value in
                held += 1
                #expect(seen.insert(key).inserted && oracle[key] == value, "seed \(seed), key \(key)")
                return 1
            }
            most = max(most, held)
            // Growth by half while it is read, and back.
            for _ in 0..<random.below(100) {
                let key = Int64(random.below(first * 2 + 10))
                if random.below(seed % 2 == 0 ? 2 : 8) == 0 {
                    #expect(table.remove(key, hash: key.stableHash) == oracle.removeValue(forKey: key))
                    lasting.remove(key)
                } else {
                    put(key)
                }
            }
            // Back into as few slots as there can be.
            if random.below(8) == 0 {
                for key in oracle.keys.sorted().prefix(oracle.count / 2) where random.below(2) == 0 {
                    table.remove(key, hash: key.stableHash)
                    oracle[key] = nil
                    lasting.remove(key)
                }
                var entries: [(Int64, Int64)] = []
                table.drain { entries.append(($0.key, $0.value)) }
                table.replaceMemory(capacity: 16)
                for (key, value) in entries { _ = table.upsert(key, hash: key.stableHash, value) }
            }
            if let fault = table.fault() { Issue.record("\(fault), seed \(seed)") }
        }
        #expect(lasting.isSubset(of: seen), "seed \(seed): \(lasting.subtracting(seen).count) are missing")
        // A home more than was asked for: at 15/16 full, some dozens of keys.
        #expect(most <= limit + 256, "seed \(seed): \(most) at once")
    }

    /// Keys that are in memory alone when they are noted, and in the store when the walk comes to them, or back again.
    @Test(arguments: 1...50)
    func whatIsEvictedMeanwhileIsReadOnce(limit: Int) throws {
        for seed in 0..<8 as Range<UInt64> {
            var random = SeededGenerator(seed: seed &* 64 &+ UInt64(limit))
            let place = StorePlace(job: "test", worker: 0, keyGroups: KeyGroups(), groups: 0..<128, memoryBudget: 0)
            let environment = StateEnvironment(
                store: try ReferenceBackend().open(place),
                allowance: TableAllowance(total: 0, smallestTable: 32 << Int(seed % 3)))
            let table: StateTable<Int64, Int64> = try StepState(step: "step", in: environment).table("table")
            var oracle: [Int64: Int64] = [:]
            func put(_ key: Int64) {
                table.upsert(key, hash: key.stableHash, 0).pointee += key + 1
                oracle[key, default: 0] += key + 1
            }
            // At the first the table holds them all, and the store has no row.
            for key in 0..<Int64(10 + random.below(seed < 4 ? 12 : 200)) { put(key) }
            var lasting = Set(oracle.keys)
            var seen: Set<Int64> = []
            var fresh: Int64 = 1_000
            var next: TablePlace? = TablePlace(groups: 0..<128)
            while let at = next {
                next = try table.page(at, limit: limit) { key, value in
                    #expect(
                        seen.insert(key).inserted && oracle[key] == value, "limit \(limit), seed \(seed), key \(key)")
                    return 1
                }
                for _ in 0..<random.below(6) where fresh < 1_300 {
                    put(fresh)
                    fresh += 1
                }
                let key = Int64(random.below(200))
                switch random.below(12) {
                case 0: table.spill()
                case 1: if oracle[key] != nil { put(key) }
                case 2:
                    #expect(table.remove(key, hash: key.stableHash) == oracle.removeValue(forKey: key))
                    lasting.remove(key)
                default: break
                }
                try environment.failure.check()
            }
            let missing = lasting.subtracting(seen).sorted()
            #expect(missing.isEmpty, "limit \(limit), seed \(seed): \(missing) are missing")
        }
    }

    @Test func bitsAreReversed() {
        for bit in 0..<64 as Range<UInt64> { #expect((UInt64(1) << bit).withReversedBits == 1 << (63 - bit)) }
        #expect((0b1011 as UInt64).withReversedBits == 0b1101 << 60)
    }
}
