import StreamTesting
import Testing
import Weir

/// One case of an outer interval join: what must come out, with the watermarks that are passed on.
struct OuterJoinCase: Sendable, CustomTestStringConvertible {
    let title: String
    let kind: JoinKind
    let bounds: JoinBounds
    let input: String
    let output: String

    init(_ title: String, _ kind: JoinKind, _ lower: Int, _ upper: Int, _ input: String, _ output: String) {
        self.title = title
        self.kind = kind
        bounds = .between(.milliseconds(lower), .milliseconds(upper))
        self.input = input
        self.output = output
    }

    var testDescription: String { "\(kind): \(title)" }

    static let all = [
        OuterJoinCase("alone past the upper bound", .left, 0, 10, "la@100 w110 w111", "w99 0-_@100 w100 end"),
        OuterJoinCase("a match at the last moment", .left, 0, 10, "la@100 w110 ra@110 w111", "w99 0-1@110 w100 end"),
        OuterJoinCase("a matched one never alone", .left, 0, 10, "la@100 ra@105 w200", "0-1@105 w189 end"),
        OuterJoinCase("right first", .left, 0, 10, "ra@105 la@100 w200", "1-0@105 w189 end"),
        OuterJoinCase("no right one alone", .left, 0, 10, "ra@100 w200 ra@300", "w189 end"),
        OuterJoinCase("another key is no match", .left, 0, 10, "la@100 rb@100 w111", "0-_@100 w100 end"),
        OuterJoinCase("at the end of the input", .left, 0, 10, "la@100 lb@90 rb@91", "0-_@100 1-2@91 end"),
        OuterJoinCase(
            "late is not alone", .left, 0, 10, "w101 la@100 la@101 w200", "w90 late-left-0@100 1-_@101 w189 end"),
        OuterJoinCase(
            "late on both sides", .full, -10, 10, "w101 la@100 ra@99 la@101 ra@101 w200",
            "w90 late-left-0@100 late-right-1@99 2-3@101 w189 end"),
        OuterJoinCase("bounds above zero", .left, 5, 10, "la@100 w110 w111", "w99 0-_@100 w100 end"),
        OuterJoinCase("bounds below zero", .left, -10, -5, "la@100 w95 w96", "w95 0-_@100 w96 end"),
        OuterJoinCase("alone at once", .left, -10, -5, "w96 la@100 w97", "w96 0-_@100 w97 end"),
        OuterJoinCase(
            "alone at once, with a key that has others", .left, -10, -5, "ra@101 w100 la@111 la@104 w105",
            "w100 1-0@111 2-_@104 w105 end"),
        OuterJoinCase("alone past the lower bound", .right, -10, 0, "ra@100 w110 w111", "w99 _-0@100 w100 end"),
        OuterJoinCase("a match at the last moment", .right, -10, 0, "ra@100 w110 la@110 w111", "w99 1-0@110 w100 end"),
        OuterJoinCase("after only", .right, 0, 10, "ra@100 w100 w101", "w99 _-0@100 w100 end"),
        OuterJoinCase("a match at the watermark", .right, 0, 10, "ra@100 w100 la@100 w101", "w99 1-0@100 w100 end"),
        OuterJoinCase("no left one alone", .right, -10, 10, "la@100 w200", "w189 end"),
        OuterJoinCase("alone at once", .right, 5, 10, "w96 ra@100 w97", "w96 _-0@100 w97 end"),
        OuterJoinCase("bounds below zero", .right, -10, -5, "ra@100 w110 w111", "w99 _-0@100 w100 end"),
        OuterJoinCase("both sides", .full, -5, 5, "la@10 ra@30 w15 w16 w36", "w9 0-_@10 w10 _-1@30 w30 end"),
        OuterJoinCase(
            "matched and not", .full, 0, 5, "la@10 la@20 ra@14 ra@26 w15 w16 w26 w27",
            "0-2@14 w9 w10 1-_@20 w20 _-3@26 w21 end"),
        OuterJoinCase("equal times only", .full, 0, 0, "la@5 ra@5 ra@6 la@7 w8", "0-1@5 _-2@6 3-_@7 w7 end"),
        OuterJoinCase("inner joins hold nothing back", .inner, -5, 10, "la@1 w9", "w9 end"),
    ]
}

@Suite struct OuterJoinTableTests {
    @Test(arguments: OuterJoinCase.all)
    func resultsComeAsInTheTable(_ table: OuterJoinCase) throws {
        let describe: (DataStream<Event>) -> DataStream<String> = { events in
            let joined = table.kind.attach(
                JoinScript.side("l", of: events), JoinScript.side("r", of: events), within: table.bounds)
            return JoinScript.withLate(joined, JoinKind.lateLeft, JoinKind.lateRight)
        }
        let expected = JoinScript.sorted(table.output.split(separator: " ").map(String.init))
        let steps = script(table.input)
        for batchSize in [1, 1_024] {
            #expect(try JoinScript.play(steps, batchSize: batchSize, describe) == expected, "batches of \(batchSize)")
        }
        for restart in steps.indices {
            #expect(try JoinScript.play(steps, restart: restart, describe) == expected, "restart after \(restart)")
        }
    }

    /// All that one rise of the watermark proves comes in the order of its time, and of its coming where that is equal.
    @Test func aloneInTheOrderOfTime() async throws {
        let harness = OperatorHarness<Event, String> { events in
            JoinKind.full.attach(
                JoinScript.side("l", of: events), JoinScript.side("r", of: events), within: .after(upTo: .zero))
        }
        let result = try await harness.run(script("la@12 la@10 la@11 la@10 w100"))
        #expect(result.records == ["1-_@10", "3-_@10", "2-_@11", "0-_@12"])
    }

    /// Bounds without end and times at the ends of time: nothing overflows, nothing is lost.
    @Test(
        arguments: [
            JoinBounds.after(upTo: .milliseconds(Int64.max)), .before(upTo: .milliseconds(Int64.max)),
            .between(.milliseconds(Int64.min), .milliseconds(Int64.max)), .after(upTo: .milliseconds(3)),
            .between(.milliseconds(Int64.min), .milliseconds(Int64.min)), .before(upTo: .milliseconds(3)),
            .between(.milliseconds(Int64.max), .milliseconds(Int64.max)),
            .between(.milliseconds(1 << 62), .milliseconds(Int64.max)),
            .between(.milliseconds(Int64.min), .milliseconds(-1 << 62)),
        ], JoinKind.allCases)
    func theEndsOfTime(_ bounds: JoinBounds, _ kind: JoinKind) throws {
        let times: [Timestamp] = [
            .min + 1, .min + 3, -1 << 62 - 1, -1 << 62, -1 << 62 + 1, -2, 0, 2, 1 << 62 - 1, 1 << 62, 1 << 62 + 1,
            .max - 3, .max - 1,
        ]
        let events = times.enumerated().map { Event(id: $0.offset, key: "a", time: $0.element) }
        let expected = kind.results(events, events, bounds.lower, bounds.upper)
        for watermarks in [false, true] {
            let steps = events.flatMap { event -> [ScriptStep<Event>] in
                // In order, so that the watermark may follow each.
                let record = ScriptStep.record(event, at: event.time)
                return watermarks ? [record, .watermark(event.time)] : [record]
            }
            let words = try JoinScript.play(steps) { events in
                let keyed = events.keyBy { $0.key }
                return kind.attach(keyed, keyed, within: bounds)
            }
            #expect(words.filter { $0.contains("@") }.sorted() == expected)
        }
    }

    /// The watermark is held back just so far that a window behind the join counts a record without a match in time.
    @Test func windowsBehindCountInTime() async throws {
        let harness = OperatorHarness<Event, String> { events in
            JoinKind.left.attach(
                JoinScript.side("l", of: events), JoinScript.side("r", of: events),
                within: .after(upTo: .milliseconds(100))
            )
            .keyBy { _ in 0 }.window(.tumbling(.milliseconds(10))).aggregate("counts", .count())
            .map { "\($0.window.start):\($0.value)" }
        }
        let result = try await harness.run(script("la@3 la@9 la@12 ra@5 w104 w109 w110 w120"))
        let words = JoinScript.words(result.events.filter { $0.record == nil })
        #expect(words == ["w3", "w8", "w9", "w19", "end"])
        // Both records of [0, 10) wait for what may come at 109: 3 has a pair at 5.
        #expect(result.records(before: 8) == [])
        #expect(result.records(before: 9) == ["0:2"])
        #expect(result.records == ["0:2", "10:1"])
        #expect(result.status["counts"]?.late == 0)
    }
}
