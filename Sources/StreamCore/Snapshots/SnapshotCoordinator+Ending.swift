internal import Logging
internal import StateBackend
internal import Synchronization

/// How a job commits, stops and ends.
extension SnapshotCoordinator {
    /// Whether workers must stay until the last snapshot is durable, or what sinks have prepared is committed.
    private var needsFinal: Bool { !commits.isEmpty || options?.interval != nil }

    // MARK: Commits

    /// Commits what the durable snapshots count.
    ///
    /// What can't be committed is tried again later; snapshots go on meanwhile and know it. Runs on the executor.
    func commitTransactions() {
        guard !commits.isEmpty else { return }
        let barrier = state.withLock { $0.committable }
        for step in commits {
            do { try step.commit(through: barrier) } catch { return noteFailedCommit(of: step.step, error) }
        }
        let mayLeave = state.withLock { state in
            state.committed = max(state.committed, barrier)
            // At the end it counts the tries to finish the outputs.
            if !state.isFinal { state.failedCommits = 0 }
            return state.hasBegunFinal
        }
        if mayLeave { leaveIfCommitted() }
    }

    private func noteFailedCommit(of step: String, _ error: any Error) {
        let failures = state.withLock { state in
            state.failedCommits += 1
            return state.failedCommits
        }
        let isImpossible = if let error = error as? CommitError, error.outcome == .impossible { true } else { false }
        guard !isImpossible, failures < options?.commitAttempts ?? 5 else {
            return control.fail(
                JobError(
                    code: .commitFailed, step: step,
                    message: "\(error) (tried \(failures == 1 ? "once" : "\(failures) times"))", cause: error))
        }
        logger.warning("transaction not committed", metadata: ["step": "\(step)", "error": "\(error)"])
        nextCommit.store(
            clock.now.advanced(byMilliseconds: 50 << Int64(min(failures, 10))), ordering: .relaxed)
    }

    // MARK: The end

    /// A worker's inputs have ended: whether it may go.
    func leave(worker: Int) -> StepResult {
        let (result, begins): (StepResult, Bool) = state.withLock { state in
            if state.mayLeave { return (.finished, false) }
            guard needsFinal || state.stop != nil else { return (.finished, false) }
            state.arrived.insert(worker)
            guard state.arrived.count == parallelism, !state.hasBegunFinal else { return (.idle, false) }
            state.hasBegunFinal = true
            return (.progress, true)
        }
        if begins { beginFinal(attempt: 1) }
        return result
    }

    /// All workers are at rest: the last snapshot.
    private func beginFinal(attempt: Int) {
        guard options != nil else {
            // What a savepoint holds must not be seen before it is durable; its barrier prepares.
            let isSaved = state.withLock { $0.stop?.savepoint != nil }
            return commits.isEmpty || isSaved ? takeSavepoint(nil) : prepareAll()
        }
        request(.snapshot) { [self] result in
            switch result {
            case .success(let report): takeSavepoint(report)
            case .failure(let error): finalFailed(error, attempt: attempt)
            }
        }
    }

    private func finalFailed(_ error: SnapshotError, attempt: Int) {
        let stop = state.withLock { $0.stop }
        if let stop, !stop.drains { return goOn(error) }
        if attempt < 3 { return beginFinal(attempt: attempt + 1) }
        // What isn't committed would be lost to those who read the results; else the results are all there.
        guard commits.isEmpty else {
            return control.fail(
                JobError(
                    code: .snapshotFailed,
                    message: "the last snapshot has failed, and without it results can't be committed: \(error)",
                    cause: error))
        }
        if stop != nil { answerStop(.failure(error)) }
        state.withLock { $0.isFinal = true }
        leaveIfCommitted()
    }

    /// Without snapshots: what the sinks have is prepared and committed, once.
    private func prepareAll() {
        let barrier = state.withLock { state in
            state.wasAsked = true
            state.barrier += 1
            return state.barrier
        }
        let failures = Atomic(0)
        let box = Countdown(mailboxes.count) { [self] in
            // A worker that couldn't prepare fails the job, or has gone with it: then nothing may be seen.
            guard failures.load(ordering: .acquiring) == 0 else { return }
            executor.submit { [self] in
                state.withLock { $0.committable = barrier }
                takeSavepoint(nil)
                commitTransactions()
            }
        }
        for mailbox in mailboxes {
            mailbox.ask { worker in
                if worker?.prepareSinks(barrier: barrier) != true { failures.add(1, ordering: .releasing) }
                box.decrease()
            }
        }
    }

    private func takeSavepoint(_ report: SnapshotReport?) {
        guard let savepoint = state.withLock({ $0.stop?.savepoint }) else { return finish(report, nil) }
        request(.savepoint, to: savepoint) { [self] result in
            switch result {
            case .success(let saved): finish(report, saved)
            case .failure(let error):
                if state.withLock({ $0.stop?.drains ?? true }) {
                    answerStop(.failure(error))
                    // The input is at its end all the same.
                    if options == nil, !commits.isEmpty { return prepareAll() }
                    state.withLock { $0.isFinal = true }
                    leaveIfCommitted()
                } else {
                    goOn(error)
                }
            }
        }
    }

    private func finish(_ report: SnapshotReport?, _ savepoint: SnapshotReport?) {
        state.withLock { state in
            state.isFinal = true
            state.stopReport = StopReport(snapshot: report, savepoint: savepoint)
        }
        leaveIfCommitted()
    }

    /// Lets the workers go once nothing is left to be committed, and the outputs know that no more will come.
    private func leaveIfCommitted() {
        let (isReady, isComplete) = state.withLock { state -> (Bool, Bool) in
            let isCommitted = commits.isEmpty || state.committed >= state.committable
            let isReady = state.hasBegunFinal && state.isFinal && isCommitted && !state.mayLeave
            return (isReady, state.stop?.drains ?? true)
        }
        guard isReady else { return }
        for step in commits where isComplete {
            do { try step.finish() } catch { return noteFailedCommit(of: step.step, error) }
        }
        let (isFirst, stop, report) = state.withLock { state in
            let isFirst = !state.mayLeave
            state.mayLeave = true
            return (isFirst, state.stop, state.stopReport)
        }
        guard isFirst else { return }
        if let stop, !stop.drains {
            closeAndStop(StopReport(snapshot: report?.snapshot, savepoint: report?.savepoint))
        } else {
            if let report { answerStop(.success(report)) }
            control.wake()
        }
    }

    // MARK: Stopping

    /// Stops the job; see ``Job/stop(drain:savepoint:)``.
    func stop(
        drain: Bool, savepoint: (any SnapshotStorage)?,
        _ completion: @escaping @Sendable (Result<StopReport, any Error>) -> Void
    ) {
        guard drain || savepoint != nil || options != nil else {
            return completion(
                .failure(
                    SnapshotError(
                        code: .noSnapshot,
                        message: "the job has no place for its last snapshot; set JobOptions.snapshots, name a "
                            + "savepoint, or drain it")))
        }
        let problem: String? = state.withLock { state in
            if state.hasEnded { return "the job has ended" }
            if state.stop != nil { return "the job is being stopped already" }
            if state.hasBegunFinal && savepoint != nil { return "the job is ending; its last snapshot is being taken" }
            state.stop = Stop(drains: drain || state.hasBegunFinal, savepoint: savepoint, completion: completion)
            state.wasAsked = true
            if !drain && !state.hasBegunFinal { state.hasBegunFinal = true } else { return "" }
            return nil
        }
        if let problem {
            if !problem.isEmpty { return completion(.failure(SnapshotError(code: .noSnapshot, message: problem))) }
            if drain { tell(.drain) }
            return
        }
        tell(.pause)
        beginFinal(attempt: 1)
    }

    private func tell(_ command: SourceCommand) { for mailbox in mailboxes { mailbox.ask { $0?.control(command) } } }

    /// The job couldn't be stopped: it goes on.
    private func goOn(_ error: any Error) {
        state.withLock { $0.hasBegunFinal = false }
        tell(.resume)
        answerStop(.failure(error))
    }

    private func answerStop(_ result: Result<StopReport, any Error>) {
        let stop = state.withLock { state in
            defer { state.stop = nil }
            return state.stop
        }
        stop?.completion(result)
    }

    /// Everything is durable and committed: the sinks are closed and the workers stop where they are.
    private func closeAndStop(_ report: StopReport) {
        let box = Countdown(mailboxes.count) { [self] in
            // First, so that who waits for the job's end finds it.
            answerStop(.success(report))
            control.stop()
        }
        for mailbox in mailboxes {
            mailbox.ask { [self] worker in
                do { try worker?.closeSinks() } catch { control.fail(error) }
                box.decrease()
            }
        }
    }
}

/// Calls a function when it was counted down.
private final class Countdown: Sendable {
    private let left: Atomic<Int>
    private let body: @Sendable () -> Void

    init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        left = Atomic(count)
        self.body = body
    }

    func decrease() { if left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { body() } }
}
