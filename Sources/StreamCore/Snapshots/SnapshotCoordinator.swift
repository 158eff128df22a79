internal import Logging
internal import StateBackend
internal import Synchronization

/// Begins a job's snapshots, one at a time, has the workers take them, and makes them durable.
///
/// A snapshot that fails changes nothing for the job: it is given up, counted, and the next one is tried when it is due.
final class SnapshotCoordinator: Sendable {
    typealias Completion = @Sendable (Result<SnapshotReport, SnapshotError>) -> Void

    struct Request: Sendable {
        var kind: SnapshotManifest.Kind
        /// Where to; nil for the job's own storage.
        var storage: (any SnapshotStorage)?
        var completion: Completion?
    }

    struct State: Sendable {
        var status = SnapshotStatus()
        var waiting: [Request] = []
        /// What the next snapshot may build on: the newest one that the captures since then are changes of.
        var base: SnapshotManifest?
        /// Whether states were captured since `base`, so that what has changed since then isn't known any more.
        var isChainBroken = false
        /// The number of the newest durable snapshot, the one included that the job began with.
        var lastDurable: Int?
        var current: SnapshotInProgress?
        var isBusy = false
        var hasEnded = false
        /// Whether a snapshot was ever asked for.
        var wasAsked = false
        var hasCollected = false
        /// The number of the last barrier.
        var barrier = 0
        var lastID = 0
        /// The workers whose inputs have ended.
        var arrived: Set<Int> = []
        var hasBegunFinal = false
        /// Whether workers whose inputs have ended may go.
        var mayLeave = false
        var stop: Stop?
        /// Whether the last snapshot is durable, or there is none to be had.
        var isFinal = false
        var stopReport: StopReport?
        /// The last barrier whose transactions may be committed, and the one up to which they are.
        var committable = 0
        var committed = 0
        var failedCommits = 0
    }

    /// A wish that the job stops.
    struct Stop: Sendable {
        var drains: Bool
        var savepoint: (any SnapshotStorage)?
        var completion: @Sendable (Result<StopReport, any Error>) -> Void
    }

    private let pipeline: String
    let options: SnapshotOptions?
    /// The snapshots of the job's own storage.
    private let own: SnapshotRepository?
    let parallelism: Int
    private let splitParallelism: Int
    private let keyGroups: KeyGroups
    private let backend: String
    private let stepNames: [String]
    let clock: any ProcessingClock
    let logger: Logger
    let executor: any SnapshotExecutor
    let mailboxes: [WorkerMailbox]
    /// The transactional steps.
    let commits: [any StepCommits]
    let control: JobControl
    /// When the snapshot that is being taken is given up.
    private let deadline = Atomic<Int64>(.max)
    /// When the transactions that couldn't be committed are tried again.
    let nextCommit = Atomic<Int64>(.max)
    private let interval: Int64?
    private let nextDue: Atomic<Int64>
    let state = Mutex(State())

    init(
        pipeline: String, options: JobOptions, stepNames: [String], splitParallelism: Int, mailboxes: [WorkerMailbox],
        commits: [any StepCommits], control: JobControl, restored: SnapshotManifest?, isOwn: Bool
    ) {
        self.pipeline = pipeline
        self.options = options.snapshots
        own = options.snapshots.map { SnapshotRepository($0.storage, pipeline: pipeline) }
        parallelism = options.parallelism
        self.splitParallelism = splitParallelism
        keyGroups = options.keyGroups
        backend = options.backend.name
        self.stepNames = stepNames
        clock = options.clock
        logger = options.logger
        executor = options.snapshotExecutor ?? ThreadSnapshotExecutor()
        self.mailboxes = mailboxes
        self.commits = commits
        self.control = control
        interval = options.snapshots?.interval?.milliseconds
        nextDue = Atomic(interval.map { options.clock.now.advanced(byMilliseconds: $0) } ?? .max)
        guard let restored else { return }
        state.withLock { state in
            state.status.lastBegun = restored.begun
            // The files of the workers' stores go on; the tables in memory were loaded, and begin a new chain.
            state.isChainBroken = true
            guard isOwn else { return }
            state.lastDurable = restored.id
            if restored.parallelism == options.parallelism { state.base = restored }
        }
    }

    /// How the snapshots are going.
    var status: SnapshotStatus {
        state.withLock { state in
            var status = state.status
            status.isInProgress = state.isBusy
            return status
        }
    }

    /// The number of the newest durable snapshot of the job's own storage, the one included that the job began with.
    var lastDurable: Int? { state.withLock { $0.lastDurable } }

    /// Opens the newest durable snapshot, to be read; its files stay until the result goes.
    func openLast() throws -> StoredSnapshot {
        guard let own, let last = state.withLock({ $0.lastDurable }) else {
            throw SnapshotError(
                code: .noSnapshot, message: "there is no snapshot yet; take one, or read the state as it is now")
        }
        return try own.openUnchecked(last)
    }

    /// The snapshot that a barrier belongs to, as long as it is being taken.
    func progress(ofBarrier barrier: Int) -> SnapshotInProgress? {
        state.withLock { $0.barrier == barrier ? $0.current : nil }
    }

    /// Begins a snapshot when one is due.
    ///
    /// Workers call it between two rounds of work.
    func tick() {
        let due = nextDue.load(ordering: .relaxed)
        let end = deadline.load(ordering: .relaxed)
        let commit = nextCommit.load(ordering: .relaxed)
        guard min(due, end, commit) < .max else { return }
        let now = clock.now
        if now >= end { giveUp() }
        if now >= commit, nextCommit.compareExchange(expected: commit, desired: .max, ordering: .relaxed).exchanged {
            executor.submit { self.commitTransactions() }
        }
        guard now >= due, let interval else { return }
        let next = now.advanced(byMilliseconds: interval)
        guard nextDue.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged else { return }
        let isBusy = state.withLock { $0.isBusy || $0.hasEnded }
        if !isBusy { request(.snapshot, nil) }
    }

    /// The snapshot that is being taken has had its time.
    private func giveUp() {
        deadline.store(.max, ordering: .relaxed)
        let current = state.withLock { $0.current }
        let limit = options?.timeout.map { "\($0)" } ?? ""
        current?.fail(
            SnapshotError(
                code: .timedOut,
                message:
                    "the snapshot was not complete after \(limit); raise SnapshotOptions.timeout, or find what holds "
                    + "its barrier or its storage up"))
    }

    /// Asks for a snapshot, which begins when the one that is being taken is done.
    func request(_ kind: SnapshotManifest.Kind, to storage: (any SnapshotStorage)? = nil, _ completion: Completion?) {
        guard storage != nil || options != nil else {
            let message = "the job has no place for snapshots; set JobOptions.snapshots"
            completion?(.failure(SnapshotError(code: .noSnapshot, message: message)))
            return
        }
        let hasEnded = state.withLock { state in
            state.wasAsked = state.wasAsked || !state.hasEnded
            if !state.hasEnded { state.waiting.append(Request(kind: kind, storage: storage, completion: completion)) }
            return state.hasEnded
        }
        if hasEnded {
            completion?(.failure(SnapshotError(code: .noSnapshot, message: "the job has ended")))
        } else {
            beginNext()
        }
    }

    private func beginNext() {
        let request: Request? = state.withLock { state in
            guard !state.isBusy, !state.waiting.isEmpty else { return nil }
            state.isBusy = true
            return state.waiting.removeFirst()
        }
        if let request { executor.submit { self.begin(request) } }
    }

    private func begin(_ request: Request) {
        do {
            guard let storage = request.storage ?? options?.storage else { return }
            let repository =
                if request.storage == nil, let own { own } else { SnapshotRepository(storage, pipeline: pipeline) }
            if request.storage == nil { collectOrphans(repository) }
            let (known, isChainBroken) = state.withLock { ($0.base, $0.isChainBroken) }
            let base = request.kind == .snapshot ? known : nil
            let id = max(try repository.ids().max() ?? 0, request.storage == nil ? state.withLock { $0.lastID } : 0) + 1
            var header = SnapshotManifest(
                pipeline: pipeline, id: id, kind: request.kind, begun: clock.now, parallelism: parallelism,
                keyGroups: keyGroups.count)
            header.splitParallelism = splitParallelism
            let manifest = header
            let writer = try repository.begin(header, base: base, compression: options?.compression ?? .lz4)
            let box = SnapshotInProgress.WriterBox(writer)
            let progress = SnapshotInProgress(
                kind: request.kind, base: isChainBroken ? nil : base, isIncremental: options?.isIncremental ?? false,
                keyGroups: keyGroups,
                workers: parallelism, writer: box, executor: executor
            ) { [self] progress in
                complete(request, manifest, progress, box.writer, repository)
            }
            defer { control.wake() }
            let barrier = state.withLock { state in
                state.current = progress
                state.barrier += 1
                if request.storage == nil { state.lastID = id }
                state.isChainBroken = true
                return state.barrier
            }
            if let timeout = options?.timeout {
                deadline.store(clock.now.advanced(byMilliseconds: timeout.milliseconds), ordering: .relaxed)
            }
            for mailbox in mailboxes {
                mailbox.ask { worker in
                    guard let worker else {
                        return progress.fail(SnapshotError(code: .noSnapshot, message: "the job has ended"))
                    }
                    worker.beginSnapshot(barrier, progress, atOnce: worker.hasLeft)
                }
            }
        } catch { end(request, .failure(Self.typed(error))) }
    }

    /// Before the first snapshot, and after one that failed: deletes what was left, by a run that was killed, too.
    private func collectOrphans(_ repository: SnapshotRepository) {
        let isFirst = state.withLock { state in
            defer { state.hasCollected = true }
            return !state.hasCollected
        }
        guard isFirst else { return }
        do { _ = try repository.collectOrphans(before: clock.now) } catch {
            logger.warning("left files of snapshots can't be deleted", metadata: ["error": "\(error)"])
        }
    }

    private func complete(
        _ request: Request, _ header: SnapshotManifest, _ progress: SnapshotInProgress, _ writer: SnapshotWriter,
        _ repository: SnapshotRepository
    ) {
        let results = progress.results
        defer { for result in results.values { result.checkpoint?.release() } }
        do {
            if let failure = progress.failure { throw failure }
            for (worker, result) in results.sorted(by: { $0.key < $1.key }) {
                guard let checkpoint = result.checkpoint else { continue }
                try writer.addStore(
                    backend: backend, worker: worker, groups: result.groups, files: checkpoint.files,
                    rowCounts: result.rowCounts)
            }
            Self.describe(stepNames, results, in: writer)
            let manifest = try writer.commit(finished: clock.now)
            let report = SnapshotReport(manifest, rows: progress.rowCounts)
            state.withLock { state in
                if request.kind == .snapshot {
                    state.base = manifest
                    state.isChainBroken = false
                }
                if request.storage == nil {
                    state.lastDurable = manifest.id
                    state.committable = state.barrier
                }
                state.status.last = report
                state.status.lastBegun = manifest.begun
                state.status.completed += 1
            }
            if request.storage == nil { commitTransactions() }
            if request.kind == .snapshot, request.storage == nil, let options {
                let age = options.retainedFor?.milliseconds
                do { _ = try repository.prune(keep: options.retained, olderThan: age, now: clock.now) } catch {
                    // What can't be deleted today may be tomorrow; the snapshot itself is durable.
                    logger.warning("old snapshots can't be deleted", metadata: ["error": "\(error)"])
                }
            }
            end(request, .success(report))
        } catch {
            writer.abort()
            end(request, .failure(Self.typed(error)))
        }
    }

    private func end(_ request: Request, _ result: Result<SnapshotReport, SnapshotError>) {
        deadline.store(.max, ordering: .relaxed)
        if interval != nil, let pause = options?.minimumPause.milliseconds, pause > 0 {
            let earliest = clock.now.advanced(byMilliseconds: pause)
            nextDue.max(earliest, ordering: .relaxed)
        }
        let failures = state.withLock { state -> Int in
            state.current = nil
            state.isBusy = false
            switch result {
            case .success:
                state.status.lastFailure = nil
                state.status.consecutiveFailures = 0
            case .failure(let error):
                state.status.lastFailure = error
                state.status.consecutiveFailures += 1
                // What could not be deleted is collected before the next one.
                state.hasCollected = false
            }
            return state.status.consecutiveFailures
        }
        if case .failure(let error) = result {
            let age = status.age(at: clock.now).map { "\($0)" } ?? "none"
            logger.error(
                "snapshot failed", metadata: ["job": "\(pipeline)", "error": "\(error)", "age of the last": "\(age)"])
            if let tolerated = options?.toleratedFailures, failures > tolerated {
                control.fail(
                    JobError(
                        code: .snapshotFailed,
                        message: "\(failures) snapshots in a row have failed, more than the \(tolerated) that "
                            + "SnapshotOptions.toleratedFailures allows: \(error)", cause: error))
            }
        }
        request.completion?(result)
        beginNext()
    }

    /// The job has ended: what is under way is finished where it can be, and then `completion` is called.
    ///
    /// - Parameter isComplete: whether the workers have ended by themselves, and so have handed on all that they had to.
    func finish(isComplete: Bool, _ completion: @escaping @Sendable () -> Void) {
        let (current, waiting, wasAsked, stop) = state.withLock { state in
            state.hasEnded = true
            defer {
                state.waiting = []
                state.stop = nil
            }
            return (state.current, state.waiting, state.wasAsked, state.stop)
        }
        let ended = SnapshotError(code: .noSnapshot, message: "the job has ended")
        if !isComplete { current?.fail(ended) }
        for request in waiting { request.completion?(.failure(ended)) }
        if case .failed(let error) = control.stopped {
            stop?.completion(.failure(error))
        } else {
            stop?.completion(.failure(ended))
        }
        // Without a snapshot there is no thread to wait for.
        guard wasAsked else { return completion() }
        executor.submit(completion)
        executor.finish()
    }

    private static func typed(_ error: any Error) -> SnapshotError {
        error as? SnapshotError ?? SnapshotError(code: .storageFailed, message: "\(error)")
    }

    /// What the manifest says of the steps beside their rows, from what the workers said.
    private static func describe(
        _ stepNames: [String], _ results: [Int: SnapshotInProgress.WorkerResult], in writer: SnapshotWriter
    ) {
        for name in stepNames {
            let of = results.sorted { $0.key < $1.key }.compactMap { worker in
                worker.value.steps[name].map { (result: $0, rowCounts: worker.value.rowCounts) }
            }
            writer.setStep(
                name, watermark: of.map(\.result.watermark).min() ?? .min,
                captureNanoseconds: of.reduce(0) { $0 + $1.result.nanoseconds })
            for (part, schema) in of.first?.result.parts ?? [] where of[0].result.storedParts.contains(part) {
                let id = StateEnvironment.id(step: name, part: part)
                writer.setStored(
                    step: name, part: part, schema: schema, rowCount: of.reduce(0) { $0 + ($1.rowCounts[id] ?? 0) })
            }
            writer.addPositions(
                of.flatMap { $0.result.splits }.map {
                    SnapshotManifest.Position(
                        source: name, split: $0.split, position: $0.position ?? "unknown", watermark: $0.watermark)
                })
        }
    }
}
