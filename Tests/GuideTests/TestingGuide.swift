import Testing
// snippet: import
import StreamTesting
import Weir
// end snippet

/// The code of Docs/guides/testing.md.
@Suite struct TestingGuide {
    // snippet: subject
    struct Visit: EventTimed, Codable, Equatable {
        var user = "", page = ""
        var eventTime: Timestamp = 0
    }

    func perMinute(_ visits: DataStream<Visit>) -> DataStream<Pane<String, Int>> {
        visits.keyBy(\.user).window(.tumbling(.seconds(60))).aggregate("per-minute", .count())
    }

    func newest(_ visits: DataStream<Visit>) -> DataStream<Visit> {
        visits.keyBy(\.user).reduce("newest") { $1 }
    }
    // end snippet

    @Test func aWholePipeline() throws {
        // snippet: pipeline
        let visits = TestInput<Visit>("visits", splits: 2)
        let panes = OutputLog<Pane<String, Int>>()
        let test = try TestPipeline(parallelism: 2) { p in
            perMinute(p.input(visits)).logged("log", in: panes)
        }
        visits.send(Visit(user: "ann"), at: 1_000, split: 0)
        visits.send(Visit(user: "ann"), at: 2_000, split: 1)
        visits.watermark(59_999, split: 0)
        try test.settle()
        #expect(panes.take() == [])  // split 1 holds the watermark back
        visits.idle(split: 1)
        try test.settle()
        #expect(panes.take().map(\.value) == [2])
        #expect(test.status["per-minute"]?.recordsIn == 2)
        // end snippet
    }

    @Test func aRestart() throws {
        // snippet: restart
        let visits = TestInput<Visit>("visits")
        let log = OutputLog<Visit>()
        let test = try TestPipeline { p in newest(p.input(visits)).logged("log", in: log) }
        visits.send(Visit(user: "ann", page: "a"), at: 1_000)
        visits.send(Visit(user: "bob", page: "b"), at: 2_000)
        try test.restart(parallelism: 3)
        let state = try test.state(of: "newest", "reduction", keys: String.self, values: Visit.self)
        #expect(state.mapValues(\.page) == ["ann": "a", "bob": "b"])

        let snapshot = try test.snapshot()
        let again = try TestPipeline(restoring: snapshot) { p in newest(p.input(visits)).logged("log", in: log) }
        #expect(try again.state(of: "newest", "reduction", keys: String.self, values: Visit.self) == state)
        // end snippet
    }

    @Test func processingTime() throws {
        // snippet: clock
        let visits = TestInput<Visit>("visits")
        let sizes = OutputLog<Int>()
        let test = try TestPipeline(time: 10_000) { p in
            p.input(visits).keyBy(\.user).window(.global())
                .trigger(.any(.count(3), .processingTime(after: .seconds(5)))).discarding()
                .aggregate("chunks", .count()).map(\.value).logged("log", in: sizes)
        }
        for _ in 0..<4 { visits.send(Visit(user: "ann"), at: 0) }
        try test.settle()
        #expect(sizes.take() == [3])
        try test.advanceProcessingTime(to: 14_999)
        #expect(sizes.take() == [])
        try test.advanceProcessingTime(by: .milliseconds(1))
        #expect(sizes.take() == [1])
        // end snippet
    }

    @Test func marbles() throws {
        // snippet: marbles
        let harness = OperatorHarness<Visit, Pane<String, Int>> { perMinute($0) }
        let script = try Marble.script("ann@1000 bob@2000 ann@3000 w59998 | ann@59999 w59999 bob@5 ann@60000") {
            Visit(user: $0.label, eventTime: $0.time)
        }
        let output = try harness.verify(script)
        let text = Marble.text(of: output, isSorted: true) { "\($0.key)=\($0.value)" }
        #expect(text == "w59998 ann=3 bob=1 w59999 ann=1 end")
        // end snippet
    }

    // snippet: numbers
    /// Numbers the records, in a field that no snapshot knows.
    struct Numbers: StreamOperator {
        typealias Input = Batch<Visit>
        var next = 0

        mutating func process(_ input: Batch<Visit>, _ output: Collector<Int>) throws {
            for i in 0..<input.count {
                try output.emit(next, at: input.timestamps[i])
                next += 1
            }
        }
    }
    // end snippet

    @Test func stateThatIsLostIsFound() throws {
        // snippet: disagreement
        let harness = OperatorHarness<Visit, Int> { $0.transform("numbers") { _ in Numbers() } }
        let error = #expect(throws: HarnessDisagreement.self) {
            try harness.verify([.record(Visit(), at: 1), .record(Visit(), at: 2)])
        }
        // end snippet
        try expectShown("\(try #require(error))", in: "Docs/guides/testing.md")
    }

    // snippet: property
    @Test(arguments: UInt64(1)...20)
    func countsAreThoseOfAFold(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let splits = (0..<3).map { _ in
            var newest: Timestamp = 0
            return (0..<100).map { _ in
                newest += Timestamp(random.next(below: 2_000))
                let time = newest - Timestamp(random.next(below: 5_000))  // at most 5 s behind the newest
                return Visit(user: "user \(random.next(below: 5))", eventTime: time)
            }
        }
        // The oracle: a fold over all visits, which knows neither watermarks nor workers.
        var expected: [String: Int] = [:]
        for visit in splits.joined() {
            expected["\(visit.user) at \(visit.eventTime.floored(to: 60_000))", default: 0] += 1
        }
        let runs = try await JobMatrix.sampled(seed: seed).run { p, sink in
            let watermarks = WatermarkStrategy<Visit>.boundedOutOfOrderness(.seconds(5))
            perMinute(p.source("visits", CollectionSource(splits: splits), watermarks: watermarks)).write(
                "out", to: sink)
        }
        for run in runs {
            let counts = run.elements.map { ("\($0.key) at \($0.window.start)", $0.value) }
            #expect(Dictionary(counts) { $0 + $1 } == expected, "seed \(seed), \(run.variant)")
            #expect(run.elements.count == expected.count, "seed \(seed), \(run.variant)")
        }
    }
    // end snippet
}
