internal import Logging
internal import StateBackend
internal import Synchronization

/// How snapshots become durable, in the order in which they were begun.
extension SnapshotCoordinator {
    /// A snapshot has all that it needs, or has failed.
    func complete(
        _ request: Request, _ progress: SnapshotInProgress, _ writer: SnapshotInProgress.WriterBox,
        _ repository: SnapshotRepository
    ) {
        let commit = { @Sendable [self] in
            do {
                if let failure = progress.failure { throw failure }
                let report = try makeDurable(request, progress, writer.writer, repository)
                leave(progress, request, .success(report))
            } catch {
                writer.writer.abort()
                leave(progress, request, .failure(SnapshotError(cause: error)))
            }
        }
        // One that has failed needs to wait for nobody.
        let isNext = state.withLock { state in
            guard progress.failure == nil, state.inFlight.first?.progress !== progress,
                let index = state.inFlight.firstIndex(where: { $0.progress === progress })
            else { return true }
            state.inFlight[index].commit = commit
            return false
        }
        if isNext { commit() }
    }

    private func makeDurable(
        _ request: Request, _ progress: SnapshotInProgress, _ writer: SnapshotWriter, _ repository: SnapshotRepository
    ) throws -> SnapshotReport {
        let results = progress.results
        for (worker, result) in results.sorted(by: { $0.key < $1.key }) {
            guard let checkpoint = result.checkpoint else { continue }
            try writer.addStore(
                backend: backend, worker: worker, groups: result.groups, files: checkpoint.files,
                rowCounts: result.rowCounts)
        }
        Self.describe(stepNames, results, in: writer)
        let manifest = try writer.commit(finished: clock.now)
        let report = SnapshotReport(manifest, progress)
        let mayCommit = state.withLock { state in
            let barrier = state.inFlight.first { $0.progress === progress }?.barrier ?? 0
            if request.kind == .snapshot {
                state.base = manifest
                // Unless the workers' states were captured again since.
                state.isChainBroken = state.barrier != barrier
            }
            if request.storage == nil {
                state.lastDurable = manifest.id
                // What a crash leads back to; a savepoint elsewhere isn't.
                state.status.lastBegun = manifest.begun
            }
            state.status.last = report
            state.status.completed += 1
            // What sinks have prepared may be seen where the next start begins with this snapshot: one of the job's own
            // storage, or where there is none the savepoint with which the job is stopped.
            let mayCommit = request.storage == nil || options == nil && state.hasBegunFinal
            if mayCommit { state.committable = barrier }
            return mayCommit
        }
        if mayCommit { executor.submit { self.commitTransactions() } }
        if request.kind == .snapshot, request.storage == nil, let options {
            let age = options.retainedFor?.milliseconds
            do { _ = try repository.prune(keep: options.retained, olderThan: age, now: clock.now) } catch {
                // What can't be deleted today may be tomorrow; the snapshot itself is durable.
                logger.warning("old snapshots can't be deleted", metadata: ["error": "\(error)"])
            }
        }
        return report
    }

    /// A snapshot is durable or has failed: the next one may become durable, and another one begin.
    private func leave(
        _ progress: SnapshotInProgress, _ request: Request, _ result: Result<SnapshotReport, SnapshotError>
    ) {
        for result in progress.results.values { result.checkpoint?.release() }
        var isAnswered = false
        let next: (executor: Int, commit: @Sendable () -> Void)? = state.withLock { state in
            if let index = state.inFlight.firstIndex(where: { $0.progress === progress }) {
                let snapshot = state.inFlight.remove(at: index)
                state.freeExecutors.append(snapshot.executor)
                isAnswered = snapshot.isAnswered
            }
            if state.current === progress {
                state.current = nil
                state.isTaking = false
            }
            guard let first = state.inFlight.first, let commit = first.commit else { return nil }
            state.inFlight[0].commit = nil
            return (first.executor, commit)
        }
        setDeadline()
        if isAnswered { beginNext() } else { end(request, result) }
        if let next { executors[next.executor].submit(next.commit) }
    }

    /// Counts what a request came to, and answers it.
    func end(_ request: Request, _ result: Result<SnapshotReport, SnapshotError>) {
        if interval != nil, let pause = options?.minimumPause.milliseconds, pause > 0 {
            let earliest = clock.now.advanced(byMilliseconds: pause)
            nextDue.max(earliest, ordering: .relaxed)
        }
        let failures = state.withLock { state -> Int in
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

    /// Why a job that is no more takes no snapshot.
    static var ended: SnapshotError { SnapshotError(code: .noSnapshot, message: "the job has ended") }

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
