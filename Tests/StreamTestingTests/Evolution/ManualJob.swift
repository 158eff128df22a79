import StreamTesting
import Synchronization
import Testing
import Weir

/// A job that works when a test says so, and keeps its snapshots in a storage for a later program to begin with.
final class ManualJob {
    let job: Job
    let clock: VirtualClock
    private let scheduler: ManualScheduler

    init(
        _ pipeline: Pipeline, _ storage: any SnapshotStorage, backend: any StateBackend = MemoryBackend(),
        parallelism: Int = 2, time: Timestamp = 0, start: StartPoint = .latest, dropping: Set<String> = []
    ) throws {
        clock = VirtualClock(start: time)
        scheduler = ManualScheduler(seed: 1)
        var options = JobOptions(parallelism: parallelism)
        options.snapshots = SnapshotOptions(storage: storage, interval: nil)
        options.backend = backend
        options.start = start
        options.droppedStates = dropping
        options.clock = clock
        options.scheduler = scheduler
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        job = try pipeline.start(options)
        try settle()
    }

    deinit {
        job.cancel()
        scheduler.settle()
    }

    func settle() throws {
        scheduler.settle()
        if let failure = job.failure { throw failure }
    }

    func advance(to time: Timestamp) throws {
        try settle()
        clock.advance(to: time)
        try settle()
    }

    /// Takes a snapshot of what was sent so far.
    func snapshot(_ kind: SnapshotManifest.Kind = .snapshot) throws {
        try settle()
        let answer = Mutex<Result<SnapshotReport, any Error>?>(nil)
        job.requestSnapshot(kind) { result in answer.withLock { $0 = result.mapError { $0 } } }
        scheduler.settle()
        _ = try #require(answer.withLock { $0 }).get()
    }
}
