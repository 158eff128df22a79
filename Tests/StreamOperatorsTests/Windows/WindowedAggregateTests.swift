import StreamTesting
import Testing
import Weir

/// Aggregates that need event time, in windows, against their definition.
@Suite struct WindowedAggregateTests {
    @Test(arguments: 0..<36 as Range<UInt64>)
    func theyGetTheEventTimeOfEachRecord(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed % 3)]
        let events = RandomEvents(&random)
        // Allowing lateness must make no difference where nothing is late.
        let lateness = Duration.milliseconds(random.next(below: 2) * random.next(below: 100))
        var expected: [String] = []
        for (key, own) in Dictionary(grouping: events.all, by: \.key) {
            for (window, members) in windows.windows(own) {
                let inOrder = members.sorted { ($0.time, $0.id) < ($1.time, $1.id) }.map(\.id)
                let lastTime = members.map(\.time).max()
                let last = members.filter { $0.time == lastTime }.map(\.id).max() ?? -1
                let best = members.sorted { ($1.value, $0.time, $0.id) < ($0.value, $1.time, $1.id) }.map(\.id)
                let list = Collected(Array(inOrder.prefix(4)), isComplete: inOrder.count <= 4)
                expected.append("\(key) \(window.start) \(inOrder[0]) \(last) \(best.prefix(3)) \(list)")
            }
        }
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.window(windows.windowing, allowedLateness: lateness)
                .aggregate(
                    "windows", .first(\.id), .last(\.id), .top(3, of: \.id, by: \.value), .collect(\.id, limit: 4)
                )
                .map { pane -> String in
                    let (first, last, best, list) = pane.value
                    return "\(pane.key) \(pane.window.start) \(first) \(last) \(best.prefix(3)) \(list)"
                }
                .write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.sorted() == expected.sorted(), "seed \(seed), \(windows), \(run.variant)")
        }
    }

    /// New keys come between records of known ones, while the window's table grows in steps and moves what it has.
    @Test(arguments: [1, 2, 3] as [UInt64]) func setsStayWholeWhileTheirTableGrows(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        var events: [PageVisit] = []
        var oracle: [Int: Set<Int>] = [:]
        for index in 0..<60_000 {
            // Of three records one is a new key's; the others are of keys of late, or of any.
            let newest = index / 3
            let key =
                switch index % 3 {
                case 0: newest
                case 1: max(0, newest - Int(random.next(below: 8)))
                default: Int(random.next(below: UInt64(newest + 1)))
                }
            let visit = PageVisit(key: key, page: Int(random.next(below: 40)), eventTime: Timestamp(index / 100))
            events.append(visit)
            oracle[key, default: []].insert(visit.page)
        }
        let sink = CollectSink<Pane<Int, Int>>()
        let input = events
        let pipeline = try Pipeline("visits") { p in
            p.source("visits", CollectionSource(input), watermarks: .monotonous())
                .keyBy { $0.key }.window(.tumbling(.seconds(10))).aggregate("pages", .distinct(\.page))
                .write("out", to: sink)
        }
        try await pipeline.run()
        let counts = Dictionary(sink.elements.map { ($0.key, $0.value) }) { $0 + $1 }
        #expect(counts.count == oracle.count, "seed \(seed)")
        let wrong = oracle.filter { counts[$0.key] != $0.value.count }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.count) keys, such as \(String(describing: wrong.first))")
    }

    /// Each pane as its window's start, the first and the last record by event time.
    @Test(arguments: [
        (TestWindowing.tumbling(.milliseconds(10)), "a@3 a@7 w9 a@5 a@1 a@8", "a0:0-1 w9 a0:0-1 a0:3-1 a0:3-4 end"),
        (
            .sliding(.milliseconds(10), every: .milliseconds(5)), "a@3 a@7 w9 a@5 a@1 a@8",
            "a-5:0-0 a0:0-1 w9 a0:0-1 a-5:3-0 a0:3-1 a0:3-4 a5:2-4 end"
        ),
        (.session(gap: .milliseconds(5)), "a@3 a@7 w20 a@5 a@1 a@8", "a3:0-1 w20 a3:0-1 a1:3-1 a1:3-4 end"),
    ])
    func soDoLateRecords(_ windowing: TestWindowing, _ input: String, _ output: String) async throws {
        let harness = OperatorHarness<Event, String> { events in
            events.keyBy { $0.key }.window(windowing, allowedLateness: .milliseconds(100))
                .aggregate("windows", .first(\.id), .last(\.id))
                .map { "\($0.key)\($0.window.start):\($0.value.0)-\($0.value.1)" }
        }
        for batchSize in [1, 1_024] {
            let result = try await harness.run(script(input), batchSize: batchSize)
            #expect(words(result.events).joined(separator: " ") == output, "batches of \(batchSize)")
        }
    }

    /// The leading-dot forms of the aggregates that other tests write by their types' names.
    @Test func everyAggregateHasALeadingDotForm() async throws {
        let events = (1...3).map { Event(id: $0, key: "k", time: Int64($0), value: $0 * 10) }
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: 1).run { p, sink in
            let global = p.source("events", CollectionSource(splits: [events]), time: { $0.time }, watermarks: .none)
                .keyBy { $0.key }
                .window(.global())
            let numbers = global.aggregate(
                "numbers", .variance(\.value), .variance(\.value, of: .population), .standardDeviation(\.value),
                .quantiles(\.value, [0.5, 1]), .top(2, \.value), .top(1, by: \.value)
            ).map { pane -> String in
                let (sample, population, deviation, quantiles, two, one) = pane.value
                return "\(sample) \(population) \(deviation) \(quantiles) \(two) \(one.map(\.id))"
            }
            let others = global.aggregate(
                "others", .distinct(\.key, exactUpTo: 5), .distinctSketch(\.id), .collectSet(\.key, limit: 2)
            ).map { "\($0.value.0) \($0.value.1.estimate) \($0.value.2)" }
            numbers.union(others).write("out", to: sink)
        }
        for run in runs {
            #expect(
                run.elements.sorted() == [
                    "100.0 66.66666666666667 10.0 [20, 30] [30, 20] [3]",
                    "\(DistinctEstimate(count: 1, standardError: 0)) 3 \(Collected(["k"], isComplete: true))",
                ])
        }
    }
}

private struct PageVisit: EventTimed {
    var key: Int
    var page: Int
    var eventTime: Timestamp
}
