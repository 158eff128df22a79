import StreamTesting
import Testing
import Weir

/// Every aggregate against a naive fold.
@Suite struct AggregatePropertyTests {
    @Test(arguments: AggregateCase.all)
    func anyOrderSplitMergeAndSavingGivesTheNaiveFold(_ testCase: AggregateCase) throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let count = [1, 2, 3, 12, 60][Int(seed % 5)]
            let visits = Visit.random(&random, count: count)
            let mismatch = try testCase.mismatch(visits, [0, 1, 4][Int(seed % 3)], &random)
            #expect(mismatch == nil, "seed \(seed): \(visits)")
        }
    }

    @Test(arguments: AggregateCase.all, [1, 2] as [UInt64])
    func soDoManyRecords(_ testCase: AggregateCase, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var visits = Visit.random(&random, count: 1_500)
        for i in visits.indices where seed == 2 { visits[i].user = "user \(i % 1_200)" }
        let mismatch = try testCase.mismatch(visits, 100, &random)
        #expect(mismatch == nil, "seed \(seed)")
    }

    @Test(arguments: AggregateCase.all)
    func damagedBytesAreRefusedOrUsable(_ testCase: AggregateCase) throws {
        for seed in 0..<6 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let visits = Visit.random(&random, count: [1, 3, 30][Int(seed % 3)])
            #expect(try testCase.damage(visits, &random) == nil, "seed \(seed)")
        }
        var random = SplitMix64(seed: 6)
        #expect(try testCase.damage(Visit.random(&random, count: 900), &random) == nil, "many records")
    }

    /// Values without an order of their own keep the order of arrival where times are equal.
    @Test(arguments: 0..<40 as Range<UInt64>) func valuesWithoutOrderStayInOrderOfArrival(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let visits = Visit.random(&random, count: 1 + Int(random.next(below: 30)))
        func check<Function: AggregateFunction>(_ function: Function, _ expected: Function.Output) throws
        where Function.Input == Visit, Function.Output: Equatable {
            let fold = RandomFold(function, saves: 3)
            #expect(function.result(try fold.fold(visits, &random)) == expected, "seed \(seed)")
            // Split in two, the earlier arrivals first.
            let cut = Int(random.next(below: UInt64(visits.count)))
            guard cut > 0 else { return }
            var left = try fold.fold(Array(visits[..<cut]), &random)
            function.merge(try fold.fold(Array(visits[cut...]), &random), into: &left)
            #expect(function.result(left) == expected, "seed \(seed), cut at \(cut)")
        }
        // `sorted` is stable.
        let byTime = visits.sorted { $0.time < $1.time }.map { Unordered($0.id) }
        let byRank = visits.sorted { ($1.value, $0.time) < ($0.value, $1.time) }.map { Unordered($0.id) }
        let lastTime = try #require(visits.map(\.time).max())
        let last = try #require(visits.last { $0.time == lastTime })
        try check(FirstByTime { Unordered($0.id) }, byTime[0])
        try check(LastByTime { Unordered($0.id) }, Unordered(last.id))
        try check(TopN(4, of: { Unordered($0.id) }, by: { $0.value }), Array(byRank.prefix(4)))
        try check(
            CollectList(limit: 7) { Unordered($0.id) },
            Collected(Array(byTime.prefix(7)), isComplete: visits.count <= 7))
    }
}
