internal import StateBackend
internal import Synchronization

/// A snapshot that is being taken: collects what the workers hand on and has it written, in order, away from them.
final class SnapshotInProgress: Sendable {
    /// What a worker says of a step beside its rows.
    struct StepResult: Sendable {
        var watermark: Timestamp
        var nanoseconds: Int64 = 0
        var splits: [SplitState] = []
        var parts: [(name: String, schema: StateSchema)] = []
        var storedParts: [String] = []

        init(watermark: Timestamp) { self.watermark = watermark }
    }

    /// What a worker says when it is done.
    struct WorkerResult: Sendable {
        var steps: [String: StepResult]
        var checkpoint: (any StoreCheckpoint)?
        var groups: Range<Int>
        var rowCounts: [String: Int]
        /// The nanoseconds from when the worker knew of the barrier until it had come to its last step.
        var alignment: Int64
    }

    private struct State: Sendable {
        var left: Int
        var isComplete = false
        var results: [Int: WorkerResult] = [:]
        var failure: SnapshotError?
        var rows: [String: (rows: Int, bytes: Int)] = [:]
        var takenAt: Int64?
    }

    let kind: SnapshotManifest.Kind
    let base: SnapshotManifest?
    private let begunAt = MonotonicTime.nanoseconds
    /// Whether barriers may overtake what is in the exchanges, where the options allow it.
    ///
    /// Not so in the last ones, at a stop: what was overtaken would have its results after the job's own snapshot and before
    /// the savepoint, and who began with the savepoint could never go back to the job's own.
    let mayOvertake: Bool
    private let keyGroups: KeyGroups
    private let isIncremental: Bool
    private let executor: any SnapshotExecutor
    private let writer: WriterBox
    private let backlog = Atomic<Int>(0)
    private let cancelled = Atomic<Bool>(false)
    private let state: Mutex<State>
    /// Called when all workers have handed on what they have.
    private let onTaken: @Sendable (SnapshotInProgress) -> Void
    /// Called by the executor when all of that is written, or at the first failure.
    private let completion: @Sendable (SnapshotInProgress) -> Void

    /// The writer, which only the executor's work uses.
    ///
    /// Invariant (the reason for `@unchecked Sendable`): the executor does one piece of work after the other.
    final class WriterBox: @unchecked Sendable {
        var writer: SnapshotWriter

        init(_ writer: SnapshotWriter) { self.writer = writer }
    }

    init(
        kind: SnapshotManifest.Kind, base: SnapshotManifest?, isIncremental: Bool, keyGroups: KeyGroups, workers: Int,
        mayOvertake: Bool, writer: WriterBox, executor: any SnapshotExecutor,
        onTaken: @escaping @Sendable (SnapshotInProgress) -> Void,
        completion: @escaping @Sendable (SnapshotInProgress) -> Void
    ) {
        self.kind = kind
        self.base = base
        self.isIncremental = isIncremental
        self.mayOvertake = mayOvertake
        self.keyGroups = keyGroups
        self.writer = writer
        self.executor = executor
        self.onTaken = onTaken
        self.completion = completion
        state = Mutex(State(left: workers))
    }

    /// Whether so much waits to be written that workers should wait with more.
    var isBehind: Bool { backlog.load(ordering: .relaxed) > 32 << 20 }

    /// Whether the snapshot has failed.
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    var failure: SnapshotError? { state.withLock { $0.failure } }
    var results: [Int: WorkerResult] { state.withLock { $0.results } }

    /// The rows and bytes of each step.
    var rowCounts: [String: (rows: Int, bytes: Int)] { state.withLock { $0.rows } }

    /// How long the barrier took on the slowest worker, all took until the workers had handed on what they have, and it has
    /// taken since.
    var times: (alignment: Duration, taking: Duration, writing: Duration) {
        let now = MonotonicTime.nanoseconds
        return state.withLock { state in
            let taken = state.takenAt ?? now
            return (
                .nanoseconds(state.results.values.map(\.alignment).max() ?? 0), .nanoseconds(taken - begunAt),
                .nanoseconds(now - taken)
            )
        }
    }

    /// How much of a part is wanted.
    func mode(step: String, part: String, worker: Int) -> CaptureMode {
        if kind == .savepoint { return .everything }
        guard isIncremental else { return .everything }
        guard let base, !base.wantsEverything(step: step, part: part, worker: worker) else { return .everything }
        return .changes
    }

    /// Has rows written; none at all also says that the part has what it had.
    func add(_ rows: StateRows, step: String, part: String, schema: StateSchema, worker: Int, isComplete: Bool) {
        guard !isCancelled else { return }
        let size = rows.byteCount + rows.count * 48
        backlog.add(size, ordering: .relaxed)
        count(step, rows.count, rows.byteCount)
        write { writer in
            defer { self.backlog.subtract(size, ordering: .relaxed) }
            try writer.write(rows, step: step, part: part, schema: schema, worker: worker, isComplete: isComplete)
        }
    }

    /// Has rows written that lie in a store.
    func add(
        _ stored: any StoredRowsView, step: String, part: String, schema: StateSchema, worker: Int, _ groups: Range<Int>
    ) {
        executor.submit { [self] in
            defer { stored.release() }
            guard !isCancelled else { return }
            do { try write(stored, step, part, schema, worker, groups) } catch { fail(error) }
        }
    }

    private func write(
        _ stored: any StoredRowsView, _ step: String, _ part: String, _ schema: StateSchema, _ worker: Int,
        _ groups: Range<Int>
    ) throws {
        let writer = writer.writer
        var rows = StateRows()
        try stored.scan(groups: groups) { group, key, value in
            // The group is all that the hash is needed for.
            rows.append(hash: keyGroups.hash(inGroup: group), key: key, value: value)
            if rows.byteCount > 1 << 18 {
                count(step, rows.count, rows.byteCount)
                try writer.write(rows, step: step, part: part, schema: schema, worker: worker, isComplete: true)
                rows.removeAll()
            }
            return !isCancelled
        }
        count(step, rows.count, rows.byteCount)
        try writer.write(rows, step: step, part: part, schema: schema, worker: worker, isComplete: true)
    }

    /// Counts rows and bytes of a step.
    func count(_ step: String, _ rows: Int, _ bytes: Int) {
        state.withLock { state in
            let known = state.rows[step] ?? (0, 0)
            state.rows[step] = (known.rows + rows, known.bytes + bytes)
        }
    }

    private func write(_ body: @escaping @Sendable (SnapshotWriter) throws -> Void) {
        executor.submit { [self] in
            guard !isCancelled else { return }
            do { try body(writer.writer) } catch { fail(error) }
        }
    }

    /// A worker is done.
    func finish(worker: Int, _ result: WorkerResult) {
        let (isLast, isWanted) = state.withLock { state in
            state.left -= 1
            guard state.failure == nil else { return (false, false) }
            state.results[worker] = result
            if state.left == 0 { state.takenAt = MonotonicTime.nanoseconds }
            return (state.left == 0, true)
        }
        // Who gave the snapshot up knows nothing of this one's files.
        if !isWanted { result.checkpoint?.release() }
        guard isLast else { return }
        executor.submit { if !self.isCancelled { self.complete() } }
        onTaken(self)
    }

    /// Ends it, once: it may be given up while it is being made durable.
    private func complete() {
        let isFirst = state.withLock { state in
            defer { state.isComplete = true }
            return !state.isComplete
        }
        if isFirst { completion(self) }
    }

    /// Gives the snapshot up; the first failure counts.
    func fail(_ error: any Error) {
        let failure = SnapshotError(cause: error)
        let isFirst = state.withLock { state in
            defer { state.failure = state.failure ?? failure }
            return state.failure == nil
        }
        guard isFirst else { return }
        cancelled.store(true, ordering: .releasing)
        executor.submit { self.complete() }
    }
}
