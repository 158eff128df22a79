import StreamTesting
import Synchronization
import Testing
import Weir

@Suite struct ExplainWatermarkTests {
    @Test(arguments: [1, 2, 3]) func theSlowestSplitIsNamed(parallelism: Int) throws {
        let fast = TestInput<Int>("fast", splits: 2)
        let slow = TestInput<Int>("slow", splits: 3)
        let test = try TestPipeline(parallelism: parallelism, time: 1_000) { p in
            p.input(fast).union("both", p.input(slow)).keyBy("by-number") { $0 }
                .window(.tumbling(.seconds(1))).aggregate("count", .count()).write("out", to: CollectSink())
        }
        for split in 0..<2 { fast.watermark(500, split: split) }
        for split in 0..<3 { slow.watermark(300, split: split) }
        try test.settle()
        try test.advanceProcessingTime(to: 2_000)
        for split in [0, 2] { slow.watermark(400, split: split) }
        try test.advanceProcessingTime(to: 3_000)
        let explanation = try test.explainWatermark()
        for name in ["both", "by-number", "count"] {
            let step = explanation[name]
            #expect(step?.watermark == 300, "\(explanation)")
            #expect(step?.source == "slow", "\(explanation)")
            #expect(step?.split == "1", "\(explanation)")
            #expect(step?.since == 1_000, "\(explanation)")
            #expect(step?.isIdle == false, "\(explanation)")
        }
        #expect(explanation["count"]?.input == "by-number")
        #expect(explanation["both"]?.input == "slow records")
        #expect(explanation["fast"]?.watermark == 500)
        #expect(explanation["fast"]?.since == 1_000)
        #expect(explanation.description.contains("split '1' of source 'slow'"))
    }

    @Test func anIdleSplitHoldsNothingBack() throws {
        let input = TestInput<Int>("numbers", splits: 2)
        let test = try TestPipeline { p in p.input(input).keyBy { $0 }.reduce("sum", +).write("out", to: CollectSink())
        }
        input.watermark(10, split: 0)
        input.watermark(20, split: 1)
        try test.settle()
        #expect(try test.explainWatermark()["sum"]?.split == "0")
        input.idle(split: 0)
        try test.settle()
        #expect(try test.explainWatermark()["sum"]?.split == "1")
        #expect(try test.explainWatermark()["sum"]?.watermark == 20)
        input.idle(split: 1)
        try test.settle()
        #expect(try test.explainWatermark()["sum"]?.isIdle == true)
    }

    @Test func aJobThatRunsOnThreadsAnswersAndOneThatHasEndedToo() async throws {
        let input = TestInput<Int>("numbers")
        let pipeline = try Pipeline("threads") { p in p.input(input).write("out", to: CollectSink()) }
        var options = JobOptions(parallelism: 2)
        options.logger = JobOptions.silentLogger
        let job = try pipeline.start(options)
        let running = await job.explainWatermark()
        #expect(running["numbers"]?.watermark == .min)
        #expect(running["numbers"]?.split == "0")
        input.end()
        try await job.wait()
        let ended = await job.explainWatermark()
        #expect(ended["out"]?.watermark == .max)
        #expect(ended["out"]?.split == nil)
    }

    @Test func longChainsOverManyWorkersAreExplainedAtOnce() throws {
        let input = TestInput<Int>("numbers")
        let test = try TestPipeline(parallelism: 16) { p in
            var stream = p.input(input)
            for step in 0..<8 { stream = stream.keyBy("by \(step)") { $0 }.reduce("sum \(step)", +) }
            stream.write("out", to: CollectSink())
        }
        input.watermark(10)
        #expect(try test.explainWatermark()["out"]?.watermark == 10)
    }

    @Test func aWorkerThatHasFinishedAnswersThoughItsSchedulerKeepsIt() throws {
        let input = TestInput<Int>("numbers", splits: 2)
        let scheduler = KeepingScheduler()
        var options = JobOptions(parallelism: 2)
        options.scheduler = scheduler
        options.logger = JobOptions.silentLogger
        let job = try Pipeline("kept") { p in p.input(input).write("out", to: CollectSink()) }.start(options)
        input.end(split: 0)
        while scheduler.step(0) != .finished {}
        let answer = Answer()
        job.explainWatermark { found in answer.explanation.withLock { $0 = found } }
        _ = scheduler.step(1)
        #expect(answer.explanation.withLock { $0 }?["numbers"]?.split == "1")
        job.cancel()
        _ = scheduler.step(1)
    }

    private final class Answer: Sendable {
        let explanation = Mutex<WatermarkExplanation?>(nil)
    }

    /// Keeps its workers until it goes itself.
    private final class KeepingScheduler: Scheduler {
        private let workers = Mutex<[ScheduledWorker]>([])

        func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void) {
            self.workers.withLock { $0 = workers }
        }

        func step(_ worker: Int) -> StepResult { workers.withLock { $0[worker] }.step() }
    }
}
