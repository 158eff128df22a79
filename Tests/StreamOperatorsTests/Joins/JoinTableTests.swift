import StreamTesting
import Testing
import Weir

/// One case: bounds, input with keys such as `la` and `ra` for the sides of key a, and what must come out.
struct JoinCase: Sendable, CustomTestStringConvertible {
    let title: String
    let bounds: JoinBounds
    let input: String
    let output: String

    init(_ title: String, _ lower: Int, _ upper: Int, _ input: String, _ output: String) {
        self.title = title
        bounds = .between(.milliseconds(lower), .milliseconds(upper))
        self.input = input
        self.output = output
    }

    var testDescription: String { title }

    static let all = [
        JoinCase(
            "bounds are inclusive", -5, 10, "la@100 ra@94 ra@95 ra@100 ra@110 ra@111", "0-2@100 0-3@100 0-4@110 end"),
        JoinCase(
            "bounds are inclusive, right first", -5, 10, "ra@94 ra@95 ra@110 ra@111 la@100", "4-1@100 4-2@110 end"),
        JoinCase("after", 0, 10, "la@5 ra@5 ra@4 ra@15 ra@16", "0-1@5 0-3@15 end"),
        JoinCase("bounds above zero", 5, 10, "la@100 w104 ra@104 ra@105 ra@110 ra@111", "w104 0-2@105 0-3@110 end"),
        JoinCase("bounds below zero", -10, -5, "la@100 ra@89 ra@90 ra@95 ra@96", "0-2@100 0-3@100 end"),
        JoinCase(
            "bounds below zero, left at the watermark", -10, -5, "ra@95 w100 la@100 la@105", "w100 1-0@100 2-0@105 end"),
        JoinCase("equal times only", 0, 0, "la@5 ra@5 ra@6 la@6 ra@4", "0-1@5 3-2@6 end"),
        JoinCase("keys apart", -5, 5, "la@5 rb@5 lb@6 ra@6", "2-1@6 0-3@6 end"),
        JoinCase("many to many", -5, 5, "la@1 la@2 ra@3 ra@4 la@5", "0-2@3 1-2@3 0-3@4 1-3@4 4-2@5 4-3@5 end"),
        JoinCase("a match at the moment of clean-up, right", 0, 10, "la@100 w109 w110 ra@110", "w109 w110 0-1@110 end"),
        JoinCase("a match at the moment of clean-up, left", -10, 0, "ra@100 w109 w110 la@110", "w109 w110 1-0@110 end"),
        JoinCase("late is behind the watermark", 0, 10, "la@100 w111 ra@110", "w111 & late right 1 & end"),
        JoinCase("late left", -10, 10, "ra@100 w101 la@100 la@101", "w101 2-0@101 & late left 1 & end"),
        JoinCase(
            "late joins nothing, later ones do", 0, 10, "la@100 w105 ra@104 ra@105 la@104",
            "w105 0-2@105 & late right 1 & late left 3 & end"),
        JoinCase(
            "state goes and comes again", 0, 5, "la@1 w50 la@51 ra@52 w100 la@101 ra@101", "w50 1-2@52 w100 3-4@101 end"
        ),
    ]

    func attach(to events: DataStream<Event>) -> DataStream<String> {
        let lateLeft = SideOutput<Event>("late left")
        let lateRight = SideOutput<Event>("late right")
        func side(_ side: Character) -> KeyedStream<String, Event> {
            events.filter { $0.key.first == side }.keyBy { String($0.key.dropFirst()) }
        }
        let joined = side("l").join(
            "join", side("r"), within: bounds, lateLeft: .sideOutput(lateLeft), lateRight: .sideOutput(lateRight)
        ) { "\($0.id)-\($1.id)@\(Swift.max($0.time, $1.time))" }
        return joined.union(
            "all", joined.sideOutput(lateLeft).map { "late left \($0.id)" },
            joined.sideOutput(lateRight).map { "late right \($0.id)" })
    }
}

@Suite struct JoinTableTests {
    @Test(arguments: JoinCase.all)
    func pairsComeAsInTheTable(_ table: JoinCase) async throws {
        let harness = OperatorHarness<Event, String> { table.attach(to: $0) }
        let expected = table.output.split(separator: " & ").flatMap { part in
            part.hasPrefix("late") ? [String(part)] : part.split(separator: " ").map(String.init)
        }
        let segments = Self.segments(expected)
        for batchSize in [1, 2, 1_024] {
            let result = try await harness.run(script(table.input), batchSize: batchSize)
            #expect(Self.segments(words(result.events)) == segments, "batches of \(batchSize)")
            #expect(result.status["join"]?.late == expected.count { $0.hasPrefix("late") })
        }
    }

    /// The order of pairs between two watermarks is left open.
    private static func segments(_ words: [String]) -> [[String]] {
        words.split(omittingEmptySubsequences: false) { $0.first == "w" || $0 == "end" }.map { $0.sorted() }
            + [words.filter { $0.first == "w" }]
    }

    @Test func thePairsTimestampIsTheLaterOne() async throws {
        let harness = OperatorHarness<Event, String> { JoinCase.all[0].attach(to: $0) }
        let result = try await harness.run(script(JoinCase.all[0].input))
        for case .record(let word, let time) in result.events { #expect(word.hasSuffix("@\(time)")) }
    }

    /// Bounds without end and times at the ends of time: nothing overflows.
    @Test(arguments: [
        JoinBounds.after(upTo: .milliseconds(Int64.max)), .before(upTo: .milliseconds(Int64.max)),
        .between(.milliseconds(Int64.min), .milliseconds(Int64.max)), .after(upTo: .milliseconds(3)),
        .before(upTo: .milliseconds(3)),
    ])
    func theEndsOfTime(_ bounds: JoinBounds) async throws {
        let times: [Timestamp] = [.min + 1, .min + 3, .min + 4, -2, 0, 2, .max - 3, .max - 1]
        let runs: [JobMatrix.Run<String>] = try await JobMatrix().run { p, sink in
            let source = p.source("times", CollectionSource(times), time: { $0 }, watermarks: .monotonous())
            let keyed = source.keyBy { _ in 0 }
            keyed.join("join", keyed, within: bounds) { "\($0) \($1)" }.write("out", to: sink)
        }
        func isWithin(_ left: Timestamp, _ right: Timestamp) -> Bool {
            let (difference, isFar) = right.subtractingReportingOverflow(left)
            return !isFar && difference >= bounds.lower && difference <= bounds.upper
        }
        let expected = times.flatMap { left in times.filter { isWithin(left, $0) }.map { "\(left) \($0)" } }.sorted()
        for run in runs { #expect(run.elements.sorted() == expected, "\(run.variant)") }
    }

    @Test func anErrorOfTheFunctionNamesTheStep() async throws {
        let harness = OperatorHarness<Event, Int> { events in
            let keyed = events.keyBy { $0.key }
            return keyed.join("join", keyed, within: .after(upTo: .zero)) { left, _ in
                if left.id == 1 { throw TestFault() }
                return left.id
            }
        }
        let error = await #expect(throws: JobError.self) { try await harness.run(script("a@1 a@2 a@3")) }
        #expect(error?.step == "join")
        #expect(error?.cause is TestFault)
    }
}

/// What the tests' functions throw.
struct TestFault: Error {}
