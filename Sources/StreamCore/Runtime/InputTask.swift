/// What asking an input for work came to.
@usableFromInline
enum PollResult {
    /// Something was done.
    case progress
    /// There is nothing to do now.
    case idle
    /// The input has ended.
    case finished
}

/// What a worker polls: a source or the receiving end of an exchange.
@usableFromInline
struct InputTask {
    @usableFromInline let poll: () throws -> PollResult

    @usableFromInline
    init(poll: @escaping () throws -> PollResult) { self.poll = poll }
}

/// A sending end of an exchange, as the worker sees it.
@usableFromInline
struct BlockableSender {
    let isBlocked: () -> Bool
    let retry: () -> Bool

    @usableFromInline
    init(isBlocked: @escaping () -> Bool, retry: @escaping () -> Bool) {
        self.isBlocked = isBlocked
        self.retry = retry
    }
}
