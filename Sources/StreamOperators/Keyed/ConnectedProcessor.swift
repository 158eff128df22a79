public import StateBackend
public import StreamCore

/// A step of one's own over two keyed streams with the same keys, which share the key's state and timers.
///
/// ```swift
/// struct Enrich: ConnectedProcessor {
///     typealias Key = String
///     typealias Left = Order
///     typealias Right = Customer
///     typealias Output = Delivery
///
///     let customer: ValueState<String, Customer>
///     let waiting: ListState<String, Order>
///     init(_ state: KeyedStateStore<String>) throws {
///         customer = try state.value("customer")
///         waiting = try state.list("waiting")
///     }
///
///     mutating func processLeft(_ order: Order, _ context: borrowing ProcessContext<Self>) throws {
///         guard let customer = customer.value else { return waiting.append(order) }
///         try context.emit(Delivery(order, customer))
///     }
///     mutating func processRight(_ newest: Customer, _ context: borrowing ProcessContext<Self>) throws {
///         customer.value = newest
///         for order in waiting.elements { try context.emit(Delivery(order, newest)) }
///         waiting.removeAll()
///     }
/// }
/// orders.keyBy(\.customer).process("enrich", with: customers.keyBy(\.id)) { try Enrich($0) }
/// ```
/// The watermark is the lower of both inputs'. Between the inputs there is no order.
public protocol ConnectedProcessor: KeyedStep {
    /// The records of the first input.
    associatedtype Left: Sendable
    /// The records of the second input.
    associatedtype Right: Sendable

    /// Processes a record of the first input; the state's handles show its key's values.
    mutating func processLeft(_ element: Left, _ context: borrowing ProcessContext<Self>) throws

    /// Processes a record of the second input; the state's handles show its key's values.
    mutating func processRight(_ element: Right, _ context: borrowing ProcessContext<Self>) throws
}

extension KeyedStream {
    /// Runs a processor of one's own over this stream and another one of the same keys.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second input.
    ///   - onError: what becomes of a record, or timer, for which the processor throws. By default the job fails.
    ///   - make: makes a worker's processor, with the states that it asks the store for.
    @inlinable
    public func process<Right: Sendable, Processor: ConnectedProcessor>(
        _ name: String, with other: KeyedStream<Key, Right>, onError: ErrorPolicy = .fail,
        _ make: @escaping @Sendable (KeyedStateStore<Key>) throws -> Processor
    ) -> DataStream<Processor.Output>
    where Processor.Key == Key, Processor.Left == Element, Processor.Right == Right {
        builder.tryOut(name) { _ = try make(KeyedStateStore()) }
        let hasEventTime = hasEventTime && other.hasEventTime
        return attach(name, with: other, needsEventTime: Processor.needsEventTime) { context, outlet in
            let runner = try KeyedStepRunner<Processor>(
                context, outlet, hasEventTime: hasEventTime, onError: onError, make)
            let merger = context.mergeInputs(2)
            let leftErrors = try context.errors(onError, for: Element.self)
            let rightErrors = try context.errors(onError, for: Right.self)
            let left = Inlet<KeyedBatch<Key, Element>>(
                consumes: false,
                onBatch: { try runner.forEach($0, leftErrors) { try $0.processLeft($1, $2) } },
                onSignal: { try merger.receive($0, from: 0) { try runner.receive($0) } })
            let right = Inlet<KeyedBatch<Key, Right>>(
                consumes: false,
                onBatch: { try runner.forEach($0, rightErrors) { try $0.processRight($1, $2) } },
                onSignal: { try merger.receive($0, from: 1) { try runner.receive($0) } })
            return (left, right)
        }
    }
}
