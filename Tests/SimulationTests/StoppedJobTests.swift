import Synchronization
import Testing
import Weir

@testable import StreamTesting

/// What is asked of a job that is about to stop is answered.
@Suite struct StoppedJobTests {
    @Test(arguments: UInt64(1)...20)
    func aSnapshotThatTheStopLeavesUnfinishedIsAnswered(seed: UInt64) throws {
        let source = SimulatedSource(
            world: SimulatedWorld(), events: [[1, 2, 3], Array(1...60)], goesIdle: false)
        let output = CommittedOutput<Int>()
        let pipeline = try Pipeline("stopped") { p in
            p.source("events", source, time: { _ in 0 }, watermarks: .monotonous()).commit("out", to: output)
        }
        let scheduler = ManualScheduler(seed: seed)
        var options = JobOptions(parallelism: 3, batchSize: 2)
        options.scheduler = scheduler
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: nil)
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job = try pipeline.start(options)
        let counts = Mutex((asked: 0, answered: 0, stopped: 0))
        for step in 0..<5_000 where !job.isFinished {
            if step == 20 {
                job.requestStop(drain: false, savepoint: nil) { _ in counts.withLock { $0.stopped += 1 } }
            }
            if counts.withLock({ $0.asked == $0.answered }) {
                counts.withLock { $0.asked += 1 }
                job.requestSnapshot(.snapshot) { _ in counts.withLock { $0.answered += 1 } }
            }
            scheduler.step()
        }
        #expect(job.isFinished)
        let (asked, answered, stopped) = counts.withLock { $0 }
        #expect(asked == answered, "seed \(seed)")
        #expect(stopped == 1)
    }
}
