import StreamTesting
import Testing
import Weir

/// Look-ups answered in random order, with restarts at random moments, and on real threads.
@Suite struct LookupPropertyTests {
    @Test(arguments: 0..<500 as Range<UInt64>) func everyRecordHasOneResult(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let ordered = random.next(below: 2) == 0
        let events = RandomEvents(&random, splits: Int(random.next(below: 3)) + 1)
        let gate = LookupGate()
        let capacity = Int(random.next(below: 8)) + 1
        let results = OutputLog<String>()
        let watermarks = WatermarkCheck()
        var answers = SplitMix64(seed: seed)
        func answerSome(_ test: TestPipeline, all: Bool) throws {
            while let id = gate.waiting.randomElement(using: &answers), all || answers.next(below: 3) > 0 {
                gate.answer(id)
                try test.settle()
            }
        }
        let run = try RandomRun(
            &random, [events], whenever: { try answerSome($0, all: $1) }
        ) {
            p, inputs in
            let found = p.input(inputs[0]).lookup("lookup", ordered: ordered, capacity: capacity, gate.find)
            // The exchange keeps workers whose splits have ended from ending as well, so that there are snapshots.
            watermarks.attach("check", to: found).global("one worker").logged("results", in: results)
        }
        let ids = results.records.compactMap { Int($0) }
        #expect(ids.sorted() == events.all.map(\.id), "seed \(seed), \(run)")
        #expect(watermarks.violations == 0, "seed \(seed), \(run)")
        #expect(!run.description.contains("not finished"), "seed \(seed), \(run)")
        let times = Dictionary(uniqueKeysWithValues: events.all.map { ("\($0.id)", $0.time) })
        for case .record(let word, let time) in results.events { #expect(times[word] == time, "seed \(seed)") }
        // The records of a split are numbered in their order, and stay on their worker.
        guard ordered && !run.description.contains("with") else { return }
        for split in events.splits {
            let own = Set(split.map(\.id))
            let order = ids.filter { own.contains($0) }
            #expect(order == order.sorted(), "seed \(seed), \(run)")
        }
    }

    @Test(arguments: [true, false], [1, 4]) func onThreads(ordered: Bool, parallelism: Int) async throws {
        let sink = CollectSink<Int>()
        var options = JobOptions(parallelism: parallelism, batchSize: 16)
        options.logger = JobOptions.silentLogger
        let status = try await Pipeline("test") { p in
            p.source("numbers", CollectionSource(splits: (0..<4).map { split in (0..<500).map { $0 * 4 + split } }))
                .rebalance()
                // Other tests may keep the threads that answer busy for long.
                .lookup("lookup", ordered: ordered, capacity: 7, timeout: .seconds(3_600)) { number in
                    for _ in 0..<number % 5 { await Task.yield() }
                    return number
                }
                .write("out", to: sink)
        }.run(options)
        #expect(sink.elements.sorted() == Array(0..<2_000))
        #expect(status["lookup"]?.recordsOut == 2_000)
    }
}
