internal import Synchronization

/// A number that a step's committer hands to the writers of the same attempt of the job.
///
/// A sink into a database numbers its runs there, so that it can refuse a process that was replaced. The committer sets
/// the number when it recovers. A writer that looked the newest one up instead, at its first record, could find that of
/// another process that has begun meanwhile, and write on as if it were part of it.
public final class CommitterRun: Sendable {
    private let value = Mutex<Int64?>(nil)

    /// The number; nil until the committer has set it.
    public var number: Int64? {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }

    /// One without a number.
    public init() {}
}
