import StreamTesting
import Testing
import Weir

/// Random events through interval joins, against all pairs tried one by one.
@Suite struct JoinPropertyTests {
    private static func bounds(_ random: inout SplitMix64) -> (lower: Int64, upper: Int64) {
        let lower = Int64(random.next(below: 160)) - 80
        return (lower, lower + Int64(random.next(below: [1, 20, 120][Int(random.next(below: 3))])))
    }

    private static func pairs(_ left: [Event], _ right: [Event], _ bounds: (lower: Int64, upper: Int64)) -> [String] {
        var pairs: [String] = []
        for left in left {
            for right in right where left.key == right.key {
                let difference = right.time - left.time
                if difference < bounds.lower || difference > bounds.upper { continue }
                pairs.append("\(left.id)-\(right.id)@\(max(left.time, right.time))")
            }
        }
        return pairs.sorted()
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func everyPairIsJoinedOnce(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bounds = Self.bounds(&random)
        let keys = [1, 5, 20][Int(random.next(below: 3))] as UInt64
        let left = RandomEvents(&random, keys: keys)
        let right = RandomEvents(&random, keys: keys)
        let expected = Self.pairs(left.all, right.all, bounds)
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(left, "left").keyBy { $0.key }.join(
                "join", p.events(right, "right").keyBy { $0.key },
                within: .between(.milliseconds(bounds.lower), .milliseconds(bounds.upper))
            ) { "\($0.id)-\($1.id)@\(Swift.max($0.time, $1.time))" }
            .write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.sorted() == expected, "seed \(seed), \(bounds), \(run.variant)")
            #expect(run.status["join"]?.late == 0, "seed \(seed), \(bounds), \(run.variant)")
        }
    }

    /// Beyond the bound a record is late and joins nothing, or joins all that are not late.
    @Test(arguments: 0..<500 as Range<UInt64>) func lateRecordsJoinNothing(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bounds = Self.bounds(&random)
        let left = RandomEvents(&random, beyond: 4, keys: 5)
        let right = RandomEvents(&random, beyond: 4, keys: 5)
        let lateLeft = SideOutput<Event>("late left")
        let lateRight = SideOutput<Event>("late right")
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            let joined = p.events(left, "left").keyBy { $0.key }.join(
                "join", p.events(right, "right").keyBy { $0.key },
                within: .between(.milliseconds(bounds.lower), .milliseconds(bounds.upper)),
                lateLeft: .sideOutput(lateLeft), lateRight: .sideOutput(lateRight)
            ) { "\($0.id)-\($1.id)@\(Swift.max($0.time, $1.time))" }
            joined.write("out", to: sink)
            joined.sideOutput(lateLeft).map { "left \($0.id)" }.write("left out", to: sink)
            joined.sideOutput(lateRight).map { "right \($0.id)" }.write("right out", to: sink)
        }
        for run in runs {
            let place: Comment = "seed \(seed), \(bounds), \(run.variant)"
            let late = run.elements.filter { !$0.contains("-") }
            let lateSet = Set(late)
            #expect(late.count == lateSet.count, place)
            #expect(run.status["join"]?.late == late.count, place)
            let expected = Self.pairs(
                left.all.filter { !lateSet.contains("left \($0.id)") },
                right.all.filter { !lateSet.contains("right \($0.id)") }, bounds)
            #expect(run.elements.filter { $0.contains("-") }.sorted() == expected, place)
        }
    }
}
