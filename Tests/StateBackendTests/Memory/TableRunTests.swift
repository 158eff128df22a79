import StateBackend
import Testing

@Suite struct TableRunTests {
    @Test(arguments: [false, true], 0..<8 as Range<UInt64>)
    func tablesOfNumbersAgreeWithADictionary(hasStore: Bool, block: UInt64) throws {
        var captures = 0
        var changes = 0
        var growing = 0
        for seed in (block * 10)..<(block * 10 + 10) {
            let run = try TableRun<Int, Int>(
                seed: seed, hasStore: hasStore, key: { $0 &* 0x1_0000_0001 }, value: { $0 })
            try run.run(steps: 1_000)
            captures += run.captureCount
            changes += run.changesCount
            growing += run.growingCount
        }
        #expect(captures > 50)
        #expect(growing > 1_000)
        #expect((changes > 10) == !hasStore)
    }

    @Test(arguments: [false, true], 100..<108 as Range<UInt64>)
    func tablesOfStringsAgreeWithADictionary(hasStore: Bool, block: UInt64) throws {
        for seed in (block * 5)..<(block * 5 + 5) {
            let run = try TableRun<String, [Int]>(
                seed: seed, hasStore: hasStore, key: { "a key that is not stored inline \($0)" },
                value: { Array(repeating: $0, count: $0 % 5) })
            try run.run(steps: 1_000)
        }
    }

    @Test(arguments: [false, true], 200..<208 as Range<UInt64>)
    func tablesOfPairsAgreeWithADictionary(hasStore: Bool, block: UInt64) throws {
        for seed in (block * 5)..<(block * 5 + 5) {
            let run = try TableRun<Pair<Int32, String>, String>(
                seed: seed, hasStore: hasStore, key: { Pair(Int32($0 % 7), "\($0)") },
                value: { String(repeating: "v", count: $0 % 30) })
            try run.run(steps: 1_000)
        }
    }
}
