/// How a job is doing, for health checks.
public struct JobHealth: Sendable {
    /// What a job does.
    public enum Phase: Sendable, Equatable {
        /// Its workers run.
        case running
        /// Its workers have failed and will begin again.
        case restarting
        /// It has ended, for whatever reason.
        case ended
    }

    /// What the job does.
    public let phase: Phase
    /// How often its workers have begun again.
    public let restarts: Int
    /// Why they failed last; nil when they never did.
    public let lastFailure: JobError?
    /// The time since the newest durable snapshot was begun: what a crash would repeat.
    ///
    /// Nil when there is none.
    public let snapshotAge: Duration?
    /// The snapshots that failed since the last one that succeeded.
    public let failedSnapshots: Int
}

/// What stopping a job came to.
public struct StopReport: Sendable {
    /// The job's last snapshot of its own storage; nil when it has none.
    public let snapshot: SnapshotReport?
    /// The savepoint that was asked for; nil when none was.
    public let savepoint: SnapshotReport?
}
