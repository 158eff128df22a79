public import StateBackend
public import StreamCore

extension DataStream {
    /// Joins each record with the entry of a table that every worker holds: rules, or a dimension table.
    ///
    /// The table is what `rules` has said up to now: each of its records replaces the one of the same key, or removes
    /// it. A record meets the table as it is when the record comes; between the two streams there is no order, so
    /// records that come before their rule meet none. For versions by event time see
    /// ``KeyedStream/join(_:versions:lateLeft:lateVersions:isDeletion:onError:_:)``.
    ///
    /// Nothing is moved between the workers for it. Records keep their timestamps; the result's watermark is this
    /// stream's, and `rules` needs none. The table is kept for ever and is part of the state.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - rules: the table's changes, of which every worker receives all, in the same order.
    ///   - key: what an entry of the table is found by.
    ///   - on: which entry a record is joined with.
    ///   - isRemoval: whether a change removes its entry. By default none does.
    ///   - onError: what becomes of a record for which `combine` throws. By default the job fails.
    ///   - combine: makes the result of a record and the table's entry, nil where there is none.
    @inlinable
    public func join<Rule: Sendable, RuleKey: StreamKey, Output: Sendable>(
        _ name: String, broadcast rules: DataStream<Rule>, by key: @escaping @Sendable (Rule) -> RuleKey,
        on: @escaping @Sendable (Element) -> RuleKey, isRemoval: (@Sendable (Rule) -> Bool)? = nil,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Rule?) throws -> Output
    ) -> DataStream<Output> {
        attachBroadcast(name, rules) { context, outlet in
            let table: BroadcastState<RuleKey, Rule> = try context.state.broadcast("rules")
            let main: Inlet<Batch<Element>> = try broadcastJoinInlet(
                table.view, context, outlet, records: { $0 }, origin: { batch, _ in batch.origin }, on: on,
                onError: onError, combine)
            return (main, { changeRules(table, $0, by: key, isRemoval: isRemoval) })
        }
    }
}

extension KeyedStream {
    /// Joins each record with the entry of a table that every worker holds; see
    /// ``DataStream/join(_:broadcast:by:on:isRemoval:onError:_:)``.
    @inlinable
    public func join<Rule: Sendable, RuleKey: StreamKey, Output: Sendable>(
        _ name: String, broadcast rules: DataStream<Rule>, by key: @escaping @Sendable (Rule) -> RuleKey,
        on: @escaping @Sendable (Element) -> RuleKey, isRemoval: (@Sendable (Rule) -> Bool)? = nil,
        onError: ErrorPolicy = .fail, _ combine: @escaping @Sendable (Element, Rule?) throws -> Output
    ) -> DataStream<Output> {
        attachBroadcast(name, rules) { context, outlet in
            let table: BroadcastState<RuleKey, Rule> = try context.state.broadcast("rules")
            let main: Inlet<KeyedBatch<Key, Element>> = try broadcastJoinInlet(
                table.view, context, outlet, records: { $0.records }, origin: { $0.origin(at: $1) }, on: on,
                onError: onError, combine)
            return (main, { changeRules(table, $0, by: key, isRemoval: isRemoval) })
        }
    }
}

/// The inlet of the records that meet the table.
@inlinable
func broadcastJoinInlet<Payload: BatchPayload, Element: Sendable, Rule: Sendable, RuleKey: StreamKey, Output: Sendable>(
    _ rules: BroadcastView<RuleKey, Rule>, _ context: OperatorContext, _ outlet: Outlet<Batch<Output>>,
    records: @escaping (Payload) -> Batch<Element>, origin: @escaping (Payload, Int) -> BatchOrigin?,
    on: @escaping (Element) -> RuleKey, onError: ErrorPolicy,
    _ combine: @escaping (Element, Rule?) throws -> Output
) throws -> Inlet<Payload> {
    let counters = context.counters
    let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
    let errors = try context.errors(onError, for: Element.self)
    return Inlet<Payload>(
        consumes: false,
        onBatch: { batch in
            counters.addIn(batch.count)
            let records = records(batch)
            for i in 0..<records.count {
                let element = records.elements[i]
                let result: Output
                do { result = try combine(element, rules[on(element)]) } catch {
                    try errors.dispose(element, at: records.timestamps[i], error, from: origin(batch, i))
                    continue
                }
                try collector.emit(result, at: records.timestamps[i])
            }
            try collector.flush()
        },
        onSignal: { try outlet.signal($0) })
}

/// Applies a batch of changes to the table.
@inlinable
func changeRules<Rule: Sendable, RuleKey: StreamKey>(
    _ table: BroadcastState<RuleKey, Rule>, _ changes: Batch<Rule>, by key: (Rule) -> RuleKey,
    isRemoval: ((Rule) -> Bool)?
) {
    for i in 0..<changes.count {
        let rule = changes.elements[i]
        table[key(rule)] = isRemoval?(rule) == true ? nil : rule
    }
}
