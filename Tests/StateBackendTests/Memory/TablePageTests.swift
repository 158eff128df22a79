@testable import StateBackend
import Testing

/// A table that is read piece by piece while it grows and shrinks: see also `StateBackendSuite`, which reads all kinds of
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
            if let fault = table.fault() { Issue.record("\(fault), seed \(seed)") }
        }
        #expect(lasting.isSubset(of: seen), "seed \(seed): \(lasting.subtracting(seen).count) are missing")
        // A home more than was asked for: at 15/16 full, some dozens of keys.
        #expect(most <= limit + 256, "seed \(seed): \(most) at once")
    }

    @Test func bitsAreReversed() {
        for bit in 0..<64 as Range<UInt64> { #expect((UInt64(1) << bit).withReversedBits == 1 << (63 - bit)) }
        #expect((0b1011 as UInt64).withReversedBits == 0b1101 << 60)
    }
}
