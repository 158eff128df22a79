import StreamTesting
import Testing
import Weir

/// The step around the matcher: order, watermarks, keys, late records, time-outs.
@Suite struct PatternJobTests {
    /// Reads `k.a1@5 w9`: mark a1 of key k, a watermark.
    private static func script(_ text: String) -> [ScriptStep<Mark>] {
        text.split(separator: " ").map { word in
            if word.first == "w", let time = Timestamp(word.dropFirst()) { return .watermark(time) }
            let parts = word.split(whereSeparator: ".@".contains).map(String.init)
            let time = Timestamp(parts[2]) ?? 0
            return .record(Mark(parts[1], at: time, key: parts[0]), at: time)
        }
    }

    private static func attach(
        _ pattern: Pattern<Mark>, to marks: DataStream<Mark>, late: LateRecords<Mark>? = nil
    ) -> DataStream<String> {
        let lateMarks = SideOutput<Mark>("late")
        let timedOut = SideOutput<PatternMatch<Mark>>("timed out")
        let matches = marks.keyBy(\.key)
            .match("pattern", pattern, late: late ?? .sideOutput(lateMarks), timedOut: timedOut)
        @Sendable func text(_ match: PatternMatch<Mark>) -> String {
            "\(match.elements[0].key):\(match.elements.map(\.name).joined(separator: "-"))"
        }
        return matches.map(text).union("some", matches.sideOutput(timedOut).map { "\(text($0))-timeout" })
            .union("all", matches.sideOutput(lateMarks).map { "late-\($0.name)" })
    }

    private static let ab = Pattern.first("a").later("b")

    @Test(
        arguments: [
            ("matches wait for the watermark", ab, "k.a@1 k.b@3 w2 w3", "w2 k:a-b w3 end"),
            ("disorder", ab, "k.b@3 k.a@1 w3", "k:a-b w3 end"),
            ("ties by arrival", ab, "k.a@1 k.b@1 w1", "k:a-b w1 end"),
            ("ties by arrival, the other way", ab, "k.b@1 k.a@1 w1", "w1 end"),
            ("ties in disorder", .first("a").then("b").then("c"), "k.c@5 k.a@4 k.b@4 w9", "k:a-b-c w9 end"),
            ("keys apart", ab, "k.a1@1 l.b1@2 k.b2@3 w5", "k:a1-b2 w5 end"),
            ("the end decides", ab, "k.a@1 k.b@3", "k:a-b end"),
            ("late", ab, "k.a@1 w5 k.b1@5 k.b2@4 k.b3@6 w9", "late-b1 late-b2 w5 k:a-b3 w9 end"),
            ("strict per key", .first("a").then("b"), "k.a@1 l.x@2 k.b@3 w5", "k:a-b w5 end"),
            ("never, at the deadline", .first("a").never("b").within(10), "k.a@1 w10 w11 k.b@12", "w10 k:a w11 end"),
            ("never, but it came", .first("a").never("b").within(10), "k.a@1 w5 k.b@7 w11", "w5 w11 end"),
            ("never, and nothing more comes", .first("a").never("b").within(10), "k.a@1 w1", "w1 k:a end"),
            ("time-outs", ab.within(10), "k.a@1 w10 w11 k.b@12", "w10 k:a-timeout w11 end"),
            (
                "time-outs before what comes later", ab.within(10), "k.a1@1 k.a2@20 k.b@21 w30",
                "k:a1-timeout k:a2-b w30 end"
            ),
            ("results in the order of time", ab, "k.a1@1 k.b1@2 k.a2@3 k.b2@4 w9", "k:a1-b1 k:a2-b2 w9 end"),
            (
                "held back until the end",
                .first("a").followedBy("b") { $0.number == $1["a"].first?.number }
                    .afterMatch(.skipPastLastEvent), "k.a1@1 k.a2@2 k.b2@3 w9", "w9 k:a2-b2 end"
            ),
            (
                "a key that comes again", ab.within(5), "k.a1@1 k.b1@2 w50 k.a2@60 k.b2@61 w99",
                "k:a1-b1 w50 k:a2-b2 w99 end"
            ),
            (
                "the first event earlier than the deadline", ab.within(100), "k.a@1 w5 k.x@50 w60 k.b@70 w80 w101",
                "w5 w60 k:a-b w80 w101 end"
            ),
            (
                "a deadline before the next event", ab.within(10), "k.a@1 w1 k.x@50 w20 w60",
                "w1 k:a-timeout w20 w60 end"
            ),
        ] as [(String, Pattern<Mark>, String, String)])
    func stepsWorkAsInTheTable(title: String, pattern: Pattern<Mark>, input: String, output: String) async throws {
        let harness = OperatorHarness<Mark, String> { Self.attach(pattern, to: $0) }
        for batchSize in [1, 2, 1_024] {
            let result = try await harness.run(Self.script(input), batchSize: batchSize)
            let expected = output.split(separator: " ").map(String.init)
            let found = words(result.events)
            // A side output's order relative to the results is left open, but for watermarks.
            #expect(Self.sortedBetweenWatermarks(found) == Self.sortedBetweenWatermarks(expected), "\(batchSize)")
            #expect(result.status["pattern"]?.late == expected.count { $0.hasPrefix("late") })
        }
    }

    private static func sortedBetweenWatermarks(_ words: [String]) -> [String] {
        var sorted: [String] = []
        var segment: [String] = []
        for word in words {
            if word.hasPrefix("late") { continue }
            if word == "end" || word.first == "w" {
                sorted += segment.sorted() + [word]
                segment = []
            } else {
                segment.append(word)
            }
        }
        return sorted + segment.sorted() + words.filter { $0.hasPrefix("late") }.sorted()
    }

    @Test func resultsHaveTheTimeOfTheDecision() async throws {
        let harness = OperatorHarness<Mark, String> {
            Self.attach(.first("a").later("b").never("n").within(10), to: $0)
        }
        let result = try await harness.run(Self.script("k.a1@1 k.b1@4 w40 l.a2@41 w90"))
        let times = result.events.compactMap { event -> String? in
            if case .record(let word, let time) = event { "\(word)@\(time)" } else { nil }
        }
        #expect(times == ["k:a1-b1@11", "l:a2-timeout@51"])
    }

    /// Saved and loaded after every record and watermark, into another number of workers each time.
    @Test(arguments: [
        ab.within(10), ab.afterMatch(.skipPastLastEvent), .first("a").never("b").within(10),
        .first("a").oneOrMore().allowCombinations().later("b").within(30),
    ])
    func restartsChangeNothing(pattern: Pattern<Mark>) throws {
        let steps = Self.script(
            "k.a1@1 l.a2@3 k.x@9 k.a3@4 w2 w4 l.b1@12 m.a4@14 m.a5@15 w12 k.b2@40 k.b3@13 m.b4@20 w20 l.a6@90")
        var outcomes: [[[String]]] = []
        for restarts in [false, true] {
            var results: [[String]] = []
            let input = TestInput<Mark>("marks")
            let sink = CollectSink<String>()
            let test = try TestPipeline { p in
                Self.attach(pattern, to: p.input(input)).write("out", to: sink)
            }
            for (index, step) in steps.enumerated() {
                input.play([step])
                try test.settle()
                results.append(sink.elements.sorted())
                if restarts { try test.restart(parallelism: index % 3 + 2) }
            }
            input.end()
            try test.settle()
            #expect(test.isFinished)
            outcomes.append(results + [sink.elements.sorted()])
        }
        // Not only the same results, but each as soon.
        #expect(outcomes[0] == outcomes[1])
        #expect((outcomes[0].last ?? []).count >= 2)
    }

    @Test func keysAreForgottenWhenNothingIsLeftOfThem() throws {
        let input = TestInput<Mark>("marks")
        let sink = CollectSink<String>()
        let test = try TestPipeline { p in
            Self.attach(Self.ab.within(10), to: p.input(input)).write("out", to: sink)
        }
        func keys() throws -> [String: PatternState<Mark>] { try test.state(of: "pattern", "partial matches") }
        input.play(Self.script("k.a@1 l.x@2 m.a@3 m.b@4"))
        #expect(try keys().count == 3)
        input.play(Self.script("w4"))
        #expect(try keys().mapValues(\.partialMatchCount) == ["k": 1])
        input.play(Self.script("w11"))
        #expect(try keys().isEmpty)
        #expect(sink.elements.sorted() == ["k:a-timeout", "m:a-b"])
    }

    @Test func lateRecordsAreDroppedAndCounted() async throws {
        let harness = OperatorHarness<Mark, String> { Self.attach(Self.ab, to: $0, late: .drop) }
        let result = try await harness.run(Self.script("k.a@1 w5 k.b@5 k.b@6 w9"))
        #expect(result.records == ["k:a-b"])
        #expect(result.status["pattern"]?.late == 1)
    }

    @Test func aConditionsErrorStopsTheJob() async throws {
        let harness = OperatorHarness<Mark, String> {
            Self.attach(.first("a").next("b") { _ in throw TestFault() }, to: $0)
        }
        let error = await #expect(throws: JobError.self) { try await harness.run(Self.script("k.a@1 k.b@2")) }
        #expect(error?.code == .stepFailed)
        #expect(error?.step == "pattern")
        #expect(error?.cause is TestFault)
    }

    @Test(arguments: [Timestamp.min + 1, -(1 << 59), 1 << 59]) func extremeTimes(time: Timestamp) throws {
        let run = try MatcherRun(Self.ab.within(10), [Mark("a", at: time), Mark("b", at: time + 1)])
        #expect(run.words == ["a b"])
    }
}
