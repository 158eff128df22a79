import StreamTesting
import Testing
import Weir

@Suite struct PatternPropertyTests {
    /// Random patterns over random events, against every sequence of events tried in turn.
    @Test(arguments: 0..<600 as Range<UInt64>) func matchesAreThoseOfTheDefinition(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let oracle = PatternOracle(&random)
        let marks = Self.marks(&random, count: Int(random.next(below: 11)))
        #expect(oracle.pattern.problems == [], "seed \(seed): \(oracle)")
        let run = try MatcherRun(oracle.pattern, marks)
        let found = run.actions.compactMap { action -> String? in
            guard case .match(let match, _) = action else { return nil }
            return match.stages.map { "\($0.name)=\($0.elements.map(\.name).joined(separator: ","))" }
                .joined(separator: " ")
        }
        let input = marks.map { "\($0.name)@\($0.time)" }.joined(separator: " ")
        #expect(found.sorted() == oracle.matches(marks), "seed \(seed): \(oracle) over \(input)")
        #expect(run.isEmpty, "seed \(seed)")
        let saved = try MatcherRun(oracle.pattern, marks, savesAfterEach: true)
        #expect(saved.actions == run.actions, "seed \(seed): \(oracle) over \(input)")
        #expect(saved.held.allSatisfy { $0 == $1 }, "seed \(seed): \(oracle) over \(input)")
    }

    /// Of the matches without skipping, those with skipping are a choice that its rule allows.
    @Test(arguments: 0..<200 as Range<UInt64>) func skippingChoosesAmongAllMatches(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let oracle = PatternOracle(&random)
        let marks = Self.marks(&random, count: 14)
        let all = try MatcherRun(oracle.pattern, marks).words
        let strategies: [AfterMatchSkip] = [.skipToNext, .skipPastLastEvent, .skipToFirst("s0"), .skipToLast("s0")]
        for skip in strategies {
            let run = try MatcherRun(oracle.pattern.afterMatch(skip), marks, savesAfterEach: true)
            let found = run.actions.compactMap { action -> PatternMatch<Mark>? in
                if case .match(let match, _) = action { match } else { nil }
            }
            let place: Comment = "seed \(seed), \(skip): \(oracle) over \(marks.map(\.name))"
            #expect(run.isEmpty, place)
            #expect(run.words.filter { !$0.hasPrefix("timeout") }.allSatisfy(all.contains), place)
            #expect(all.allSatisfy { $0.hasPrefix("timeout") } == found.isEmpty, place)
            let order = Dictionary(uniqueKeysWithValues: marks.enumerated().map { ($1.name, $0) })
            let places = found.map { match in match.elements.compactMap { order[$0.name] } }
            #expect(places.map(\.first) == places.map(\.first).sorted { ($0 ?? 0) < ($1 ?? 0) }, place)
            for (earlier, later) in zip(places, places.dropFirst()) {
                switch skip {
                case .skipToNext: #expect(later[0] > earlier[0], place)
                case .skipPastLastEvent: #expect(later[0] > (earlier.last ?? 0), place)
                default: break
                }
            }
            if case .skipToLast = skip {
                for (earlier, later) in zip(found, found.dropFirst()) where !earlier["s0"].isEmpty {
                    #expect((order[later.elements[0].name] ?? 0) >= (order[earlier["s0"].last?.name ?? ""] ?? 0), place)
                }
            }
        }
    }

    /// A job's matches are those of a matcher per key over its events in their order.
    @Test(arguments: 0..<48 as Range<UInt64>) func jobsMatchAsAMatcherPerKeyDoes(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let oracle = PatternOracle(&random)
        let pattern = oracle.pattern.afterMatch(seed % 3 == 0 ? .skipToNext : .noSkip)
        // One split, so that the order of equal times is given.
        let events = RandomEvents(&random, splits: 1, keys: 4)
        @Sendable func mark(_ event: Event) -> Mark {
            Mark("\(["a", "b", "c", "n", "x"][abs(event.value) % 5])\(event.id)", at: event.time, key: event.key)
        }
        var expected: [String] = []
        for (key, own) in Dictionary(grouping: events.all, by: \.key) {
            let marks = own.map(mark).enumerated().sorted { ($0.1.time, $0.0) < ($1.1.time, $1.0) }.map(\.1)
            expected += try MatcherRun(pattern, marks).words.map { "\(key): \($0)" }
        }
        let timedOut = SideOutput<PatternMatch<Mark>>("timed out")
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            let matches = p.events(events).map(mark).keyBy(\.key).match("patterns", pattern, timedOut: timedOut)
            @Sendable func text(_ match: PatternMatch<Mark>, _ kind: String) -> String {
                "\(match.elements[0].key): \(kind)\(match.elements.map(\.name).joined(separator: " "))"
            }
            matches.map { text($0, "") }
                .union("all", matches.sideOutput(timedOut).map { text($0, "timeout ") }).write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.sorted() == expected.sorted(), "seed \(seed): \(oracle), \(run.variant)")
            #expect(run.status["patterns"]?.late == 0)
        }
    }

    private static func marks(_ random: inout SplitMix64, count: Int) -> [Mark] {
        var time = Timestamp(random.next(below: 20)) - 10
        return (0..<count).map { index in
            time += Timestamp(random.next(below: 3))
            let letter = ["a", "b", "c", "a", "b", "c", "n", "m"][Int(random.next(below: 8))]
            return Mark("\(letter)\(index)", at: time)
        }
    }
}
