/// What a ``TransactionalSinkSuite`` checks: one expectation each.
public enum TransactionalSinkCheck: String, Sendable, CaseIterable, CustomStringConvertible {
    /// What was written or prepared is visible to nobody.
    case preparedIsNotVisible
    /// What was committed is visible, all of it and once.
    case committedIsVisible
    /// A commit that comes again changes nothing and succeeds.
    case commitTwice
    /// What was prepared outlasts the process: a new sink commits it.
    case commitAfterRestart
    /// A new sink that is given what was committed before leaves it as it is.
    case recoverWhatIsCommitted
    /// What no snapshot knows is aborted by the next start, prepared or not, and leaves nothing behind.
    case abortLeftovers
    /// The number of an aborted transaction comes again, with other records.
    case numberOfAnAbortedTransaction
    /// Several transactions of a worker that wait to be committed keep their order.
    case severalPending
    /// Workers that had no records, and batches without any.
    case emptyTransactions
    /// Transactions of several workers are committed each by itself.
    case severalWorkers
    /// A start at another parallelism commits what the workers of before had prepared.
    case rescaling
    /// What other pipelines and other steps have prepared is left alone.
    case othersAreLeftAlone
    /// The records of a worker are visible in the order in which they were written.
    case orderOfAWorker
    /// Transactions of many batches.
    case largeTransactions
    /// Writing doesn't change a batch, which other steps may have, too.
    case batchesAreLeftAlone
    /// Closing writers and the committer takes nothing away, and a new start goes on.
    case closing
    /// A transaction that was aborted can't be committed: the commit fails.
    case abortedCannotBeCommitted
    /// Random writes, snapshots, commits, crashes and restarts, compared with a model.
    case random

    /// The check's name.
    public var description: String { rawValue }
}
