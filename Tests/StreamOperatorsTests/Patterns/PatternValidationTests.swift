import Testing
import Weir

/// What can't work is refused when the pipeline is described, with a remedy.
@Suite struct PatternValidationTests {
    private static let a = Pattern.first("a")

    @Test(
        arguments: [
            (a.later("a"), "two stages are named 'a'; rename one"),
            (.begin("") { _ in true }, "a stage has an empty name; name it"),
            (a.times(0), "stage 'a' is to take 0 events; it must be at least 1"),
            (a.times(-2), "stage 'a' is to take -2 events; it must be at least 1"),
            (a.times(0...0), "stage 'a' is to take 0 events; it must be at least 1"),
            (a.times(1...20_000), "stage 'a' is to take 20000 events; it must be at most 10000"),
            (a.times(2).oneOrMore(), "times(1...) does not go with 'a', which was told how often before; say it once"),
            (a.greedy(), "greedy() does not go with 'a', which takes one event; say how often first"),
            (a.consecutive(), "consecutive() does not go with 'a', which takes one event; say how often first"),
            (a.allowCombinations(), "allowCombinations() does not go with 'a', which takes one event"),
            (a.oneOrMore().consecutive().allowCombinations(), "which is consecutive, which leaves nothing to combine"),
            (a.oneOrMore().allowCombinations().consecutive(), "allows combinations, which are not consecutive"),
            (a.oneOrMore().allowCombinations().greedy(), "allows combinations, which are not greedy"),
            (a.oneOrMore().greedy().allowCombinations(), "is greedy, which leaves nothing to combine"),
            (a.optional().optional(), "optional() does not go with 'a', which is optional already; "),
            (a.times(2).until { _ in true }, "until(_:) does not go with 'a', which has a highest number of events"),
            (a.until { _ in true }, "until(_:) does not go with 'a', which has a highest number of events"),
            (a.oneOrMore().until { _ in true }.until { _ in false }, "which has an end already; combine both"),
            (a.never("b").optional().later("c"), "optional() does not go with 'b', which is a not-stage; leave it out"),
            (a.notThen("b").oneOrMore(), "times(1...) does not go with 'b', which is a not-stage"),
            (a.notThen("b").greedy(), "greedy() does not go with 'b', which is a not-stage"),
            (a.never("b"), "notFollowedBy 'b' comes last, so the pattern needs a deadline; add within(…)"),
            (a.optional().notThen("b").later("c"), "'b' is a not-stage after the optional stage 'a'; use two patterns"),
            (a.never("b").notThen("c").later("d"), "notFollowedBy 'b' comes before a notNext; put the notNext first"),
            (
                a.notThen("b").later("c").optional(),
                "only optional stages come after notNext 'b'; make one of them required"
            ),
            (a.within(0), "within is 0 ms; it must be at least 1 ms"),
            (a.within(-5), "within is -5 ms; it must be at least 1 ms"),
            (a.afterMatch(.skipToFirst("z")), "the pattern has no stage 'z' to skip to; name one that takes events"),
            (a.never("b").later("c").afterMatch(.skipToLast("b")), "the pattern has no stage 'b' to skip to"),
        ] as [(Pattern<Mark>, String)])
    func patternsThatCannotWork(_ pattern: Pattern<Mark>, message: String) throws {
        #expect(pattern.problems.count == 1, "\(pattern.problems)")
        #expect(
            pattern.problems.first?.contains(message.hasSuffix("; ") ? String(message.dropLast(2)) : message) == true)
        let error = #expect(throws: PipelineError.self) {
            try Pipeline("test") { p in
                _ = p.source("marks", CollectionSource([Mark]()), time: { $0.time }, watermarks: .monotonous())
                    .keyBy(\.key).match("pattern", pattern)
            }
        }
        #expect(error?.problems.map(\.step) == ["pattern"])
        #expect(error?.problems.map(\.message) == pattern.problems)
    }

    @Test func allProblemsAreReportedTogether() {
        let pattern = Self.a.greedy().later("a").times(0).never("b")
        #expect(pattern.problems.count == 4, "\(pattern.problems)")
    }

    @Test func eventTimeIsNeeded() {
        let error = #expect(throws: PipelineError.self) {
            try Pipeline("test") { p in
                _ = p.source("marks", CollectionSource([Mark]())).keyBy(\.key).match("pattern", Self.a)
            }
        }
        #expect(error?.problems.first?.message.contains("give the source a watermark strategy") == true)
    }

    @Test func whatAnotherPatternSavedIsRefused() throws {
        var encoder = StateEncoder()
        try PatternState<Mark>.codec(for: Self.a.later("b")).encode(PatternState(), into: &encoder)
        for other in [Self.a.then("b"), Self.a.later("b").oneOrMore(), Self.a.later("c"), Self.a.later("b").within(5)] {
            var decoder = StateDecoder(encoder.bytes)
            let error = #expect(throws: StateError.self) { try PatternState.codec(for: other).decode(&decoder) }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("of another pattern") == true)
        }
    }

    /// Whatever byte is damaged or missing, reading ends with an error or a state that works.
    @Test func damagedBytesDoNoHarm() throws {
        let pattern = Self.a.later("b").oneOrMore().allowCombinations().later("c").afterMatch(.skipToNext)
        let codec = PatternState<Mark>.codec(for: pattern)
        var matcher = PatternMatcher(pattern)
        var state = PatternState<Mark>()
        var actions: [PatternAction<Mark>] = []
        for mark in Mark.list("a b1 a2 b2") { try matcher.process(mark, at: mark.time, &state, &actions) }
        var encoder = StateEncoder()
        try codec.encode(state, into: &encoder)
        for place in encoder.bytes.indices {
            for change in [UInt8(1), 0x80, 0xFF] {
                var bytes = encoder.bytes
                bytes[place] ^= change
                for bytes in [bytes, Array(bytes[..<place])] {
                    var decoder = StateDecoder(bytes)
                    guard var read = try? codec.decode(&decoder) else { continue }
                    try matcher.process(Mark("c", at: 1 << 60), at: 1 << 60, &read, &actions)
                    matcher.advance(to: .max, &read, &actions)
                }
            }
        }
    }
}
