import StreamTesting
import Testing
import Weir

/// What patterns match: the tables follow the published behaviour of Flink's CEP library.
@Suite struct PatternTableTests {
    @Test(
        arguments: PatternCase.contiguity + PatternCase.loops + PatternCase.greedy + PatternCase.until
            + PatternCase.nots + PatternCase.windows + PatternCase.iterative)
    func matchesAreThoseOfTheTable(_ table: PatternCase) throws {
        #expect(table.pattern.problems == [])
        let run = try MatcherRun(table.pattern, Mark.list(table.input))
        let timeouts = table.output.contains("timeout")
        let words = run.words.filter { timeouts || !$0.hasPrefix("timeout") }
        #expect(words.sorted() == table.expected.sorted())
        #expect(run.isEmpty)
        try roundTrips(table, run)
    }

    @Test(arguments: PatternCase.skips) func skipsAreThoseOfTheTable(_ table: PatternCase) throws {
        #expect(table.pattern.problems == [])
        let run = try MatcherRun(table.pattern, Mark.list(table.input))
        let timeouts = table.output.contains("timeout")
        #expect(run.words.filter { timeouts || !$0.hasPrefix("timeout") } == table.expected)
        #expect(run.isEmpty)
        try roundTrips(table, run)
    }

    private func roundTrips(_ table: PatternCase, _ run: MatcherRun) throws {
        let saved = try MatcherRun(table.pattern, Mark.list(table.input), savesAfterEach: true)
        #expect(saved.actions == run.actions)
        // What is in use is what partial matches refer to: nothing is forgotten, nothing kept for ever.
        for (before, after) in saved.held { #expect(before == after) }
    }

    @Test(
        arguments: [
            (.first("a").later("b"), "a@1 x@2 b@5", nil, ["5: a=a b=b (1-5)"]),
            (
                .first("a").later("b").oneOrMore().later("c"), "a@1 b1@2 b2@3 c@4", nil,
                ["4: a=a b=b1,b2 c=c (1-4)", "4: a=a b=b1 c=c (1-4)"]
            ),
            (.first("a").notThen("b"), "a@1 x@5", nil, ["5: a=a (1-1)"]),
            (.first("a").never("b").within(10), "a@1 x@30", nil, ["11: a=a (1-1)"]),
            (.first("a").never("b").within(10), "a@1", 10, []),
            (.first("a").never("b").within(10), "a@1", 11, ["11: a=a (1-1)"]),
            (.first("a").never("b").within(10), "a@1", .max, ["11: a=a (1-1)"]),
            (.first("a").later("b").within(10), "a1@1 a2@3", 50, ["timeout 11: a=a1 (1-1)", "timeout 13: a=a2 (3-3)"]),
            (.first("a").later("b").afterMatch(.skipToFirst("b")), "a1@1 b@2", nil, ["2: a=a1 b=b (1-2)"]),
            (
                .first("a").later("b").later("c").optional().afterMatch(.skipPastLastEvent), "a1@1 a2@2 b@3", nil,
                ["3: a=a1 b=b (1-3)"]
            ),
            (.first("a").never("b").within(.max), "a@1 x@30", .max, ["9223372036854775807: a=a (1-1)"]),
        ] as [(Pattern<Mark>, String, Timestamp?, [String])])
    func matchesTellStagesAndTimes(
        pattern: Pattern<Mark>, input: String, through: Timestamp?, expected: [String]
    ) throws {
        let run = try MatcherRun(pattern, Mark.list(input), through: through)
        func text(_ match: PatternMatch<Mark>, _ time: Timestamp) -> String {
            let stages = match.stages.map { "\($0.name)=\($0.elements.map(\.name).joined(separator: ","))" }
            return "\(time): \(stages.joined(separator: " ")) (\(match.start)-\(match.end))"
        }
        let found = run.actions.map { action in
            switch action {
            case .match(let match, let time): text(match, time)
            case .timedOut(let match, let time): "timeout " + text(match, time)
            }
        }
        #expect(found == expected)
    }

    @Test func aMatchIsReadByStage() throws {
        let run = try MatcherRun(.first("a").later("b").times(2), Mark.list("a b1 b2"))
        guard case .match(let match, _) = run.actions.first else {
            Issue.record("no match")
            return
        }
        #expect(match["b"].map(\.name) == ["b1", "b2"])
        #expect(match["c"] == [])
        #expect(match.elements.map(\.name) == ["a", "b1", "b2"])
    }

    /// However the watermark moves, decisions and their times are the same.
    @Test func deadlinesAreDecidedEachAtItsTime() throws {
        let pattern = Pattern.first("a").never("b").within(10)
        let marks = Mark.list("a1@1 a2@4 a3@9")
        var matcher = PatternMatcher(pattern)
        var state = PatternState<Mark>()
        var actions: [PatternAction<Mark>] = []
        for mark in marks { try matcher.process(mark, at: mark.time, &state, &actions) }
        #expect(matcher.nextDeadline(state) == 11)
        for time in Timestamp(10)...30 { matcher.advance(to: time, &state, &actions) }
        #expect(actions == (try MatcherRun(pattern, marks)).actions)
        #expect(actions.count == 3)
        #expect(matcher.nextDeadline(state) == nil)
    }

    /// Branches share what they have in common.
    @Test func partialMatchesShareTheirEvents() throws {
        let pattern = Pattern.first("a").later("b").oneOrMore().allowCombinations().later("c")
        var matcher = PatternMatcher(pattern)
        var state = PatternState<Mark>()
        var actions: [PatternAction<Mark>] = []
        for mark in Mark.list("a b1 b2 b3 b4 b5 b6 b7") { try matcher.process(mark, at: mark.time, &state, &actions) }
        #expect(state.partialMatchCount > 64)
        #expect(state.heldEventCount == 8)
    }
}
