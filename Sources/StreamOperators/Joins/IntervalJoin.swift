public import StreamCore

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
    ///   - onError: what becomes of a record for which `combine` throws: of a pair the one that came later, once for each
    ///     such pair. By default the job fails. Both are kept for other pairs, and count as matched.
    ///   - combine: makes the result of a pair.
    @inlinable
    public func join<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, within bounds: JoinBounds,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Right) throws -> Output
    ) -> DataStream<Output> {
        intervalJoin(
            name, other, within: bounds, lateLeft: lateLeft, lateRight: lateRight, onError: onError,
            JoinResults(pair: combine))
    }

    /// Joins as an inner interval join does, and gives the records of this stream that have no match as well.
    ///
    /// As ``join(_:_:within:lateLeft:lateRight:onError:_:)``, and a record of this stream without a match comes as well, with
    /// its own timestamp, as soon as the watermark proves that no match can come: when it is greater than the record's
    /// time plus the upper bound. For
    /// that the watermark of the result lags behind the input's. A late record is in the late output alone.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - bounds: how far after (or before) a record of this stream one of `other` may be.
    ///   - lateLeft: what becomes of this stream's late records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's late records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws: of a pair the one that came later, once for each
    ///     such pair. By default the job fails. Both are kept for other pairs, and count as matched.
    ///   - combine: makes the result of a pair, or of a record without a match.
    @inlinable
    public func leftJoin<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, within bounds: JoinBounds,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Right?) throws -> Output
    ) -> DataStream<Output> {
        intervalJoin(
            name, other, within: bounds, lateLeft: lateLeft, lateRight: lateRight, onError: onError,
            JoinResults(pair: combine, leftAlone: { try combine($0, nil) }))
    }

    /// Joins as an inner interval join does, and gives the records of `other` that have no match as well.
    ///
    /// As ``join(_:_:within:lateLeft:lateRight:onError:_:)``, and a record of `other` without a match comes as well, with
    /// its own timestamp, as soon as the watermark proves that no match can come: when it is greater than the record's
    /// time less the lower bound. For
    /// that the watermark of the result lags behind the input's. A late record is in the late output alone.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - bounds: how far after (or before) a record of this stream one of `other` may be.
    ///   - lateLeft: what becomes of this stream's late records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's late records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws: of a pair the one that came later, once for each
    ///     such pair. By default the job fails. Both are kept for other pairs, and count as matched.
    ///   - combine: makes the result of a pair, or of a record without a match.
    @inlinable
    public func rightJoin<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, within bounds: JoinBounds,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element?, Right) throws -> Output
    ) -> DataStream<Output> {
        intervalJoin(
            name, other, within: bounds, lateLeft: lateLeft, lateRight: lateRight, onError: onError,
            JoinResults(pair: combine, rightAlone: { try combine(nil, $0) }))
    }

    /// Joins as an inner interval join does, and gives the records of both streams that have no match as well.
    ///
    /// As ``leftJoin(_:_:within:lateLeft:lateRight:onError:_:)`` and ``rightJoin(_:_:within:lateLeft:lateRight:onError:_:)`` in one; at
    /// least one of the function's arguments is not nil.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - bounds: how far after (or before) a record of this stream one of `other` may be.
    ///   - lateLeft: what becomes of this stream's late records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's late records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws: of a pair the one that came later, once for each
    ///     such pair. By default the job fails. Both are kept for other pairs, and count as matched.
    ///   - combine: makes the result of a pair, or of a record without a match.
    @inlinable
    public func fullJoin<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, within bounds: JoinBounds,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element?, Right?) throws -> Output
    ) -> DataStream<Output> {
        intervalJoin(
            name, other, within: bounds, lateLeft: lateLeft, lateRight: lateRight, onError: onError,
            JoinResults(
                pair: combine, leftAlone: { try combine($0, nil) }, rightAlone: { try combine(nil, $0) }))
    }

    @inlinable
    func intervalJoin<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, within bounds: JoinBounds,
        lateLeft: LateRecords<Element>, lateRight: LateRecords<Right>, onError: ErrorPolicy,
        _ results: JoinResults<Element, Right, Output>
    ) -> DataStream<Output> {
        if let problem = bounds.problem { builder.reject(name, problem) }
        return connect(name, other) { context in
            try IntervalJoinOperator<Key, Element, Right, Output>(
                bounds: bounds, lateLeft: try LatenessPolicy(allowed: 0, late: lateLeft, context: context),
                lateRight: try LatenessPolicy(allowed: 0, late: lateRight, context: context), results: results,
                onError: onError, context: context)
        }
    }
}
