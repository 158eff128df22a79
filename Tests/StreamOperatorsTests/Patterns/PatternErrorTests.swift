import StreamTesting
import Synchronization
import Testing
import Weir

/// Conditions that throw.
@Suite struct PatternErrorTests {
    struct Unlucky: Error {}

    /// A mark with an odd number makes it throw.
    private static func condition(_ letters: String) -> @Sendable (Mark) throws -> Bool {
        { mark in
            if mark.number % 2 == 1 && letters.contains(mark.letter) { throw Unlucky() }
            return letters.contains(mark.letter)
        }
    }

    private static func iterative(
        _ letters: String
    ) -> @Sendable (Mark, PartialMatch<Mark>) throws -> Bool {
        { mark, partial in
            if mark.number % 3 == 2 && partial["b"].count > 1 { throw Unlucky() }
            return letters.contains(mark.letter)
        }
    }

    private static let patterns: [Pattern<Mark>] = [
        Pattern.begin("a", where: of("ab")).followedBy("b", where: condition("b")).followedBy("c", where: of("c")),
        Pattern.begin("a", where: of("a")).next("b", where: condition("bx")).followedByAny("c", where: of("bc")),
        Pattern.begin("a", where: of("ab")).followedByAny("b", where: iterative("ab")).oneOrMore().allowCombinations()
            .followedBy("c", where: iterative("bc")),
        Pattern.begin("a", where: of("a")).followedBy("b", where: of("b")).oneOrMore()
            .notFollowedBy("x", where: condition("x")).followedBy("c", where: iterative("c")),
        Pattern.begin("a", where: of("ab")).notFollowedBy("x", where: of("x")).followedBy("c", where: of("xab")),
    ]

    /// An event for which a condition throws is as if it had not come.
    @Test(arguments: 0..<200 as Range<UInt64>) func anEventThatFailsChangesNothing(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let base = Self.patterns[Int(seed) % Self.patterns.count]
        let skips: [AfterMatchSkip] = [.noSkip, .skipToNext, .skipPastLastEvent, .noSkip]
        let pattern = base.within(.milliseconds(25)).afterMatch(skips[Int(seed / 5) % skips.count])
        let marks = (1...16).map { index in
            Mark("\(Array("aabbbccx")[Int(random.next(below: 8))])\(random.next(below: 10))", at: index * 2)
        }
        var matcher = PatternMatcher(pattern)
        var state = PatternState<Mark>()
        var actions: [PatternAction<Mark>] = []
        var good: [Mark] = []
        for mark in marks {
            matcher.advance(to: mark.time, &state, &actions)
            let held = state.heldEventCount
            let partials = state.partialMatchCount
            do {
                try matcher.process(mark, at: mark.time, &state, &actions)
                good.append(mark)
            } catch is Unlucky {
                #expect(state.heldEventCount == held, "seed \(seed)")
                #expect(state.partialMatchCount == partials, "seed \(seed)")
            }
        }
        matcher.advance(to: .max, &state, &actions)
        #expect(state.isEmpty && state.heldEventCount == 0, "seed \(seed)")
        let names = marks.map(\.name).joined(separator: " ")
        #expect(actions == (try MatcherRun(pattern, good)).actions, "seed \(seed): \(names)")
    }

    /// A stage that is not to come takes back what the same event has begun; other matches still hold the event.
    @Test func anEventThatStopsOneMatchIsHeldByAnother() throws {
        let pattern = Pattern.begin("a", where: of("ab")).notFollowedBy("x", where: of("b"))
            .followedBy("c", where: of("bc")).followedBy("d", where: of("d"))
        let words = try MatcherRun(pattern, Mark.list("a1 b2 c3 d4"), savesAfterEach: true).words
        #expect(words == ["b2 c3 d4"])
    }

    @Test(arguments: [ErrorPolicy.drop, .deadLetter, .fail], [false, true])
    func policies(_ policy: ErrorPolicy, restarts: Bool) throws {
        let input = TestInput<Mark>("marks")
        let log = OutputLog<String>()
        let test = try TestPipeline { p in
            let matches = p.input(input).keyBy(\.key).match("pattern", Self.patterns[0], onError: policy)
            let letters = matches.deadLetters.map { letter in
                var decoder = StateDecoder(letter.bytes)
                return "dead \(try StateCodec<Mark>.automatic.decode(&decoder).name) \(letter.reason)"
            }
            matches.map { $0.elements.map(\.name).joined(separator: "-") }.union("all", letters)
                .logged("log", in: log)
        }
        func play() throws {
            for (index, name) in ["a1", "b3", "b4", "c5", "b7"].enumerated() {
                let time = Timestamp(index)
                input.play([.record(Mark(name, at: time, key: "k"), at: time), .watermark(time)])
                try test.settle()
                if restarts && policy != .fail && index < 4 { try test.restart() }
            }
            input.end()
            try test.settle()
        }
        if policy == .fail {
            let error = #expect(throws: JobError.self) { try play() }
            #expect(error?.step == "pattern")
            return
        }
        try play()
        let events = log.events.compactMap { event -> String? in
            if case .record(let word, let time) = event { "\(word)@\(time)" } else { nil }
        }
        let letters = ["dead b3 Unlucky()@1", "dead b7 Unlucky()@4"]
        #expect(events.sorted() == ["a1-b4-c5@3"] + (policy == .deadLetter ? letters : []))
        if !restarts { #expect(test.status["pattern"]?.rejected == 2) }
    }
}
