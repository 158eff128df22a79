internal import Logging
internal import StateBackend
internal import Synchronization

/// Begins a job's snapshots, has the workers take them one after the other, and makes them durable in that order.
///
/// While one is being made durable the workers may take the next one, if ``SnapshotOptions/maximumInFlight`` allows it.
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
        /// The snapshot that workers are taking.
        var current: SnapshotInProgress?
        /// Whether one is about to be begun, or is taken by the workers.
        var isTaking = false
        /// The snapshots that aren't durable yet, by barrier, rising; and which of them have all they need but wait for
        /// those before.
        var inFlight: [InFlightSnapshot] = []
        /// The executors that no snapshot uses.
        var freeExecutors: [Int] = []
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

    /// A snapshot that isn't durable yet.
    struct InFlightSnapshot: Sendable {
        let progress: SnapshotInProgress
        let barrier: Int
        let executor: Int
        /// When it is given up.
        let deadline: Timestamp
        let request: Request
        /// Whether whoever has asked for it was told that it has taken too long.
        var isAnswered = false
        /// Makes it durable; nil as long as something is missing.
        var commit: (@Sendable () -> Void)?
    }

    /// A wish that the job stops.
    struct Stop: Sendable {
        var drains: Bool
        var savepoint: (any SnapshotStorage)?
        var completion: @Sendable (Result<StopReport, any Error>) -> Void
    }

    let pipeline: String
    let options: SnapshotOptions?
    /// The snapshots of the job's own storage.
    private let own: SnapshotRepository?
    let parallelism: Int
    private let splitParallelism: Int
    private let keyGroups: KeyGroups
    let backend: String
    let stepNames: [String]
    let clock: any ProcessingClock
    let logger: Logger
    /// Where snapshots are written, each by one of them; the first one commits transactions, too.
    let executors: [any SnapshotExecutor]
    let mailboxes: [WorkerMailbox]
    /// The transactional steps.
    let commits: [any StepCommits]
    let control: JobControl
    /// When the next one of the snapshots in flight is given up.
    private let deadline = Atomic<Int64>(.max)
    /// When the transactions that couldn't be committed are tried again.
    let nextCommit = Atomic<Int64>(.max)
    let interval: Int64?
    let nextDue: Atomic<Int64>
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
        executors = (0..<(options.snapshots?.maximumInFlight ?? 1)).map { _ in
            options.snapshotExecutor ?? ThreadSnapshotExecutor()
        }
        self.mailboxes = mailboxes
        self.commits = commits
        self.control = control
        interval = options.snapshots?.interval?.milliseconds
        nextDue = Atomic(interval.map { options.clock.now.advanced(byMilliseconds: $0) } ?? .max)
        state.withLock { $0.freeExecutors = Array(executors.indices.reversed()) }
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
            status.isInProgress = !state.inFlight.isEmpty || state.isTaking
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

    /// Where transactions are committed.
    var executor: any SnapshotExecutor { executors[0] }

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
        if now >= end { giveUp(at: now) }
        if now >= commit, nextCommit.compareExchange(expected: commit, desired: .max, ordering: .relaxed).exchanged {
            executor.submit { self.commitTransactions() }
        }
        guard now >= due, let interval else { return }
        let next = now.advanced(byMilliseconds: interval)
        guard nextDue.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged else { return }
        let isBusy = state.withLock { $0.isTaking || $0.freeExecutors.isEmpty || $0.hasEnded }
        if !isBusy { request(.snapshot, nil) }
    }

    /// Gives up the snapshots that have had their time.
    private func giveUp(at now: Timestamp) {
        let late = state.withLock { state in
            var late: [InFlightSnapshot] = []
            for index in state.inFlight.indices where state.inFlight[index].deadline <= now {
                guard !state.inFlight[index].isAnswered, !state.inFlight[index].progress.isCancelled else { continue }
                late.append(state.inFlight[index])
                // Its executor may be stuck in the storage, so it is told here; only the executor waits.
                state.inFlight[index].isAnswered = true
                if state.current === state.inFlight[index].progress {
                    state.current = nil
                    state.isTaking = false
                }
            }
            return late
        }
        let limit = options?.timeout.map { "\($0)" } ?? ""
        let error = SnapshotError(
            code: .timedOut,
            message:
                "the snapshot was not complete after \(limit); raise SnapshotOptions.timeout, or find what holds "
                + "its barrier or its storage up")
        setDeadline()
        for snapshot in late {
            snapshot.progress.fail(error)
            end(snapshot.request, .failure(error))
        }
    }

    func setDeadline() {
        state.withLock { state in
            let next = state.inFlight.lazy.filter { !$0.progress.isCancelled && !$0.isAnswered }.map(\.deadline).min()
            deadline.store(next ?? .max, ordering: .relaxed)
        }
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
            completion?(.failure(Self.ended))
        } else {
            beginNext()
        }
    }

    func beginNext() {
        let next: (request: Request, executor: Int)? = state.withLock { state in
            guard !state.isTaking, !state.waiting.isEmpty, let executor = state.freeExecutors.popLast() else {
                return nil
            }
            state.isTaking = true
            return (state.waiting.removeFirst(), executor)
        }
        if let next { executors[next.executor].submit { self.begin(next.request, by: next.executor) } }
    }

    /// All workers have handed on what they have, or the snapshot has failed.
    private func taken(_ progress: SnapshotInProgress) {
        let isCurrent = state.withLock { state in
            guard state.current === progress else { return false }
            state.current = nil
            state.isTaking = false
            return true
        }
        if isCurrent { beginNext() }
    }

    private func begin(_ request: Request, by executor: Int) {
        do {
            if state.withLock({ $0.hasEnded }) { throw Self.ended }
            guard let storage = request.storage ?? options?.storage else { return }
            let repository =
                if request.storage == nil, let own { own } else { SnapshotRepository(storage, pipeline: pipeline) }
            if request.storage == nil { collectOrphans(repository) }
            let (known, isChainBroken, isLast) = state.withLock { ($0.base, $0.isChainBroken, $0.hasBegunFinal) }
            let base = request.kind == .snapshot ? known : nil
            let id =
                request.storage == nil
                ? max(try repository.ids().last ?? 0, state.withLock { $0.lastID }) + 1
                : (try repository.currentIDs().last ?? 0) + 1
            var header = SnapshotManifest(
                pipeline: pipeline, id: id, kind: request.kind, begun: clock.now, parallelism: parallelism,
                keyGroups: keyGroups.count)
            header.splitParallelism = splitParallelism
            let writer = try repository.begin(header, base: base, compression: options?.compression ?? .lz4)
            let box = SnapshotInProgress.WriterBox(writer)
            let progress = SnapshotInProgress(
                kind: request.kind, base: isChainBroken ? nil : base, isIncremental: options?.isIncremental ?? false,
                keyGroups: keyGroups, workers: parallelism, mayOvertake: !isLast, writer: box,
                executor: executors[executor],
                onTaken: { [self] in taken($0) }
            ) { [self] progress in
                complete(request, progress, box, repository)
            }
            defer { control.wake() }
            let timeout = options?.timeout
            let barrier = state.withLock { state in
                state.current = progress
                state.barrier += 1
                state.inFlight.append(
                    InFlightSnapshot(
                        progress: progress, barrier: state.barrier, executor: executor,
                        deadline: timeout.map { clock.now.advanced(byMilliseconds: $0.milliseconds) } ?? .max,
                        request: request))
                if request.storage == nil { state.lastID = id }
                state.isChainBroken = true
                return state.barrier
            }
            setDeadline()
            for mailbox in mailboxes {
                mailbox.ask { worker in
                    guard let worker else {
                        return progress.fail(Self.ended)
                    }
                    worker.beginSnapshot(barrier, progress, atOnce: worker.hasLeft)
                }
            }
        } catch {
            state.withLock { state in
                state.isTaking = false
                state.freeExecutors.append(executor)
            }
            end(request, .failure(SnapshotError(cause: error)))
        }
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

    /// The job has ended: what is under way is finished where it can be, and then `completion` is called.
    ///
    /// - Parameter isComplete: whether the workers have ended by themselves, and so have handed on all that they had to.
    func finish(isComplete: Bool, _ completion: @escaping @Sendable () -> Void) {
        let (inFlight, waiting, wasAsked, stop, report) = state.withLock { state in
            state.hasEnded = true
            defer {
                state.waiting = []
                state.stop = nil
            }
            // The workers may go before whoever wanted the stop has been told what it came to.
            let report = state.isFinal ? state.stopReport : nil
            return (state.inFlight.map(\.progress), state.waiting, state.wasAsked, state.stop, report)
        }
        if !isComplete { for snapshot in inFlight { snapshot.fail(Self.ended) } }
        for request in waiting { request.completion?(.failure(Self.ended)) }
        if case .failed(let error) = control.stopped {
            stop?.completion(.failure(error))
        } else if isComplete, let report {
            stop?.completion(.success(report))
        } else {
            stop?.completion(.failure(Self.ended))
        }
        // Without a snapshot there is no thread to wait for.
        guard wasAsked else { return completion() }
        whenIdle(rounds: 4 * executors.count) { [self] in
            for executor in executors { executor.finish() }
            completion()
        }
    }

    /// Calls `body` when no snapshot is in flight and nothing waits to be committed.
    ///
    /// One whose workers have gone without a word is given up after some rounds.
    private func whenIdle(rounds: Int, _ body: @escaping @Sendable () -> Void) {
        afterAll(executors.count + 1) { [self] in
            let inFlight = state.withLock { $0.inFlight.map(\.progress) }
            if inFlight.isEmpty && !state.withLock({ $0.isTaking }) || rounds == -executors.count {
                return afterAll(1, body)
            }
            if rounds <= 0 { for snapshot in inFlight { snapshot.fail(Self.ended) } }
            whenIdle(rounds: rounds - 1, body)
        }
    }

    /// Calls `body` when the executors have done what they had to, one after the other, `left` of them: each that ends may
    /// give one more to do, as snapshots become durable in their order.
    private func afterAll(_ left: Int, _ body: @escaping @Sendable () -> Void) {
        guard left > 0 else { return body() }
        executors[(left - 1) % executors.count].submit { self.afterAll(left - 1, body) }
    }
}
