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
    /// Lets a barrier overtake what waits to be polled, where that may be; whether anything was moved.
    var overtake: ((_ now: Timestamp) throws -> Bool)?

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
