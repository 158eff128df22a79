public import StateBackend
public import StreamCore

/// A step of one's own over a keyed stream, with state and timers per key.
///
/// ```swift
/// struct Abandoned: KeyedProcessor {
///     typealias Key = String
///     typealias Input = Event
///     typealias Output = Event
///     enum TimerID { case giveUp }
///
///     let basket: ValueState<String, Event>
///     init(_ state: KeyedStateStore<String>) throws { basket = try state.value("basket") }
///
///     mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
///         if event.isPurchase { basket.value = nil; context.cancelTimer(.giveUp) }
///         else { basket.value = event; context.setTimer(.giveUp, at: event.time + 1_800_000) }
///     }
///     mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
///         if let event = basket.value { try context.emit(event) }
///         basket.value = nil
///     }
/// }
/// events.keyBy(\.user).process("abandoned") { try Abandoned($0) }
/// ```
public protocol KeyedProcessor: SendableType {
    /// The keys.
    associatedtype Key: StreamKey
    /// The records that come in.
    associatedtype Input: Sendable
    /// The records that go out.
    associatedtype Output: Sendable
    /// The timers' names; by default there are none.
    associatedtype TimerID: Hashable & Sendable = Never

    /// Processes a record; the state's handles show its key's values. An error stops the job, which names the step.
    mutating func process(_ element: Input, _ context: borrowing ProcessContext<Self>) throws

    /// Reacts to a timer of a key; the state's handles show the key's values.
    ///
    /// - Parameters:
    ///   - id: the timer's name.
    ///   - time: the time that it was set for.
    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws
}

extension KeyedProcessor where TimerID == Never {
    /// Never called.
    @inlinable
    public mutating func onTimer(_ id: Never, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {}
}

/// What a processor can see and do while it handles one record or timer.
///
/// Can't be kept.
@frozen
public struct ProcessContext<Processor: KeyedProcessor>: ~Copyable {
    @usableFromInline let runner: KeyedProcessRunner<Processor>
    /// The key.
    public let key: Processor.Key
    /// The record's event time, or the time that the timer was set for.
    public let timestamp: Timestamp

    @inlinable
    init(runner: KeyedProcessRunner<Processor>, key: Processor.Key, timestamp: Timestamp) {
        self.runner = runner
        self.key = key
        self.timestamp = timestamp
    }

    /// The watermark; `Timestamp.min` before there is one.
    @inlinable public var watermark: Timestamp { runner.watermark }

    /// Emits a record with the current ``timestamp``.
    @inlinable
    public func emit(_ output: Processor.Output) throws { try runner.output.emit(output, at: timestamp) }

    /// Emits a record to a side output.
    @inlinable
    public func emit<Side: Sendable>(_ element: Side, to tag: SideOutput<Side>) throws {
        try runner.sideOutput(tag)?.emit(element, at: timestamp)
    }

    /// Sets the key's event-time timer of this name; one that was set before moves.
    ///
    /// It goes off when the watermark reaches `time`; one set for the past, when the watermark next rises. At the end of
    /// the input every timer goes off, but one that its own callback sets again is not kept.
    @inlinable
    public func setTimer(_ id: Processor.TimerID, at time: Timestamp) { runner.setTimer(id, at: time, key: key) }

    /// Cancels the key's timer of this name, if it is set.
    @inlinable
    public func cancelTimer(_ id: Processor.TimerID) { runner.cancelTimer(id, key: key) }
}

extension KeyedStream {
    /// Runs a processor of one's own over the stream.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - make: makes a worker's processor, with the states that it asks the store for.
    @inlinable
    public func process<Processor: KeyedProcessor>(
        _ name: String, _ make: @escaping @Sendable (KeyedStateStore<Key>) throws -> Processor
    ) -> DataStream<Processor.Output> where Processor.Key == Key, Processor.Input == Element {
        // Made once here as well, so that faults in its states show before anything runs.
        do { _ = try make(KeyedStateStore()) } catch { builder.reject(name, "its processor can't be made: \(error)") }
        return attach(name, needsEventTime: Processor.TimerID.self != Never.self) { context, outlet in
            let store = KeyedStateStore<Key>()
            let output = Collector(outlet: outlet, batchSize: context.batchSize, counters: context.counters)
            let runner = KeyedProcessRunner(
                processor: try make(store), store: store, output: output, context: context)
            let counters = context.counters
            return Inlet<KeyedBatch<Key, Element>>(
                consumes: false,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    try runner.process(batch)
                    try runner.flush()
                },
                onSignal: { signal in
                    if case .watermark(let watermark) = signal {
                        counters.note(watermark: watermark)
                        try runner.advance(to: watermark)
                        try runner.flush()
                    }
                    try outlet.signal(signal)
                })
        }
    }
}
