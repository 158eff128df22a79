/// An error that may say that a new attempt of the job can't help.
///
/// A job whose failure it is ends, whatever ``JobOptions/restarts`` says: a transaction that can never be committed, a
/// process that another one has replaced.
public protocol LastingFailure: Error {
    /// Whether the same would come of a new attempt, or worse.
    var isLasting: Bool { get }
}
