public import StateBackend

/// What taking a snapshot came to.
public struct SnapshotReport: Sendable {
    /// What one step had to do with it.
    public struct Step: Sendable {
        /// The step's name.
        public let name: String
        /// The rows: those written to the snapshot's files, and of states that lie in a store all that the store has.
        public let rowCount: Int
        /// The bytes of keys and values written, before compression: to the snapshot's files, or to the store.
        ///
        /// To a store only what hadn't been written there before the barrier.
        public let byteCount: Int
        /// The workers' time for fixing and encoding the state.
        public let captureTime: Duration
    }

    /// The snapshot's number.
    public let id: Int
    /// Why it was taken.
    public let kind: SnapshotManifest.Kind
    /// When it was begun, in milliseconds since 1970.
    public let begun: Timestamp
    /// When it was durable.
    public let finished: Timestamp
    /// The bytes of all its files.
    public let byteCount: Int
    /// The bytes of the files that had to be written; the others are those of the snapshot before.
    public let writtenBytes: Int
    /// How long the barrier took from the sources to the last step, with the waiting of inputs that were ahead; of the
    /// slowest worker.
    public let alignmentTime: Duration
    /// How long the workers took, from the beginning to the last row that one of them handed on; the alignment is part of
    /// it.
    public let takingTime: Duration
    /// How long it took from then on until all files and the manifest were durable.
    ///
    /// Most is written while the workers still hand on rows.
    public let writingTime: Duration
    /// The steps that have state.
    public let steps: [Step]

    init(_ manifest: SnapshotManifest, _ progress: SnapshotInProgress) {
        (alignmentTime, takingTime, writingTime) = progress.times
        let rows = progress.rowCounts
        id = manifest.id
        kind = manifest.kind
        begun = manifest.begun
        finished = manifest.finished
        byteCount = manifest.byteCount
        writtenBytes = manifest.writtenBytes
        steps = manifest.steps.map { step in
            Step(
                name: step.name, rowCount: rows[step.name]?.rows ?? 0, byteCount: rows[step.name]?.bytes ?? 0,
                captureTime: .nanoseconds(step.captureNanoseconds))
        }
    }
}

/// How a job's snapshots are going.
public struct SnapshotStatus: Sendable {
    /// The newest snapshot that is durable, of this run; nil before the first.
    public internal(set) var last: SnapshotReport?
    /// When the newest durable snapshot was begun, the one included that the job began with; nil when there is none.
    ///
    /// After a crash the job would go on from there.
    public internal(set) var lastBegun: Timestamp?
    /// Why the last attempt failed; nil when it succeeded.
    public internal(set) var lastFailure: SnapshotError?
    /// The number of attempts that failed since the last one that succeeded.
    public internal(set) var consecutiveFailures = 0
    /// The number of snapshots of this run that are durable.
    public internal(set) var completed = 0
    /// Whether one is being taken.
    public internal(set) var isInProgress = false

    /// The time since the newest durable snapshot was begun: how much work a crash would repeat.
    ///
    /// Nil when there is none.
    public func age(at now: Timestamp) -> Duration? {
        lastBegun.map { .milliseconds(max(now.subtractingReportingOverflow($0).partialValue, 0)) }
    }
}
