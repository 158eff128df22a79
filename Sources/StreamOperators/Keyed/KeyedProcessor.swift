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
public protocol KeyedProcessor: KeyedStep {
    /// The records that come in.
    associatedtype Input: Sendable

    /// Processes a record; the state's handles show its key's values.
    ///
    /// What becomes of a record for which this throws, the step's ``ErrorPolicy`` says. What was emitted and changed
    /// before the error stays.
    mutating func process(_ element: Input, _ context: borrowing ProcessContext<Self>) throws
}

extension KeyedStream {
    /// Runs a processor of one's own over the stream.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - onError: what becomes of a record, or timer, for which the processor throws. By default the job fails.
    ///   - make: makes a worker's processor, with the states that it asks the store for.
    @inlinable
    public func process<Processor: KeyedProcessor>(
        _ name: String, onError: ErrorPolicy = .fail,
        _ make: @escaping @Sendable (KeyedStateStore<Key>) throws -> Processor
    ) -> DataStream<Processor.Output> where Processor.Key == Key, Processor.Input == Element {
        builder.tryOut(name) { _ = try make(KeyedStateStore()) }
        let hasEventTime = hasEventTime
        return attach(name, needsEventTime: Processor.needsEventTime) { context, outlet in
            let runner = try KeyedStepRunner<Processor>(
                context, outlet, hasEventTime: hasEventTime, onError: onError, make)
            let errors = try context.errors(onError, for: Element.self)
            return Inlet<KeyedBatch<Key, Element>>(
                consumes: false,
                onBatch: { try runner.forEach($0, errors) { try $0.process($1, $2) } },
                onSignal: { try runner.receive($0) })
        }
    }
}

extension PipelineBuilder {
    /// Makes a step's processor once while the pipeline is described, so that faults in its states show before anything
    /// runs.
    @inlinable
    func tryOut(_ name: String, _ make: () throws -> Void) {
        do { try make() } catch { reject(name, "its processor can't be made: \(error)") }
    }
}
