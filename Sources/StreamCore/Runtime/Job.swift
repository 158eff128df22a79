internal import Logging
internal import StateBackend
internal import Synchronization

/// A running pipeline.
public final class Job: Sendable {
    /// The pipeline's name.
    public let name: String
    let options: JobOptions
    private let control: JobControl
    private let counters: [[StepCounters]]
    let stepNames: [String]
    let graph: DataflowGraph
    let mailboxes: [WorkerMailbox]
    let coordinator: SnapshotCoordinator
    let splitParallelism: Int
    private let workers: Mutex<[Worker]>
    /// The workers whose stores are to be closed at the end.
    private let ending: Mutex<[Worker]>
    private let state = Mutex(State())

    private struct State {
        var isFinished = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(pipeline: Pipeline, options: JobOptions, restoring snapshot: JobSnapshot? = nil) throws {
        try options.validate()
        name = pipeline.name
        graph = pipeline.graph
        self.options = options
        stepNames = pipeline.graph.nodes.map(\.name)
        let restore = try JobRestore(pipeline, options: options)
        let splitParallelism = restore?.manifest.splitParallelism ?? snapshot?.splitParallelism
        let shared = JobBuild(
            options: options, stepCount: pipeline.graph.nodes.count, splitParallelism: splitParallelism)
        counters = shared.counters
        control = JobControl(wakeSignals: shared.wakeSignals)
        let workers = try (0..<options.parallelism).map { worker in
            let environment = try JobRestore.environment(
                worker: worker, pipeline: pipeline.name, options: options, restore)
            return try Worker(pipeline.graph, shared, environment)
        }
        if let snapshot { try snapshot.check(stepNames: stepNames, keyGroups: options.keyGroups.count) }
        for worker in workers {
            if let snapshot { try worker.load(snapshot, stepNames: stepNames) }
            try restore?.load(worker, stepNames: stepNames)
        }
        self.splitParallelism = shared.splitParallelism
        mailboxes = workers.map(\.mailbox)
        coordinator = SnapshotCoordinator(
            pipeline: name, options: options, stepNames: stepNames, splitParallelism: shared.splitParallelism,
            mailboxes: mailboxes, restored: restore?.manifest, isOwn: restore?.isOwn ?? false)
        for worker in workers { worker.coordinator = coordinator }
        ending = Mutex(workers)
        self.workers = Mutex(workers)
    }

    func start() {
        let logger = options.logger
        logger.debug("job started", metadata: ["job": "\(name)", "parallelism": "\(options.parallelism)"])
        let reporter = options.metricsInterval.map { MetricsReporter(job: self, interval: $0) }
        let scheduled = workers.withLock { workers in
            defer { workers = [] }
            return workers.map { ScheduledWorker(worker: $0, control: control) }
        }
        options.scheduler.run(scheduled) { [self] in
            reporter?.stop(self)
            switch control.finish() {
            case .running, .finished: logger.debug("job finished", metadata: ["job": "\(name)"])
            case .cancelled: logger.debug("job cancelled", metadata: ["job": "\(name)"])
            case .failed(let error): logger.error("job failed", metadata: ["job": "\(name)", "error": "\(error)"])
            }
            let isComplete = if case .finished = control.stopped { true } else { false }
            coordinator.finish(isComplete: isComplete) { [self] in
                for mailbox in mailboxes { mailbox.close() }
                // Before anybody hears that the job has ended: the scheduler may hold on to its workers a little longer.
                let ended = ending.withLock { workers in
                    defer { workers = [] }
                    return workers
                }
                for worker in ended { worker.closeStore() }
                let waiters = state.withLock { state in
                    state.isFinished = true
                    defer { state.waiters = [] }
                    return state.waiters
                }
                for waiter in waiters { waiter.resume() }
            }
        }
    }

    /// Stops the job where it is; ``wait()`` then throws `CancellationError`.
    ///
    /// A job that has ended stays as it ended.
    public func cancel() { control.cancel() }

    /// What the job has counted so far.
    public var status: JobStatus { JobStatus(names: stepNames, counters: counters) }

    /// Why the job has failed; nil while it runs, and when it ended in another way.
    public var failure: JobError? { if case .failed(let error) = control.stopped { error } else { nil } }

    /// Whether the job has ended, for whatever reason.
    public var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Waits for the job's end.
    ///
    /// Cancelling the waiting task doesn't stop the job; ``cancel()`` does.
    ///
    /// - Returns: what the job counted.
    /// - Throws: ``JobError`` when it failed, `CancellationError` when it was cancelled.
    @discardableResult
    public func wait() async throws -> JobStatus {
        await withCheckedContinuation { continuation in
            let finished = state.withLock { state in
                if !state.isFinished { state.waiters.append(continuation) }
                return state.isFinished
            }
            if finished { continuation.resume() }
        }
        switch control.stopped {
        case .running, .finished: return status
        case .cancelled: throw CancellationError()
        case .failed(let error): throw error
        }
    }
}
