internal import Logging
internal import StateBackend
internal import Synchronization

/// One life of a job's workers: from a snapshot, or afresh, to the end of the input, a failure or a stop.
final class JobAttempt: Sendable {
    /// The pipeline's name.
    let name: String
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
    /// The transactional steps.
    private let commits: [any StepCommits]

    init(pipeline: Pipeline, options: JobOptions, restoring snapshot: JobSnapshot? = nil) throws {
        try options.validate()
        name = pipeline.name
        graph = pipeline.graph
        self.options = options
        stepNames = pipeline.graph.nodes.map(\.name)
        let restore = try JobRestore(pipeline, options: options)
        let splitParallelism = restore?.manifest.splitParallelism ?? snapshot?.splitParallelism
        let shared = JobBuild(
            pipeline: pipeline.name, options: options, stepCount: pipeline.graph.nodes.count,
            splitParallelism: splitParallelism)
        var isBuilt = false
        defer { if !isBuilt { for commit in shared.commits.values { commit.close() } } }
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
        commits = shared.commits.sorted { $0.key < $1.key }.map(\.value)
        // Before a writer is made: what the last run left is committed or aborted.
        for commit in commits {
            do { try commit.recover() } catch { throw JobError.wrap(error, .sinkFailed, step: commit.step) }
        }
        coordinator = SnapshotCoordinator(
            pipeline: name, options: options, stepNames: stepNames, splitParallelism: shared.splitParallelism,
            mailboxes: mailboxes, commits: commits, control: control, restored: restore?.manifest,
            isOwn: restore?.isOwn ?? false)
        for worker in workers { worker.coordinator = coordinator }
        ending = Mutex(workers)
        self.workers = Mutex(workers)
        isBuilt = true
    }

    /// Lets go of what was made for workers that will not run.
    func abandon() {
        for mailbox in mailboxes { mailbox.close() }
        for worker in ending.withLock({ $0 }) { worker.closeStore() }
        for commit in commits { commit.close() }
        workers.withLock { $0 = [] }
        ending.withLock { $0 = [] }
    }

    /// Has the workers run; `completion` is called once, when all has ended.
    func start(_ completion: @escaping @Sendable (JobControl.Outcome) -> Void) {
        let logger = options.logger
        logger.debug("job started", metadata: ["job": "\(name)", "parallelism": "\(options.parallelism)"])
        let reporter = options.metricsInterval.map { MetricsReporter(job: self, interval: $0) }
        let scheduled = workers.withLock { workers in
            defer { workers = [] }
            return workers.map { ScheduledWorker(worker: $0, control: control) }
        }
        options.scheduler.run(scheduled) { [self] in
            reporter?.stop(self)
            // Workers that were told to stop have left a snapshot that was under way where it was.
            let isComplete = if case .running = control.stopped { true } else { false }
            let outcome = control.finish()
            switch outcome {
            case .running, .finished: logger.debug("job finished", metadata: ["job": "\(name)"])
            case .cancelled: logger.debug("job cancelled", metadata: ["job": "\(name)"])
            case .failed(let error): logger.error("job failed", metadata: ["job": "\(name)", "error": "\(error)"])
            }
            coordinator.finish(isComplete: isComplete) { [self] in
                for mailbox in mailboxes { mailbox.close() }
                // Before anybody hears that the job has ended: the scheduler may hold on to its workers a little longer.
                let ended = ending.withLock { workers in
                    defer { workers = [] }
                    return workers
                }
                for worker in ended { worker.closeStore() }
                for commit in commits { commit.close() }
                completion(outcome)
            }
        }
    }

    func cancel() { control.cancel() }

    var status: JobStatus { JobStatus(names: stepNames, counters: counters) }

    /// Why the workers have stopped, if they have.
    var outcome: JobControl.Outcome { control.stopped }
}
