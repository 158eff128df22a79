public import StreamCore

extension DataStream {
    /// Looks each record up with an asynchronous function: in a service, a database, a cache.
    ///
    /// Up to `capacity` look-ups run at a time on each worker, as tasks on Swift's executor; the worker itself never
    /// waits for one. When as many more records wait, the input is held back. Results have their records' timestamps and
    /// never pass a watermark, and the end of the input waits for all.
    ///
    /// Records whose results have not left are part of the state: after a restart they are looked up again. So a look-up
    /// may happen more than once, and its result still comes once. What a look-up finds depends on when it happens: of
    /// the steps here this one alone is deterministic only as far as the function is.
    ///
    /// Timeouts and delays are counted by the job's clock. A look-up whose time is over is cancelled; cancelling the job
    /// cancels all. Neither waits for a function that doesn't heed it.
    /// ```swift
    /// clicks.lookup("profiles", capacity: 50, timeout: .seconds(2), retry: .exponential(attempts: 3, delay: .milliseconds(50))) {
    ///     click in Enriched(click, try await profiles.find(click.user))
    /// }
    /// ```
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - ordered: whether the results leave in the order of the records; otherwise as they are found, between two
    ///     watermarks. The default is true.
    ///   - capacity: how many look-ups run at a time on each worker. The default is 100.
    ///   - timeout: for how long a record is looked up, all attempts and the delays between them included. The default is
    ///     30 s.
    ///   - retry: how often it is tried. The default is once.
    ///   - onTimeout: makes the result of a record whose time is over, or nil for none. By default a timeout is an error,
    ///     ``LookupTimeout``.
    ///   - onError: what becomes of a record whose last attempt failed. By default the job fails, naming the step.
    ///   - function: the look-up.
    public func lookup<Output: Sendable>(
        _ name: String, ordered: Bool = true, capacity: Int = 100, timeout: Duration = .seconds(30),
        retry: LookupRetry = .none, onTimeout: (@Sendable (Element) throws -> Output?)? = nil,
        onError: ErrorPolicy = .fail, _ function: @escaping @Sendable (Element) async throws -> Output
    ) -> DataStream<Output> {
        var options = LookupOptions<Element, Output>()
        options.isOrdered = ordered
        options.capacity = capacity
        options.timeout = timeout
        options.retry = retry
        options.onTimeout = onTimeout
        options.onError = onError
        return attachLookup(name, options, function)
    }
}
