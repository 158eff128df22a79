public import StreamCore

extension KeyedStream {
    /// Joins each record with all those of `other` with the same key, of any time or no farther than `limit` from its own.
    ///
    /// Every pair is joined exactly once, whichever comes first; the result's timestamp is the later of both.
    ///
    /// With a limit a pair is joined when its times differ by at most that, whenever its records come, so the result
    /// doesn't depend on when something was dropped; a record goes when the watermark has passed its time by the limit.
    /// A record behind the watermark is late and joins nothing. Without a limit everything is kept for ever, nothing is
    /// late, and the streams need no event time.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - limit: for how long, in event time, a record is kept for those of the other stream; nil for ever.
    ///   - lateLeft: what becomes of this stream's late records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's late records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws: of a pair the one that came later, once for each
    ///     such pair. By default the job fails. Both are kept for other pairs.
    ///   - combine: makes the result of a pair.
    @inlinable
    public func join<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, keepFor limit: Duration?,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Right) throws -> Output
    ) -> DataStream<Output> {
        let milliseconds = limit?.milliseconds ?? .max
        if milliseconds < 0 {
            builder.reject(
                name, "records are to be kept for \(milliseconds) ms; keep them for zero or more, or nil for ever")
        }
        let keepsAll = limit == nil
        return connect(name, other, needsEventTime: !keepsAll) { context in
            try IntervalJoinOperator<Key, Element, Right, Output>(
                bounds: JoinBounds(lower: -Swift.max(milliseconds, 0), upper: milliseconds), keepsAll: keepsAll,
                lateLeft: try LatenessPolicy(allowed: 0, late: lateLeft, context: context),
                lateRight: try LatenessPolicy(allowed: 0, late: lateRight, context: context),
                results: JoinResults(pair: combine), onError: onError, context: context)
        }
    }
}
