import StreamTesting
import Testing
import Weir

/// Random events through outer joins, with restarts at random moments, against all pairs tried one by one.
@Suite struct OuterJoinPropertyTests {
    static let seeds = 0..<500 as Range<UInt64>

    @Test(arguments: seeds) func everyRecordIsInItsPairsOrAlone(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let kind = JoinKind.allCases[Int(random.next(below: 4))]
        let lower = Int64(random.next(below: 160)) - 80
        let upper = lower + Int64(random.next(below: [1, 20, 120][Int(random.next(below: 3))]))
        let left = RandomEvents(&random, keys: 5)
        let right = RandomEvents(&random, keys: 5)
        let expected = kind.results(left.all, right.all, lower, upper)
        let results = OutputLog<String>()
        let watermarks = WatermarkCheck()
        let run = try RandomRun(&random, [left, right]) { p, inputs in
            let bounds = JoinBounds.between(.milliseconds(lower), .milliseconds(upper))
            let joined = kind.attach(
                p.input(inputs[0]).keyBy { $0.key }, p.input(inputs[1]).keyBy { $0.key }, within: bounds)
            watermarks.attach("check", to: joined).logged("results", in: results)
        }
        #expect(results.records.sorted() == expected, "seed \(seed), \(kind), \(lower)...\(upper), \(run)")
        #expect(watermarks.violations == 0, "seed \(seed), \(kind), \(lower)...\(upper), \(run)")
        #expect(run.late == 0, "seed \(seed), \(kind), \(run)")
        for case .record(let word, let time) in results.events { #expect(word.hasSuffix("@\(time)"), "seed \(seed)") }
    }

    /// A pair is joined when its times are no farther apart than the limit, however long ago its first record came.
    @Test(arguments: seeds) func regularJoins(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let limit = random.next(below: 3) == 0 ? nil : Int64(random.next(below: 100))
        // Without a limit nothing is late either.
        let beyond: UInt64 = limit == nil ? 4 : 0
        let left = RandomEvents(&random, beyond: beyond, keys: 5)
        let right = RandomEvents(&random, beyond: beyond, keys: 5)
        let bounds = limit.map { (-$0, $0) } ?? (.min, .max)
        let expected = JoinKind.inner.results(left.all, right.all, bounds.0, bounds.1)
        let results = OutputLog<String>()
        let run = try RandomRun(&random, [left, right]) { p, inputs in
            p.input(inputs[0]).keyBy { $0.key }
                .join("join", p.input(inputs[1]).keyBy { $0.key }, keepFor: limit.map { .milliseconds($0) }) {
                    JoinScript.pair($0, $1)
                }
                .logged("results", in: results)
        }
        #expect(results.records.sorted() == expected, "seed \(seed), \(limit as Int64?), \(run)")
        #expect(run.late == 0, "seed \(seed), \(run)")
    }
}
