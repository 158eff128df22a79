internal import Logging
public import StateBackend
internal import Synchronization

/// A running pipeline.
///
/// When its workers fail it begins again with its newest snapshot, as ``JobOptions/restarts`` says; the handle stays.
public final class Job: Sendable {
    /// The pipeline's name.
    public let name: String
    let options: JobOptions
    private let pipeline: Pipeline
    private let state: Mutex<State>
    /// The newest snapshot that there was when the job began.
    private let firstSnapshot: Int

    private struct State: Sendable {
        var attempt: JobAttempt
        /// Why the job has ended; nil as long as it hasn't.
        var outcome: JobControl.Outcome?
        var isRestarting = false
        /// Whether new workers are being made: they may commit what the last ones have prepared.
        var isBuilding = false
        var isStopped = false
        var stopReport: StopReport?
        var history: RestartHistory
        var restarts = 0
        var lastFailure: JobError?
        /// How often the same record has failed the job.
        var repeats = 1
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(pipeline: Pipeline, options: JobOptions, restoring snapshot: JobSnapshot? = nil) throws {
        name = pipeline.name
        self.pipeline = pipeline
        self.options = options
        firstSnapshot =
            if options.restarts != .none, let own = options.snapshots {
                try SnapshotRepository(own.storage, pipeline: pipeline.name).currentIDs().last ?? 0
            } else { 0 }
        let attempt = try JobAttempt(pipeline: pipeline, options: options, restoring: snapshot)
        state = Mutex(State(attempt: attempt, history: RestartHistory(options.restarts, now: options.clock.now)))
    }

    /// The present life of the workers, or the last one.
    var attempt: JobAttempt { state.withLock { $0.attempt } }
    var stepNames: [String] { attempt.stepNames }
    var graph: DataflowGraph { pipeline.graph }
    var mailboxes: [WorkerMailbox] { attempt.mailboxes }
    var coordinator: SnapshotCoordinator { attempt.coordinator }
    var splitParallelism: Int { attempt.splitParallelism }

    func start() { start(attempt) }

    private func start(_ attempt: JobAttempt) { attempt.start { [self] in attemptEnded(attempt, $0) } }

    private func attemptEnded(_ attempt: JobAttempt, _ outcome: JobControl.Outcome) {
        guard case .failed(let error) = outcome else { return end(outcome) }
        let now = options.clock.now
        let (named, delay) = state.withLock { state -> (JobError, Int64?) in
            if let record = error.record, record == state.lastFailure?.record, error.step == state.lastFailure?.step {
                state.repeats += 1
            } else {
                state.repeats = 1
            }
            let named = state.repeats > 1 ? error.naming(repeats: state.repeats) : error
            state.lastFailure = named
            guard !state.isStopped, error.mayPass else { return (named, nil) }
            let delay = state.history.delayAfterFailure(at: now)
            state.isRestarting = delay != nil
            return (named, delay)
        }
        guard let delay else { return end(.failed(named)) }
        options.logger.warning(
            "job begins again", metadata: ["job": "\(name)", "after ms": "\(delay)", "error": "\(named)"])
        options.delay(delay) { [self] in restart(after: attempt) }
    }

    /// Begins again with the newest durable snapshot of this job; as it was first started when there is none.
    private func restart(after last: JobAttempt) {
        let isWanted = state.withLock { state in
            state.isBuilding = !state.isStopped && state.outcome == nil
            return state.isBuilding
        }
        guard isWanted else { return end(.cancelled) }
        defer { state.withLock { $0.isBuilding = false } }
        var options = options
        do {
            if let id = try newestSnapshot(last) { options.start = .snapshot(id) }
            let next = try JobAttempt(pipeline: pipeline, options: options)
            let isWanted = state.withLock { state in
                guard !state.isStopped else { return false }
                state.attempt = next
                state.isRestarting = false
                state.restarts += 1
                state.history.noteStart(at: options.clock.now)
                return true
            }
            if isWanted {
                start(next)
            } else {
                next.abandon()
                end(.cancelled)
            }
        } catch {
            attemptEnded(last, .failed(JobError.asJobError(error)))
        }
    }

    /// The newest snapshot of this job, the one included that it began with.
    ///
    /// By the storage, not by what the workers knew: the answer that a snapshot is durable may have been lost, and the
    /// next process would begin with it.
    private func newestSnapshot(_ last: JobAttempt) throws -> Int? {
        guard let own = options.snapshots else { return nil }
        let newest = try SnapshotRepository(own.storage, pipeline: name).currentIDs().last ?? 0
        // A list may be behind what the workers know.
        let known = last.coordinator.lastDurable
        return newest > max(firstSnapshot, known ?? 0) ? newest : known
    }

    private func end(_ outcome: JobControl.Outcome) {
        let waiters = state.withLock { state in
            state.outcome = state.outcome ?? outcome
            state.isRestarting = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Stops the job where it is; ``wait()`` then throws `CancellationError`.
    ///
    /// What sinks had not committed stays so until the next start; ``stop(drain:savepoint:)`` leaves nothing behind. A job
    /// that has ended stays as it ended.
    public func cancel() {
        let (attempt, isWaiting) = state.withLock { state in
            state.isStopped = true
            return (state.attempt, state.isRestarting && !state.isBuilding)
        }
        attempt.cancel()
        if isWaiting { end(.cancelled) }
    }

    /// Stops the job when all that was read has been processed, snapshotted and committed.
    ///
    /// Sources read no further; the last snapshot is taken, to the job's own storage where it has one, and what
    /// transactional sinks hold is committed. Windows and timers that are still open stay in the state, and the next start
    /// goes on with them. ``wait()`` then returns as at the end of the input.
    ///
    /// - Parameters:
    ///   - drain: whether event time is brought to its end first, so that windows and timers fire: for a job that is not
    ///     to go on. The default is false.
    ///   - savepoint: where a savepoint is to be written, too.
    /// - Returns: the last snapshot and the savepoint.
    /// - Throws: ``SnapshotError`` when neither `savepoint` nor the options name a storage (unless the job is drained), or
    ///   when the last snapshot fails: the job goes on then, unless it was drained. ``JobError`` when the job fails
    ///   meanwhile.
    @discardableResult
    public func stop(drain: Bool = false, savepoint: (any SnapshotStorage)? = nil) async throws -> StopReport {
        let report = try await withCheckedContinuation { continuation in
            requestStop(drain: drain, savepoint: savepoint) { continuation.resume(returning: $0) }
        }.get()
        _ = try await wait()
        return report
    }

    /// As ``stop(drain:savepoint:)``, for callers that drive the workers themselves.
    package func requestStop(
        drain: Bool, savepoint: (any SnapshotStorage)?,
        _ completion: @escaping @Sendable (Result<StopReport, any Error>) -> Void
    ) {
        if state.withLock({ $0.isRestarting }) {
            let message = "the job's workers have failed and are about to begin again; stop it then, or cancel it"
            return completion(.failure(SnapshotError(code: .noSnapshot, message: message)))
        }
        attempt.coordinator.stop(drain: drain, savepoint: savepoint) { [self] result in
            if case .success(let report) = result { state.withLock { $0.stopReport = report } }
            completion(result)
        }
    }

    /// What ``stop(drain:savepoint:)`` has left, whoever has called it; nil for a job that wasn't stopped in this way.
    public var stopReport: StopReport? { state.withLock { $0.stopReport } }

    /// What the job has counted so far, since its workers last began.
    public var status: JobStatus { attempt.status }

    /// Why the job has failed; nil while it runs, and when it ended in another way.
    public var failure: JobError? {
        let outcome = state.withLock { $0.outcome } ?? attempt.outcome
        return if case .failed(let error) = outcome { error } else { nil }
    }

    /// Whether the job has ended, for whatever reason.
    public var isFinished: Bool { state.withLock { $0.outcome != nil } }

    /// How the job is doing.
    public var health: JobHealth {
        let (attempt, outcome, isRestarting, restarts, failure) = state.withLock {
            ($0.attempt, $0.outcome, $0.isRestarting, $0.restarts, $0.lastFailure)
        }
        let snapshots = attempt.coordinator.status
        return JobHealth(
            phase: outcome != nil ? .ended : isRestarting ? .restarting : .running, restarts: restarts,
            lastFailure: failure, snapshotAge: snapshots.age(at: options.clock.now),
            failedSnapshots: snapshots.consecutiveFailures)
    }

    /// Waits for the job's end.
    ///
    /// Cancelling the waiting task doesn't stop the job; ``cancel()`` does.
    ///
    /// - Returns: what the job counted.
    /// - Throws: ``JobError`` when it failed, `CancellationError` when it was cancelled.
    @discardableResult
    public func wait() async throws -> JobStatus {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                if state.outcome == nil { state.waiters.append(continuation) }
                return state.outcome != nil
            }
            if isFinished { continuation.resume() }
        }
        switch state.withLock({ $0.outcome }) ?? .finished {
        case .running, .finished: return status
        case .cancelled: throw CancellationError()
        case .failed(let error): throw error
        }
    }
}
