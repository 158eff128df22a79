public import StreamCore

extension DataStream {
    /// Turns each record into any number of records, here and in side outputs: for splitting a stream by content.
    ///
    /// ```swift
    /// let refunds = SideOutput<Order>("refunds")
    /// let sales = orders.process("split", as: Order.self) { order, context in
    ///     if order.amount < 0 { try context.emit(order, to: refunds) } else { try context.emit(order) }
    /// }
    /// sales.sideOutput(refunds).write("refunds", to: file)
    /// ```
    /// Where there is state or a timer per key, use ``KeyedStream/process(_:onError:_:)``.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline.
    ///   - type: the type of the records that go out.
    ///   - onError: what becomes of a record for which `body` throws; what it had emitted before stays. By default the
    ///     job fails.
    ///   - body: the function, given a record and a context through which it emits.
    @inlinable @inline(__always)
    public func process<Output: Sendable>(
        _ name: String, as type: Output.Type = Output.self, onError: ErrorPolicy = .fail,
        _ body: @escaping @Sendable (Element, borrowing RecordContext<Output>) throws -> Void
    ) -> DataStream<Output> {
        // Formed here, where the caller's compiler sees the function: one that captures nothing is inlined.
        let visit = {
            @Sendable
            (
                batch: Batch<Element>, collector: Collector<Output>, sides: SideCollectors, done: inout Int
            ) throws in
            let elements = batch.elements
            let timestamps = batch.timestamps
            let count = batch.count
            while done < count {
                try body(
                    elements[done], RecordContext(timestamp: timestamps[done], collector: collector, sides: sides))
                done &+= 1
            }
        }
        return attach(name) { context, outlet in
            let counters = context.counters
            let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
            let sides = SideCollectors(context)
            let errors = try context.errors(onError, for: Element.self)
            return Inlet<Batch<Element>>(
                consumes: false,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    collector.origin = batch.origin
                    var done = 0
                    while done < batch.count {
                        do { try visit(batch, collector, sides, &done) } catch {
                            try errors.dispose(
                                batch.elements[done], at: batch.timestamps[done], error, from: batch.origin)
                            done &+= 1
                        }
                    }
                    try collector.flush()
                    try sides.flush()
                }, onSignal: { try outlet.signal($0) })
        }
    }
}

/// What the function of a stateless `process` can see and do while it handles one record.
///
/// Can't be kept.
@frozen
public struct RecordContext<Output: Sendable>: ~Copyable {
    /// The record's event time.
    public let timestamp: Timestamp
    @usableFromInline let collector: Collector<Output>
    @usableFromInline let sides: SideCollectors

    @inlinable
    init(timestamp: Timestamp, collector: Collector<Output>, sides: SideCollectors) {
        self.timestamp = timestamp
        self.collector = collector
        self.sides = sides
    }

    /// Emits a record with the current ``timestamp``.
    @inlinable @inline(__always)
    public func emit(_ element: Output) throws { try collector.emit(element, at: timestamp) }

    /// Emits a record to a side output of the step.
    @inlinable
    public func emit<Side: Sendable>(_ element: Side, to tag: SideOutput<Side>) throws {
        try sides.emit(element, to: tag, at: timestamp)
    }
}
