import StreamTesting
import Testing
import Weir

private let seeds: Range<UInt64> = 0..<500

@Suite struct DeduplicateTests {
    /// What passes, as `a0@5`: key, number and time; `!` before a duplicate; a horizon of 10.
    private func play(_ text: String, keep: KeptRecord, restarts: [Int] = [], batchSize: Int = 1_024) throws -> String {
        let repeated = SideOutput<Event>("repeated")
        let events = try playScript(script(text), restarts: restarts, batchSize: batchSize) { stream in
            let kept = stream.keyBy { $0.key }
                .deduplicate("once", within: .milliseconds(10), keep: keep, duplicates: repeated)
            return kept.map { "\($0.key)\($0.id)@\($0.time)" }
                .union("all", kept.sideOutput(repeated).map { "!\($0.key)\($0.id)@\($0.time)" })
        }
        return events.compactMap(\.record).joined(separator: " ")
    }

    @Test(arguments: [
        ("a@5 a@6 a@14 a@15", "a0@5 !a1@6 !a2@14 a3@15"),
        ("a@5 b@5 a@5", "a0@5 b1@5 !a2@5"),
        ("a@50 a@5 a@14 a@41 a@40", "a0@50 a1@5 !a2@14 !a3@41 a4@40"),
        ("a@5 w14 a@14 w15 a@24 a@25", "a0@5 !a1@14 a2@24 !a3@25"),
        ("a@5 w15 a@16 w25 a@25", "a0@5 a1@16 !a2@25"),
    ])
    func theFirstPasses(input: String, output: String) throws {
        for restarts in [[], [1], [2], [3, 1]] {
            #expect(try play(input, keep: .first, restarts: restarts) == output, "restarts \(restarts)")
        }
    }

    @Test(arguments: [
        // Nothing before the run has ended, at last + 9.
        ("a@5 a@6 w14", "!a0@5 a1@6"),
        ("a@5 a@6 w14 b@30 w15 b@31", "!a0@5 a1@6 !b2@30 b3@31"),
        // Chains: each is near the one before.
        ("a@5 a@14 a@23 a@32", "!a0@5 !a1@14 !a2@23 a3@32"),
        ("a@5 a@15 w100", "a0@5 a1@15"),
        // By time, not by arrival; of equal times by arrival.
        ("a@6 a@5", "!a1@5 a0@6"),
        ("a@5 a@5", "!a0@5 a1@5"),
        ("a@5 a@5 a@3", "!a0@5 !a2@3 a1@5"),
        // A record joins two runs.
        ("a@5 a@20 a@12", "!a2@12 !a0@5 a1@20"),
        // One that is late for its run is dropped, others not.
        ("a@5 w14 a@5 a@6 w15 w16", "a0@5 a2@6"),
        ("a@5 b@7 w14 w15 w16 a@30", "a0@5 b1@7 a2@30"),
    ])
    func theLastPasses(input: String, output: String) throws {
        for restarts in [[], [1], [2], [3, 1]] {
            let played = try play(input, keep: .last, restarts: restarts)
            #expect(words(played) == words(output), "restarts \(restarts): \(played)")
        }
        #expect(
            try play(input, keep: .last, batchSize: 1).split(separator: " ").filter { $0.first != "!" }
                == output.split(separator: " ").filter { $0.first != "!" })
    }

    /// Duplicates and the rest each in their own order.
    private func words(_ text: String) -> [[Substring]] {
        let words = text.split(separator: " ")
        return [words.filter { $0.first != "!" }, words.filter { $0.first == "!" }]
    }

    @Test func lateRecordsOfTheLastGoWhereTheyAreTold() throws {
        let late = SideOutput<Event>("late")
        let events = try playScript(script("a@5 w14 a@5 a@6"), restarts: [2]) {
            $0.keyBy { $0.key }
                .deduplicate("once", within: .milliseconds(10), keep: .last, late: .sideOutput(late))
                .sideOutput(late).map(\.id)
        }
        #expect(events.compactMap(\.record) == [1])
    }

    @Test func theWatermarkWaitsForTheLast() throws {
        let events = try playScript(script("a@5 w13 w14 a@30 w34 w40"), restarts: []) {
            $0.keyBy { $0.key }.deduplicate("once", within: .milliseconds(10), keep: .last).map(\.time)
        }
        #expect(
            events == [
                .signal(.watermark(4)), .record(5, at: 5), .signal(.watermark(5)), .signal(.watermark(25)),
                .record(30, at: 30), .signal(.watermark(31)), .signal(.watermark(.max)), .signal(.end),
            ])
    }

    /// The last of each run, by a search over all events; nothing is late downstream.
    @Test(arguments: seeds) func runsEndAsTheOracleSays(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let horizon = Int64(random.next(below: 90)) + 1
        let events = RandomEvents(&random, splits: 1)
        var expected: [Int] = []
        for own in Dictionary(grouping: events.all, by: \.key).values {
            let sorted = own.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            for (event, next) in zip(sorted, sorted.dropFirst().map { $0.element.time } + [.max])
            where next == .max || next - event.element.time >= horizon { expected.append(event.element.id) }
        }
        let repeated = SideOutput<Event>("repeated")
        for variant in JobMatrix.sampled(seed: seed).variants {
            let log = OutputLog<Event>()
            let duplicates = CollectSink<Event>()
            let pipeline = try Pipeline("last") { p in
                let kept = p.events(events).keyBy { $0.key }
                    .deduplicate("once", within: .milliseconds(horizon), keep: .last, duplicates: repeated)
                kept.logged("log", in: log)
                kept.sideOutput(repeated).write("repeated", to: duplicates)
            }
            let status = try await pipeline.run(variant.options)
            let place: Comment = "seed \(seed), horizon \(horizon), bound \(events.bound), \(variant)"
            #expect(log.records.map(\.id).sorted() == expected.sorted(), place)
            #expect(
                (log.records + duplicates.elements).map(\.id).sorted() == events.all.map(\.id).sorted(), place)
            #expect(status["once"]?.late == 0, place)
            guard variant.parallelism == 1 else { continue }
            var watermark = Timestamp.min
            for event in log.events {
                switch event {
                case .signal(.watermark(let time)): watermark = time
                case .record(let record, let time): #expect(time == record.time && time > watermark, place)
                case .signal: break
                }
            }
        }
    }

    @Test(arguments: [false, true]) func keysAreForgotten(restarts: Bool) throws {
        let input = TestInput<Event>("events")
        let test = try TestPipeline { p in
            p.input(input).keyBy { $0.key }.deduplicate("once", within: .milliseconds(10))
                .write("sink", to: CollectSink())
        }
        input.play(script("a@5 b@9 a@30 a@5 a@17"))
        if restarts { try test.restart(parallelism: 2) }
        for (watermark, count, older) in [(9, 2, 1), (20, 1, 1), (28, 1, 0), (41, 0, 0)] as [(Timestamp, Int, Int)] {
            input.watermark(watermark)
            let seen: [String: Timestamp] = try test.state(of: "once", "seen")
            let times: [String: [Timestamp]] = try test.state(of: "once", "older")
            #expect(seen.count == count && times.count == older, "watermark \(watermark): \(seen), \(times)")
        }
    }

    @Test func forEverNeedsNoTime() async throws {
        let repeated = SideOutput<Int>("repeated")
        let runs: [JobMatrix.Run<Int>] = try await JobMatrix().run { p, sink in
            let once = p.source("numbers", CollectionSource((0..<90).map { $0 % 30 })).keyBy { $0 }
                .deduplicate("once", duplicates: repeated)
            once.write("out", to: sink)
            once.sideOutput(repeated).map { -$0 - 1 }.write("repeated", to: sink)
        }
        for run in runs {
            #expect(run.elements.filter { $0 >= 0 }.sorted() == Array(0..<30), "\(run.variant)")
            #expect(run.elements.filter { $0 < 0 }.count == 60, "\(run.variant)")
        }
        let events = try playScript(script("a@1 b@2 a@3 w9 b@4 c@5 a@10"), restarts: [2, 1, 3]) {
            $0.keyBy { $0.key }.deduplicate("once").map(\.id)
        }
        #expect(events.compactMap(\.record) == [0, 1, 4])
    }
}
