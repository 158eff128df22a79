public import StreamCore

/// How far, in event time, a record of the second stream may be from one of the first: [lower, upper], both inclusive.
public struct JoinBounds: Sendable, Equatable {
    /// The least difference, in milliseconds; negative for before.
    public let lower: Int64
    /// The greatest difference, in milliseconds.
    public let upper: Int64

    /// At the same time or after, by up to `limit`.
    public static func after(upTo limit: Duration) -> JoinBounds { JoinBounds(lower: 0, upper: limit.milliseconds) }

    /// At the same time or before, by up to `limit`.
    public static func before(upTo limit: Duration) -> JoinBounds {
        JoinBounds(lower: -Swift.max(limit.milliseconds, -.max), upper: 0)
    }

    /// By `lower` to `upper`; negative for before.
    public static func between(_ lower: Duration, _ upper: Duration) -> JoinBounds {
        JoinBounds(lower: lower.milliseconds, upper: upper.milliseconds)
    }
}

extension KeyedStream {
    /// Joins each record with those of `other` with the same key whose time is within `bounds` of its own.
    ///
    /// Every pair of records that are not late is joined exactly once, whichever comes first; the result's timestamp
    /// is the later of both. A record behind the watermark is late and joins nothing.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - bounds: how far after (or before) a record of this stream one of `other` may be.
    ///   - lateLeft: what becomes of this stream's late records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's late records. By default they are dropped and counted.
    ///   - combine: makes the result of a pair. An error that it throws stops the job, which names the step.
    @inlinable
    public func join<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, within bounds: JoinBounds,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        _ combine: @escaping @Sendable (Element, Right) throws -> Output
    ) -> DataStream<Output> {
        if bounds.lower > bounds.upper {
            builder.reject(
                name,
                "the join's lower bound, \(bounds.lower) ms, is above the upper one, \(bounds.upper) ms; swap them")
        }
        return connect(name, other) { context in
            IntervalJoinOperator<Key, Element, Right, Output>(
                bounds: bounds, lateLeft: try LatenessPolicy(allowed: 0, late: lateLeft, context: context),
                lateRight: try LatenessPolicy(allowed: 0, late: lateRight, context: context), combine: combine)
        }
    }
}
