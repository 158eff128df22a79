public import StreamCore

extension KeyedStream {
    /// Joins each record with those of `other` with the same key in the same window.
    ///
    /// The pairs of a window come when the watermark passes its end, in the order of the records' times, and have its
    /// last millisecond as their time. A pair that is in several windows, as with sliding ones, comes for each of them.
    /// A late record within the allowed lateness gives at once the pairs that it is new in.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - window: how the records of both streams are assigned to windows, such as `.tumbling(.seconds(10))`.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - lateLeft: what becomes of this stream's later records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's later records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws, of a pair this stream's, once for each such pair.
    ///     By default the job fails. Such a pair counts as given; dead letters have the window's last millisecond as time.
    ///   - combine: makes the result of a pair.
    @inlinable
    public func join<Right: Sendable, Windows: Windowing, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, window: Windows, allowedLateness: Duration = .zero,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Right) throws -> Output
    ) -> DataStream<Output> where Windows.Element == WindowJoinRecord<Element, Right> {
        windowJoin(name, other, window, allowedLateness, lateLeft, lateRight, onError) { group, output in
            try group.forEachNewPair { left, right in try output.emit(left: left) { try combine(left, right) } }
        }
    }

    /// Joins as an inner window join does, and gives the records of this stream whose windows have none of the other as well.
    ///
    /// As ``join(_:_:window:allowedLateness:lateLeft:lateRight:onError:_:)``. Nothing is taken back: when a late record of the
    /// other stream comes within the allowed lateness, its pairs follow what was given without it.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - window: how the records of both streams are assigned to windows, such as `.tumbling(.seconds(10))`.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - lateLeft: what becomes of this stream's later records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's later records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws, of a pair this stream's, once for each such pair.
    ///     By default the job fails. Such a pair counts as given; dead letters have the window's last millisecond as time.
    ///   - combine: makes the result of a pair, or of a record without a match.
    @inlinable
    public func leftJoin<Right: Sendable, Windows: Windowing, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, window: Windows, allowedLateness: Duration = .zero,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Right?) throws -> Output
    ) -> DataStream<Output> where Windows.Element == WindowJoinRecord<Element, Right> {
        windowJoin(name, other, window, allowedLateness, lateLeft, lateRight, onError) { group, output in
            try group.forEachNewPair { left, right in try output.emit(left: left) { try combine(left, right) } }
            try group.forEachNewLeftAlone { left in try output.emit(left: left) { try combine(left, nil) } }
        }
    }

    /// Joins as an inner window join does, and gives the records of both streams whose windows have none of the other as well.
    ///
    /// As ``leftJoin(_:_:window:allowedLateness:lateLeft:lateRight:onError:_:)``, for both sides; at least one of the function's
    /// arguments is not nil.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - window: how the records of both streams are assigned to windows, such as `.tumbling(.seconds(10))`.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - lateLeft: what becomes of this stream's later records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's later records. By default they are dropped and counted.
    ///   - onError: what becomes of a record for which `combine` throws, of a pair this stream's, once for each such pair.
    ///     By default the job fails. Such a pair counts as given; dead letters have the window's last millisecond as time.
    ///   - combine: makes the result of a pair, or of a record without a match.
    @inlinable
    public func fullJoin<Right: Sendable, Windows: Windowing, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, window: Windows, allowedLateness: Duration = .zero,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element?, Right?) throws -> Output
    ) -> DataStream<Output> where Windows.Element == WindowJoinRecord<Element, Right> {
        windowJoin(name, other, window, allowedLateness, lateLeft, lateRight, onError) { group, output in
            try group.forEachNewPair { left, right in try output.emit(left: left) { try combine(left, right) } }
            try group.forEachNewLeftAlone { left in try output.emit(left: left) { try combine(left, nil) } }
            try group.forEachNewRightAlone { right in try output.emit(right: right) { try combine(nil, right) } }
        }
    }

    /// Hands all records of both streams with the same key in the same window to a function.
    ///
    /// The function is called when the watermark passes the window's end, for each key with a record on either side, and
    /// again with everything for each late record within the allowed lateness. Both lists are in the order of the
    /// records' times. The results have the window's last millisecond as their time.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second stream.
    ///   - window: how the records of both streams are assigned to windows, such as `.tumbling(.seconds(10))`.
    ///   - allowedLateness: how long after the watermark has passed its end a window still takes records. The default
    ///     is zero.
    ///   - lateLeft: what becomes of this stream's later records. By default they are dropped and counted.
    ///   - lateRight: what becomes of the other stream's later records. By default they are dropped and counted.
    ///   - onError: what becomes of a window for which `body` throws. By default the job fails; else it gives no results,
    ///     and its first record stands for it, of this stream if there is any: counted once, in one dead letter whose
    ///     reason names window and key and whose time is the window's last millisecond.
    ///   - body: makes the results, given the key, the window and the records of both streams.
    @inlinable
    public func coGroup<Right: Sendable, Windows: Windowing, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, window: Windows, allowedLateness: Duration = .zero,
        lateLeft: LateRecords<Element> = .drop, lateRight: LateRecords<Right> = .drop,
        onError: ErrorPolicy = .fail,
        _ body: @escaping @Sendable (Key, TimeWindow, [Element], [Right]) throws -> [Output]
    ) -> DataStream<Output> where Windows.Element == WindowJoinRecord<Element, Right> {
        windowJoin(name, other, window, allowedLateness, lateLeft, lateRight, onError) { group, output in
            try output.emit(group) {
                try body(
                    output.pane.key, output.pane.window, group.lefts.map(\.element), group.rights.map(\.element))
            }
        }
    }

    @inlinable
    func windowJoin<Right: Sendable, Windows: Windowing, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, _ windowing: Windows, _ allowedLateness: Duration,
        _ lateLeft: LateRecords<Element>, _ lateRight: LateRecords<Right>, _ onError: ErrorPolicy,
        _ results:
            @escaping @Sendable (CoGroup<Element, Right>, WindowJoinOutput<Key, Element, Right, Output>) throws -> Void
    ) -> DataStream<Output> where Windows.Element == WindowJoinRecord<Element, Right> {
        if let problem = windowing.problem { builder.reject(name, problem) }
        if allowedLateness < .zero {
            builder.reject(name, "the allowed lateness is negative; it must be zero or more")
        }
        if !windowing.takesTriggers {
            builder.reject(name, "\(Windows.self) can't be joined; use windows by time, such as .tumbling(…)")
        }
        let lateness = allowedLateness.milliseconds
        return connect(name, other, needsEventTime: windowing.needsEventTime) { context in
            try WindowJoinOperator<Key, Element, Right, Windows, Output>(
                windowing, CoGroupFunction(results: results, errors: try WindowJoinErrors(onError, context)),
                allowedLateness: lateness, lateLeft: lateLeft, lateRight: lateRight, context)
        }
    }
}

extension CoGroup {
    /// The pairs that were not emitted before.
    @inlinable
    func forEachNewPair(_ body: (Left, Right) throws -> Void) rethrows {
        for left in lefts {
            for right in rights where left.emitted == nil || left.emitted != right.emitted {
                try body(left.element, right.element)
            }
        }
    }

    /// The left records not emitted before, if there is no right one.
    @inlinable
    func forEachNewLeftAlone(_ body: (Left) throws -> Void) rethrows {
        guard rights.isEmpty else { return }
        for left in lefts where left.emitted == nil { try body(left.element) }
    }

    /// The right records not emitted before, if there is no left one.
    @inlinable
    func forEachNewRightAlone(_ body: (Right) throws -> Void) rethrows {
        guard lefts.isEmpty else { return }
        for right in rights where right.emitted == nil { try body(right.element) }
    }
}
