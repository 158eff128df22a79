/// How far a loop over a batch's records has come, when it ends or a record fails.
@frozen @usableFromInline
struct LoopProgress {
    /// The records that are done.
    @usableFromInline var done: Int
    /// Those of them that are kept, at the batch's beginning.
    @usableFromInline var kept: Int

    @inlinable @inline(__always)
    init(done: Int = 0, kept: Int = 0) {
        self.done = done
        self.kept = kept
    }
}
