import StreamTesting
import Testing
import Weir

/// How watermarks follow from records, time and idleness; all under virtual time.
@Suite struct WatermarkStrategyTests {
    private struct Tick: Sendable {
        var time: Timestamp
        var watermark: Timestamp?
    }

    /// Watermarks and records in their order, as words.
    private func words<Element>(_ log: OutputLog<Element>, _ describe: (Element) -> String) -> String {
        log.events.compactMap { event in
            switch event {
            case .record(let element, _): describe(element)
            case .signal(.watermark(let time)): time == .max ? "end" : "w\(time)"
            case .signal(.idle): "idle"
            case .signal(.active): "active"
            case .signal: nil
            }
        }.joined(separator: " ")
    }

    @Test(arguments: [1, 2, 1_024]) func aPunctuatedWatermarkTakesEffectRightAfterItsRecord(batchSize: Int) async throws
    {
        let log = OutputLog<Tick>()
        let ticks = [
            Tick(time: 1), Tick(time: 5, watermark: 4), Tick(time: 3), Tick(time: 9, watermark: 2),
            Tick(time: 8, watermark: .max),
        ]
        let pipeline = try Pipeline("punctuated") { p in
            p.source(
                "ticks", CollectionSource(ticks), time: { $0.time },
                watermarks: .punctuated { tick, _ in tick.watermark }
            )
            .logged("log", in: log)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: batchSize, seed: 1).options)
        #expect(words(log) { "r\($0.time)" } == "r1 r5 w4 r3 r9 r8 w\(Timestamp.max - 1) end")
    }

    @Test func recordsBehindTheirOwnPunctuationAreLateAtTheSource() async throws {
        let late = OutputLog<Tick>()
        let log = OutputLog<Tick>()
        let ticks = [Tick(time: 5, watermark: 4), Tick(time: 4), Tick(time: 5)]
        let pipeline = try Pipeline("punctuated") { p in
            let stream = p.source(
                "ticks", CollectionSource(ticks), time: { $0.time },
                watermarks: .punctuated(lateness: .atSource) { tick, _ in tick.watermark })
            stream.logged("log", in: log)
            stream.lateRecords.logged("late", in: late)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options)
        #expect(log.records.map(\.time) == [5, 5])
        #expect(late.records.map(\.time) == [4])
    }

    /// Counts its records, and makes a watermark of every third one's time.
    private struct EveryThird: WatermarkGenerator {
        var count = 0
        mutating func watermark(after element: Tick, at timestamp: Timestamp) -> Timestamp? {
            count += 1
            return count % 3 == 0 ? timestamp : nil
        }
    }

    @Test func eachSplitHasAGeneratorOfItsOwn() async throws {
        let log = OutputLog<Tick>()
        let splits = [[1, 2, 3, 4], [11, 12, 13]].map { $0.map { Tick(time: $0) } }
        let pipeline = try Pipeline("custom") { p in
            p.source(
                "ticks", CollectionSource(splits: splits), time: { $0.time }, watermarks: .custom { EveryThird() }
            )
            .logged("log", in: log)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 16, seed: 1).options)
        let watermarks = log.events.compactMap { if case .signal(.watermark(let time)) = $0 { time } else { nil } }
        #expect(watermarks == [13, .max])
    }

    @Test func aGeneratorGoesOnAfterARestore() throws {
        let input = TestInput<Tick>("ticks")
        let log = OutputLog<Tick>()
        let test = try TestPipeline { p in
            p.source(
                "ticks", TestInputSource(input: input), time: { $0.time }, watermarks: .custom { EveryThirdOfScript() }
            )
            .flatMap { CollectionOfOne($0.element).compactMap { $0 } }.logged("log", in: log)
        }
        for time in [1, 2] as [Timestamp] { input.send(Tick(time: time), at: time) }
        try test.restart()
        input.send(Tick(time: 3), at: 3)
        try test.settle()
        #expect(words(log) { "r\($0.time)" } == "r1 r2 r3 w3")
    }

    /// As ``EveryThird``, for scripted records; saved as the trivial type that it is.
    private struct EveryThirdOfScript: WatermarkGenerator {
        var count = 0
        mutating func watermark(after element: ScriptedRecord<Tick>, at timestamp: Timestamp) -> Timestamp? {
            count += 1
            return count % 3 == 0 ? timestamp : nil
        }
    }

    @Test func processingTimeIsTheClocks() throws {
        let input = TestInput<String>("words")
        let log = OutputLog<String>()
        let test = try TestPipeline(time: 100) { p in
            p.source("words", TestInputSource(input: input), time: { _ in 0 }, watermarks: .processingTime)
                .flatMap { CollectionOfOne($0.element).compactMap { $0 } }.logged("log", in: log)
        }
        input.send("a", at: 0)
        try test.advanceProcessingTime(to: 250)
        input.send("b", at: 0)
        try test.settle()
        let times = log.events.compactMap { if case .record(_, let time) = $0 { time } else { nil } }
        #expect(times == [100, 250])
        #expect(words(log) { $0 } == "a w99 w249 b")
    }

    @Test func aQuietSplitIsIdleAfterItsTime() throws {
        let input = TestInput<Int>("numbers", splits: 2)
        let log = OutputLog<Int>()
        let test = try TestPipeline { p in
            p.input(input, idleness: .after(.milliseconds(100))).logged("log", in: log)
        }
        input.watermark(50, split: 0)
        input.watermark(10, split: 1)
        try test.settle()
        #expect(words(log) { "\($0)" } == "w10")
        try test.advanceProcessingTime(to: 60)
        input.send(1, at: 60, split: 0)
        try test.advanceProcessingTime(to: 120)
        // Split 1 was quiet for 120 ms, split 0 for 60.
        #expect(words(log) { "\($0)" } == "w10 1 w50")
        try test.advanceProcessingTime(to: 170)
        #expect(words(log) { "\($0)" } == "w10 1 w50 idle")
        input.watermark(40, split: 1)
        try test.settle()
        // It is back, but behind what was said.
        #expect(words(log) { "\($0)" } == "w10 1 w50 idle active")
        input.watermark(55, split: 1)
        try test.settle()
        #expect(words(log) { "\($0)" } == "w10 1 w50 idle active w55")
    }

    @Test func aSplitThatIsTooFarAheadWaits() throws {
        let input = TestInput<Int>("numbers", splits: 2)
        let log = OutputLog<Int>()
        let test = try TestPipeline(batchSize: 1) { p in
            p.source(
                "numbers", TestInputSource(input: input), time: { $0.time },
                watermarks: WatermarkStrategy<ScriptedRecord<Int>>.punctuated { record, time in
                    record.element == nil ? time : nil
                }.aligned(within: .milliseconds(10))
            )
            .flatMap { CollectionOfOne($0.element).compactMap { $0 } }.logged("log", in: log)
        }
        input.play([.record(1, at: 5), .watermark(5)], split: 0)
        for i in 0..<5 {
            input.play([.record(100 + i, at: Int64(i * 8)), .watermark(Int64(i * 8))], split: 1)
        }
        try test.settle()
        // Split 1 may be at 15 at most; it was read until it was beyond, at 16.
        #expect(log.records.sorted() == [1, 100, 101, 102])
        // The splits know of each other after a restart too.
        try test.restart()
        input.watermark(13, split: 0)
        try test.settle()
        #expect(log.records.sorted() == [1, 100, 101, 102, 103])
        // An idle split holds nobody back.
        input.idle(split: 0)
        try test.settle()
        #expect(log.records.sorted() == [1, 100, 101, 102, 103, 104])
        input.end()
        try test.settle()
        #expect(test.isFinished)
    }

    @Test(arguments: [
        (WatermarkStrategy<Int>.boundedOutOfOrderness(.milliseconds(-1)), "out-of-orderness"),
        (.monotonous(idleness: .after(.zero)), "idle"), (.monotonous().aligned(within: .seconds(-1)), "drift"),
        (.monotonous().aligned(within: .seconds(1), group: ""), "group"),
        (.none.aligned(within: .seconds(1)), "align"), (.processingTime.aligned(within: .seconds(1)), "aligned"),
    ])
    func strategiesOutOfRangeAreRejected(_ strategy: WatermarkStrategy<Int>, word: String) {
        let error = #expect(throws: PipelineError.self) {
            try Pipeline("wrong") { p in
                p.source("numbers", CollectionSource([1]), time: { Int64($0) }, watermarks: strategy)
                    .write("out", to: CollectSink())
            }
        }
        #expect(error?.problems.map(\.step) == ["numbers"])
        #expect(error?.problems.first?.message.contains(word) == true)
    }
}
