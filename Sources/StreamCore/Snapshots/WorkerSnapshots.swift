internal import StateBackend

/// One worker's part in a snapshot: fixes each step's state when the barrier reaches it, and hands the rows on piece by
/// piece between the worker's batches.
final class WorkerSnapshots {
    /// The bytes of rows that are encoded between two rounds of work.
    private static let pieceSize = 1 << 18

    private struct Active {
        let barrier: Int
        let sink: SnapshotInProgress
        let joinedAt = MonotonicTime.nanoseconds
        /// How long the barrier took to come to all steps.
        var alignment: Int64 = 0
        var reached: Set<Int> = []
        var captures: [(node: Int, name: String, schema: StateSchema, capture: any StateCapture)] = []
        /// Those that are done, but whose rows the store may still have to write.
        var taken: [any StateCapture] = []
        var steps: [Int: SnapshotInProgress.StepResult] = [:]
        var rowCounts: [String: Int] = [:]
    }

    private let worker: Int
    private let stepNames: [String]
    private let instances: [StepInstance]
    private let counters: [StepCounters]
    private let environment: StateEnvironment
    private let aligner: BarrierAligner
    // Not checked, since each batch looks: see `Worker`.
    @exclusivity(unchecked) private var active: Active?
    /// The last barrier that the worker has known of.
    @exclusivity(unchecked) private var joined = 0
    /// Finds the snapshot that a barrier belongs to; nil when it has failed already.
    @exclusivity(unchecked) var find: (Int) -> SnapshotInProgress? = { _ in nil }

    init(
        stepNames: [String], instances: [StepInstance], counters: [StepCounters], environment: StateEnvironment,
        aligner: BarrierAligner
    ) {
        worker = environment.worker
        self.stepNames = stepNames
        self.instances = instances
        self.counters = counters
        self.environment = environment
        self.aligner = aligner
        aligner.onBarrier = { [unowned self] in try reached($0, $1) }
    }

    /// Whether there is something to hand on.
    var isActive: Bool { active != nil }

    /// Whether the snapshot's barrier may overtake what is in the exchanges.
    var mayOvertake: Bool { active?.sink.mayOvertake ?? false }

    /// Begins a snapshot: sends the barrier from the worker's sources.
    func begin(_ barrier: Int, _ sink: SnapshotInProgress) throws {
        join(barrier, sink)
        try aligner.begin(barrier)
    }

    private func join(_ barrier: Int, _ sink: SnapshotInProgress) {
        guard barrier > joined else { return }
        joined = barrier
        if active != nil { cancel() }
        active = Active(barrier: barrier, sink: sink)
        environment.gate.hold(settle: { [unowned self] in settle() }) { [unowned self] in try completeNow() }
    }

    private func reached(_ node: Int, _ barrier: Int) throws {
        // Other workers' barriers may come before this one's own sources were told to send theirs.
        if barrier > joined, let sink = find(barrier) { join(barrier, sink) }
        guard let sink = active?.sink, active?.barrier == barrier, active?.reached.insert(node).inserted == true else {
            return
        }
        guard !sink.isCancelled else { return }
        let start = MonotonicTime.nanoseconds
        let instance = instances[node]
        environment.barrier = barrier
        var result = SnapshotInProgress.StepResult(watermark: counters[node].currentWatermark)
        result.splits = instance.splits?() ?? []
        do {
            if let split = result.splits.first(where: { $0.position == nil }) {
                throw SnapshotError(
                    code: .incompatible,
                    message: "source '\(stepNames[node])' can't be restarted in split '\(split.split)'; let its reader "
                        + "tell a restartPosition and implement makeReader(for:from:)")
            }
            let captures = try instance.state.capture { name in
                // What lies in a store only has to be written there.
                if sink.kind == .snapshot && instance.state[name]?.isStored == true { return .changes }
                return sink.mode(step: stepNames[node], part: name, worker: worker)
            }
            for (name, part, capture) in captures {
                if let rowCount = capture.storedRowCount {
                    let step = stepNames[node]
                    active?.rowCounts[StateEnvironment.id(step: step, part: name)] = rowCount
                    for range in capture.storedRanges {
                        let id = StateEnvironment.id(step: step, part: name, prefix: range.prefix)
                        active?.rowCounts[id] = range.rowCount
                    }
                    if sink.kind == .snapshot { result.storedParts.append(name) }
                }
                let schema = part.schema
                result.parts.append((name, schema))
                active?.captures.append((node, name, schema, capture))
            }
        } catch { sink.fail(JobError.wrap(error, .snapshotFailed, step: stepNames[node])) }
        result.nanoseconds = MonotonicTime.nanoseconds - start
        active?.steps[node] = result
        if let joined = active?.joinedAt, active?.reached.count == instances.count {
            active?.alignment = start - joined
        }
    }

    /// Hands on the next piece; whether there was anything to do.
    func drive() -> Bool {
        guard let sink = active?.sink else { return false }
        if sink.isCancelled {
            cancel()
            return true
        }
        guard !sink.isBehind else { return false }
        // The store's checkpoint would wait for its writes, and so would a third one.
        let waiting = environment.store?.waitingWrites ?? 0
        guard waiting == 0 || waiting < 2 && active?.captures.isEmpty == false else { return false }
        return driveOnce(sink)
    }

    private func driveOnce(_ sink: SnapshotInProgress) -> Bool {
        guard let (node, name, schema, capture) = active?.captures.last else {
            guard active?.reached.count == instances.count else { return false }
            finish(sink)
            return true
        }
        let start = MonotonicTime.nanoseconds
        do {
            var rows = StateRows()
            let hasMore = try capture.next(Self.pieceSize, into: &rows)
            // What lies in a store goes there, and with the store into the snapshot.
            if capture.storedRowCount == nil {
                sink.add(
                    rows, step: stepNames[node], part: name, schema: schema, worker: worker,
                    isComplete: capture.isComplete)
            }
            if !hasMore {
                // A savepoint's rows are counted as they are read.
                if let rowCount = capture.storedRowCount, sink.kind == .snapshot {
                    sink.count(stepNames[node], rowCount, capture.storedBytes)
                }
                if let stored = capture.stored {
                    sink.add(
                        stored, step: stepNames[node], part: name, schema: schema, worker: worker, environment.groups)
                }
                if let done = active?.captures.popLast(), capture.storedRowCount != nil {
                    active?.taken.append(done.capture)
                }
            }
        } catch { sink.fail(JobError.wrap(error, .snapshotFailed, step: stepNames[node])) }
        active?.steps[node]?.nanoseconds += MonotonicTime.nanoseconds - start
        return true
    }

    /// Does all that is left at once, if the barrier has reached every step.
    func completeNow() throws {
        guard let sink = active?.sink else { return }
        if sink.isCancelled { return cancel() }
        guard active?.reached.count == instances.count else { return }
        while active != nil && !sink.isCancelled { _ = driveOnce(sink) }
        if active != nil { cancel() }
        try environment.failure.check()
    }

    /// Waits until the store has written what it was given.
    ///
    /// What it can't write fails the snapshot, and nothing else: the
    /// tables count it as changed again.
    private func settle() {
        do { try environment.store?.settle() } catch {
            active?.sink.fail(error)
            for capture in (active?.taken ?? []) + (active?.captures ?? []).map(\.capture) { capture.forsake() }
            active?.taken = []
            active?.captures = []
        }
    }

    private func finish(_ sink: SnapshotInProgress) {
        settle()
        guard let active, !sink.isCancelled else { return cancel() }
        var checkpoint: (any StoreCheckpoint)?
        do { checkpoint = sink.kind == .snapshot ? try environment.store?.checkpoint() : nil } catch {
            sink.fail(error)
        }
        environment.gate.release()
        self.active = nil
        let steps = active.steps.map { (stepNames[$0.key], $0.value) }
        sink.finish(
            worker: worker,
            SnapshotInProgress.WorkerResult(
                steps: Dictionary(uniqueKeysWithValues: steps), checkpoint: checkpoint, groups: environment.groups,
                rowCounts: active.rowCounts, alignment: active.alignment))
    }

    /// Gives up; the state keeps what the captures had begun to take, and counts as changed what the store couldn't write.
    private func cancel() {
        settle()
        for capture in active?.captures ?? [] { capture.capture.cancel() }
        active = nil
        environment.gate.release()
    }
}
