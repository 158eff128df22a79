/// What travels in-band between batches and controls the dataflow.
@frozen
public enum Signal: Sendable, Equatable {
    /// No record with a timestamp at or before this one is expected any more.
    case watermark(Timestamp)
    /// The input has nothing for now and does not hold the watermark back.
    case idle
    /// The input goes on after ``idle``.
    case active
    /// The input has ended; a watermark of `Timestamp.max` came before. Nothing follows.
    case end
    /// A barrier: all before it belongs to the snapshot of this number, all after it doesn't. Sent by the engine only;
    /// what handles signals passes it on in its place, after all output that came before.
    case barrier(Int)
}
