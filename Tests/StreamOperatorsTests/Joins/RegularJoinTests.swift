import StreamTesting
import Testing
import Weir

/// Joins of everything with everything, or with what is kept.
@Suite struct RegularJoinTests {
    @Test(
        "limit, input, output",
        arguments: [
            (5, "la@10 ra@15 ra@5 ra@16 ra@4", "0-1@15 0-2@10 end"),
            (5, "la@10 w15 ra@15 w16 ra@16", "w15 0-1@15 w16 end"),
            (5, "ra@10 w15 la@15 w16 la@16", "w15 1-0@15 w16 end"),
            (0, "la@10 ra@10 ra@11", "0-1@10 end"),
            (5, "w20 la@19 ra@20 la@21", "w20 2-1@21 end"),
            (nil, "la@10 w1000 ra@5000 ra@-900 lb@0 la@-1 rb@0", "w1000 0-1@5000 0-2@10 3-5@0 4-1@5000 4-2@-1 end"),
        ] as [(Int?, String, String)])
    func pairsWithinTheLimit(_ limit: Int?, _ input: String, _ output: String) throws {
        let describe: (DataStream<Event>) -> DataStream<String> = { events in
            JoinScript.side("l", of: events).join(
                "join", JoinScript.side("r", of: events), keepFor: limit.map { .milliseconds($0) }
            ) { JoinScript.pair($0, $1) }
        }
        let expected = output.split(separator: " ").map(String.init)
        let steps = script(input)
        #expect(try JoinScript.play(steps, batchSize: 1, describe) == expected)
        for restart in steps.indices {
            #expect(try JoinScript.play(steps, restart: restart, describe) == expected, "restart after \(restart)")
        }
    }

    /// Without a limit the streams need no event time.
    @Test func foreverWithoutEventTime() async throws {
        let sink = CollectSink<Int>()
        try await Pipeline("test") { p in
            let left = p.source("left", CollectionSource([1, 2, 3])).keyBy { $0 % 2 }
            let right = p.source("right", CollectionSource([10, 11, 13])).keyBy { $0 % 2 }
            left.join("join", right, keepFor: nil) { $0 * 100 + $1 }.write("out", to: sink)
        }.run()
        #expect(sink.elements.sorted() == [111, 113, 210, 311, 313])
    }

    @Test func whatCannotWorkIsRefused() throws {
        let error = #expect(throws: PipelineError.self) {
            _ = try Pipeline("test") { p in
                let timed = p.input(TestInput<Event>("timed")).keyBy { $0.key }
                let timeless = p.source("timeless", CollectionSource([Event]())).keyBy { $0.key }
                _ = timed.join("limit", timed, keepFor: .milliseconds(-1)) { a, _ in a }
                _ = timed.join("time", timeless, keepFor: .zero) { a, _ in a }
                _ = timed.join("fine", timeless, keepFor: nil) { a, _ in a }
            }
        }
        #expect(error?.problems.map(\.step) == ["limit", "time"])
        #expect(
            error?.problems.first?.message
                == "records are to be kept for -1 ms; keep them for zero or more, or nil for ever")
    }
}
