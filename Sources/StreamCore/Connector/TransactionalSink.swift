/// Where a pipeline's results go exactly once: what is written becomes visible together with the snapshot that counts it.
///
/// Two-phase commit with the job's snapshots as the coordinator, as in Carbone et al., "State Management in Apache Flink"
/// (2017), and Flink's `TwoPhaseCommittingSink`. A worker's writer collects records; when a snapshot's barrier has come, it
/// prepares them, so that they outlast a crash but nobody sees them, and its transaction goes into the snapshot; once that
/// is durable, the committer makes them visible.
///
/// A job that ends, fails or is killed in between leaves transactions that were prepared. The next start hands those of the
/// snapshot to ``TransactionCommitter/recover(pending:)``, which also aborts the others. So results stay exactly once as long
/// as a job begins with its newest snapshot.
public protocol TransactionalSink<Element>: Sendable {
    /// The records.
    associatedtype Element: Sendable
    /// What writes a worker's share.
    associatedtype Writer: TransactionalWriter<Element>
    /// What makes it visible.
    associatedtype Committer: TransactionCommitter where Committer.Transaction == Writer.Transaction

    /// The writer of a worker, made when its first record comes, after the committer has recovered.
    func makeWriter(_ context: SinkContext) throws -> Writer

    /// The committer of the step, made when the job starts.
    func makeCommitter(_ context: CommitterContext) throws -> Committer
}

/// Writes a worker's share of a sink's records in transactions, on the worker's thread.
public protocol TransactionalWriter<Element> {
    /// The records.
    associatedtype Element: Sendable
    /// What the committer needs to know of a prepared transaction; it is saved in snapshots by ``StateCodec/automatic``.
    associatedtype Transaction: Sendable

    /// Begins a transaction, before its first batch.
    ///
    /// - Parameter epoch: the transaction's number on this worker, from 0 and rising; after a restore it goes on from the
    ///   snapshot's, so that a number that was never committed may come again, after its first bearer was aborted.
    mutating func begin(epoch: Int) throws

    /// Writes a batch. Must not change the batch.
    mutating func write(_ batch: Batch<Element>) throws

    /// Ends the transaction: everything written since ``begin(epoch:)`` must outlast a crash from now on, and be visible to
    /// nobody.
    ///
    /// Called when a barrier has come, if anything was written since the last one. An error fails the job.
    /// - Returns: what the committer is to commit; nil when there is nothing.
    mutating func prepare() throws -> Transaction?

    /// Lets go of what the writer holds. Called once, when the job has ended by itself or was stopped; not when it fails.
    mutating func close() throws
}

extension TransactionalWriter {
    /// Nothing.
    public mutating func close() throws {}
}

/// Makes prepared transactions visible, and aborts those that no snapshot knows.
///
/// Used by one thread at a time, not a worker's. There is one for all workers of a step.
public protocol TransactionCommitter<Transaction> {
    /// What a writer prepared.
    associatedtype Transaction: Sendable

    /// Makes a transaction visible, all of it or nothing.
    ///
    /// The same transaction may come again, in this process or after a restart, whether or not the first time succeeded:
    /// the second time must change nothing and succeed.
    /// - Throws: ``CommitError``; any other error is taken for one whose outcome is unknown.
    mutating func commit(_ transaction: Transaction) throws

    /// Commits the transactions that the snapshot holds, with which the job begins, and aborts all others that this
    /// pipeline's step has left, prepared or not.
    ///
    /// Called once, before any writer is made. `pending` is empty when the job begins afresh.
    mutating func recover(pending: [Transaction]) throws

    /// Says that the output is complete: the input has ended, or was drained, and all is committed.
    ///
    /// Called before ``close()``, by the thread that commits; not when the job fails, is cancelled or stops to go on later.
    /// It may come again: after an error, and when a job that had ended is started once more.
    mutating func finish() throws

    /// Lets go of what the committer holds; called once, at the end of the job or of its attempt.
    mutating func close()
}

extension TransactionCommitter {
    /// Nothing.
    public mutating func finish() throws {}

    /// Nothing.
    public mutating func close() {}
}

/// What a sink is told when its step's committer is made.
public struct CommitterContext: Sendable {
    /// The pipeline's name.
    public let pipeline: String
    /// The step's name.
    public let step: String
    /// The number of workers.
    public let parallelism: Int
    /// What the committer tells the step's writers; they find it in their contexts.
    public let run: CommitterRun

    /// The context of a step's committer.
    public init(pipeline: String, step: String, parallelism: Int, run: CommitterRun = CommitterRun()) {
        self.run = run
        self.pipeline = pipeline
        self.step = step
        self.parallelism = parallelism
    }
}

/// Why a transaction was not committed.
public struct CommitError: LastingFailure, Sendable, CustomStringConvertible {
    /// What is known of the transaction.
    public enum Outcome: Sendable {
        /// It was not committed; trying again may help.
        case notCommitted
        /// It may have been committed or not; trying again will show.
        case unknown
        /// It never can be: the job fails at once and doesn't begin again.
        case impossible
    }

    /// What is known of the transaction.
    public let outcome: Outcome
    /// What went wrong and what to do.
    public let message: String

    /// An error.
    public init(_ outcome: Outcome, message: String) {
        self.outcome = outcome
        self.message = message
    }

    /// Whether it never can be committed.
    public var isLasting: Bool { outcome == .impossible }

    /// The outcome and the message.
    public var description: String {
        switch outcome {
        case .notCommitted: "not committed: \(message)"
        case .unknown: "committed or not: \(message)"
        case .impossible: "can't be committed: \(message)"
        }
    }
}
