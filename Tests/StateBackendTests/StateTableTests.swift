import StateBackend
import Testing

@Suite struct StateTableTests {
    @Test(arguments: 0..<6 as Range<UInt64>)
    func integerKeysAgreeWithDictionary(seed: UInt64) {
        let keys = (0..<400).map { Int64($0) &* 0x1_0000_0001 &- 200 } + [.min, .max, 0]
        compareWithDictionary(keys: keys, seed: seed, make: { $0 }, read: { $0 }, same: { $0 })
    }

    @Test(arguments: 10..<14 as Range<UInt64>)
    func stringsAreToldApartByTheirBytes(seed: UInt64) {
        // Composed and decomposed é are equal Swift strings, but different keys.
        var keys = ["", "a", "caf\u{E9}", "cafe\u{301}", "\u{1F600}", "123456789012345", "1234567890123456"]
        keys += (0..<150).map { String(repeating: "long key ", count: $0 % 9 + 2) + "\($0)" }
        keys += (0..<50).map { "k\($0)" }
        compareWithDictionary(keys: keys, seed: seed, make: { $0 }, read: { $0 }, same: { Array($0.utf8) })
    }

    @Test(arguments: 20..<24 as Range<UInt64>)
    func collidingKeysAgreeWithDictionary(seed: UInt64) {
        compareWithDictionary(
            keys: (0..<60).map { CollidingKey(id: $0) }, seed: seed, make: { $0 }, read: { $0 }, same: { $0.id })
    }

    @Test(arguments: 30..<34 as Range<UInt64>)
    func pairsAndOptionalsAgreeWithDictionary(seed: UInt64) {
        let names: [String?] = [nil, "", "caf\u{E9}", "cafe\u{301}", "some name that is not stored inline"]
        let keys = (0..<20).flatMap { n in names.map { Pair(Int32(n), $0) } }
        compareWithDictionary(
            keys: keys, seed: seed, make: { $0 }, read: { $0 },
            same: { [Array("\($0.first)".utf8), $0.second.map { Array($0.utf8) } ?? [0]] })
    }

    @Test(arguments: 40..<46 as Range<UInt64>)
    func referencesAreNeitherLeakedNorDestroyedTwice(seed: UInt64) {
        let live = LiveCount()
        compareWithDictionary(
            keys: (0..<300).map { Int64($0) }, seed: seed, make: { Tracked($0, live) }, read: { $0.number },
            same: { $0 })
        #expect(live.value == 0, "seed \(seed)")

        compareWithDictionary(
            keys: (0..<100).map { ReferenceKey(tracked: Tracked($0, live)) }, seed: seed,
            make: { Tracked($0, live) }, read: { $0.number }, same: { $0.tracked.number })
        #expect(live.value == 0, "seed \(seed)")
    }

    @Test func voidValuesMakeASet() {
        let table = StateTable<Int32, Void>()
        for i in 0..<1_000 as Range<Int32> { _ = table.upsert(i % 500, hash: (i % 500).stableHash, ()) }
        #expect(table.count == 500)
        for i in 0..<500 as Range<Int32> where i % 2 == 0 { #expect(table.remove(i, hash: i.stableHash) != nil) }
        var left: [Int32] = []
        table.forEach { key, _ in left.append(key) }
        #expect(left.sorted() == (0..<500).filter { $0 % 2 == 1 })
        #expect(table.find(2, hash: Int32(2).stableHash) == nil)
        #expect(table.find(3, hash: Int32(3).stableHash) != nil)
    }

    @Test(arguments: [1, 8, 12, 13, 1_000])
    func valuesLieWhereTheirAlignmentWantsThem(count: Int) {
        // A key of one byte before a value of eight: the offset isn't the key's size.
        let table = StateTable<UInt8, Int64>()
        let wide = StateTable<Pair<Int64, UInt8>, Pair<UInt16, UInt8>>()
        for i in 0..<count {
            let small = UInt8(truncatingIfNeeded: i)
            table.upsert(small, hash: small.stableHash, 0).pointee = Int64(i) << 32
            let key = Pair(Int64(i), small)
            wide.upsert(key, hash: key.stableHash, Pair(7, 9)).pointee.first = UInt16(truncatingIfNeeded: i)
        }
        table.forEach { key, value in #expect(UInt8(truncatingIfNeeded: value >> 32) == key) }
        wide.forEach { key, value in
            #expect(value == Pair(UInt16(truncatingIfNeeded: key.first), 9))
            #expect(wide.find(key, hash: key.stableHash)?.pointee == value)
        }
        #expect(wide.count == count)
    }

    @Test func growthIntoMappedMemoryKeepsEveryEntry() {
        // Tags are mapped from 2^20 slots on, entries from 2^16.
        let table = StateTable<Int64, Int64>(minimumCapacity: 390_000)
        let before = table.byteCount
        let count: Int64 = 400_000
        for key in 0..<count {
            table.prefetch(hash: key.stableHash)
            table.upsert(key, hash: key.stableHash, 0).pointee = ~key
        }
        #expect(table.byteCount == 2 * before)
        #expect(table.byteCount > 1 << 24)
        var wrong = 0
        for key in 0..<count where table.find(key, hash: key.stableHash)?.pointee != ~key { wrong += 1 }
        #expect(wrong == 0)
        #expect(table.find(count, hash: count.stableHash) == nil)
        #expect(table.count == Int(count))
        table.removeAll()
        #expect(table.count == 0)
        #expect(table.find(1, hash: Int64(1).stableHash) == nil)
    }

    @Test func aFailingInitialValueLeavesTheTableAsItWas() {
        struct Failure: Error {}
        func fail() throws -> Int { throw Failure() }
        let table = StateTable<Int, Int>()
        for key in 0..<12 { _ = table.upsert(key, hash: key.stableHash, key) }
        #expect(throws: Failure.self) { try table.upsert(99, hash: 99.stableHash, try fail()) }
        #expect(throws: Failure.self) {
            try table.update(99, hash: 99.stableHash, insert: fail, update: { _ in })
        }
        #expect(table.count == 12)
        #expect(table.find(99, hash: 99.stableHash) == nil)
    }

    @Test func aFailingDrainDropsWhatItDidNotVisit() {
        struct Failure: Error {}
        let live = LiveCount()
        let table = StateTable<Int, Tracked>()
        for key in 0..<100 { _ = table.upsert(key, hash: key.stableHash, Tracked(key, live)) }
        var visited = 0
        #expect(throws: Failure.self) {
            try table.drain { _ in
                visited += 1
                if visited == 10 { throw Failure() }
            }
        }
        #expect(visited == 10)
        #expect(table.count == 0)
        #expect(live.value == 0)
        _ = table.upsert(5, hash: 5.stableHash, Tracked(5, live))
        #expect(table.find(5, hash: 5.stableHash)?.pointee.number == 5)
    }
}
