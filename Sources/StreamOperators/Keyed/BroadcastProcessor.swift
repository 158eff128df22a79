public import StateBackend
public import StreamCore

/// A step of one's own over a keyed stream and a second one that every worker receives, such as rules or settings.
///
/// What the second input says is kept in a ``BroadcastState``, the same on every worker: it is changed by
/// ``processBroadcast(_:_:_:)`` alone, which must depend on nothing but its arguments. The rest of the step gets a view
/// of it when it is made, and can't write through that.
///
/// ```swift
/// struct Alert: BroadcastProcessor {
///     typealias Key = String
///     typealias Input = Payment
///     typealias Output = String
///
///     let limits: BroadcastView<String, Int>
///
///     mutating func process(_ payment: Payment, _ context: borrowing ProcessContext<Self>) throws {
///         if payment.amount > limits[payment.country] ?? .max { try context.emit(payment.id) }
///     }
///     mutating func processBroadcast(
///         _ limit: Limit, _ limits: BroadcastState<String, Int>, _ context: borrowing BroadcastContext<Self>
///     ) throws { limits[limit.country] = limit.amount }
/// }
/// payments.keyBy(\.account).process("alerts", broadcast: limits) { state, limits in Alert(limits: limits) }
/// ```
public protocol BroadcastProcessor: KeyedStep {
    /// The records of the keyed stream.
    associatedtype Input: Sendable
    /// The records that every worker receives.
    associatedtype Broadcast: Sendable
    /// What the broadcast state's entries are found by.
    associatedtype BroadcastKey: StreamKey
    /// The broadcast state's values.
    associatedtype BroadcastValue: Sendable

    /// Processes a record of the keyed stream; the state's handles show its key's values.
    mutating func process(_ element: Input, _ context: borrowing ProcessContext<Self>) throws

    /// Processes a record of the second stream, on every worker.
    ///
    /// - Parameters:
    ///   - element: the record.
    ///   - state: the broadcast state, to be changed in the same way on every worker.
    ///   - context: reaches the keys of this worker, if need be.
    mutating func processBroadcast(
        _ element: Broadcast, _ state: BroadcastState<BroadcastKey, BroadcastValue>,
        _ context: borrowing BroadcastContext<Self>) throws
}

/// What a broadcast processor can see and do while it handles a record that every worker receives.
///
/// Can't be kept.
@frozen
public struct BroadcastContext<Step: KeyedStep>: ~Copyable {
    @usableFromInline let runner: KeyedStepRunner<Step>
    /// The record's event time.
    public let timestamp: Timestamp

    @inlinable
    init(runner: KeyedStepRunner<Step>, timestamp: Timestamp) {
        self.runner = runner
        self.timestamp = timestamp
    }

    /// The watermark; `Timestamp.min` before there is one.
    @inlinable public var watermark: Timestamp { runner.watermark }

    /// The time that the job's clock shows.
    @inlinable public var processingTime: Timestamp { runner.context.processingTime.now }

    /// Calls `body` for each key that has a value in the keyed state of the given name, in no particular order.
    ///
    /// Each key is on one worker, so all workers together reach every key once. `body` may read and change the key's
    /// state, set timers and emit; the context that it is given has the broadcast record's ``timestamp``.
    /// - Throws: ``StateError`` with code `unknownState` when there is no such state; what `body` throws.
    @inlinable
    public func forEachKey(
        having state: String, _ body: (borrowing ProcessContext<Step>) throws -> Void
    ) throws {
        guard let part = runner.context.state[state] else {
            throw StateError(
                code: .unknownState,
                message: "'\(state)' is not one of the step's states, which are \(runner.context.state.names)")
        }
        var keys: [Step.Key] = []
        part.inspect { key, _ in if let key = key as? Step.Key { keys.append(key) } }
        for key in keys {
            runner.store.select(key, hash: key.stableHash)
            try body(ProcessContext(runner: runner, key: key, timestamp: timestamp, timeDomain: .eventTime))
        }
    }
}

extension KeyedStream {
    /// Runs a processor of one's own over this stream and a second one that every worker receives.
    ///
    /// The second stream's records take effect as they arrive; the first stream does not wait for them. Where that
    /// matters, keep records in state until the rules that they need are there. A second stream without event time does
    /// not hold the watermark back.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - second: the stream that every worker receives, all in one order.
    ///   - onError: what becomes of a record, or timer, for which the processor throws. By default the job fails. A
    ///     broadcast record is disposed of by each worker.
    ///   - make: makes a worker's processor, with the states that it asks the store for and the view of the broadcast
    ///     state.
    @inlinable
    public func process<Broadcast: Sendable, Processor: BroadcastProcessor>(
        _ name: String, broadcast second: DataStream<Broadcast>, onError: ErrorPolicy = .fail,
        _ make:
            @escaping @Sendable (
                KeyedStateStore<Key>, BroadcastView<Processor.BroadcastKey, Processor.BroadcastValue>
            ) throws -> Processor
    ) -> DataStream<Processor.Output>
    where Processor.Key == Key, Processor.Input == Element, Processor.Broadcast == Broadcast {
        typealias Shared = BroadcastState<Processor.BroadcastKey, Processor.BroadcastValue>
        builder.tryOut(name) { _ = try make(KeyedStateStore(), Shared().view) }
        let hasEventTime = hasEventTime
        let broadcastHasEventTime = second.hasEventTime
        let everywhere = second.broadcastInOrder(name)
        return attach(name, broadcast: everywhere, needsEventTime: Processor.needsEventTime) { context, outlet in
            let shared: Shared = try context.state.broadcast("weir.broadcast")
            let runner = try KeyedStepRunner<Processor>(context, outlet, hasEventTime: hasEventTime, onError: onError) {
                try make($0, shared.view)
            }
            let merger = context.mergeInputs(2)
            // Without event time it takes part in the end only.
            if !broadcastHasEventTime { merger.receive(.idle, from: 1) { _ in } }
            let errors = try context.errors(onError, for: Element.self)
            let broadcastErrors = try context.errors(onError, for: Broadcast.self)
            let keyed = Inlet<KeyedBatch<Key, Element>>(
                consumes: false,
                onBatch: { try runner.forEach($0, errors) { try $0.process($1, $2) } },
                onSignal: { try merger.receive($0, from: 0) { try runner.receive($0) } })
            let broadcast = Inlet<Batch<Broadcast>>(
                consumes: false,
                onBatch: { batch in
                    context.counters.addIn(batch.count)
                    runner.output.origin = batch.origin
                    for i in 0..<batch.count {
                        do {
                            try runner.step?.processBroadcast(
                                batch.elements[i], shared,
                                BroadcastContext(runner: runner, timestamp: batch.timestamps[i]))
                        } catch {
                            try broadcastErrors.dispose(
                                batch.elements[i], at: batch.timestamps[i], error, from: batch.origin)
                        }
                    }
                    try runner.flush()
                },
                onSignal: { signal in
                    guard broadcastHasEventTime || signal == .end else { return }
                    try merger.receive(signal, from: 1) { try runner.receive($0) }
                })
            return (keyed, broadcast)
        }
    }
}
