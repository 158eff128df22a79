/// What every operator with one input is: it processes batches and reacts to the watermark.
///
/// An operator knows nothing of threads, channels, parallelism or clocks. Its state is what its factory gave it.
/// Write one as a struct with `@inlinable` methods, so that it is specialised where the pipeline is built, and attach
/// it with ``DataStream/transform(_:_:)`` or ``KeyedStream/transform(_:_:)``.
public protocol StreamOperator: SendableType {
    /// The batches that come in: ``Batch`` or ``KeyedBatch``.
    associatedtype Input: BatchPayload
    /// The records that go out.
    associatedtype Output: Sendable

    /// Processes a batch. Must not change it unless ``consumesInput`` says so.
    mutating func process(_ input: Input, _ output: Collector<Output>) throws

    /// Reacts to the watermark's rise, before it is passed on; `Timestamp.max` at the end of the input.
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws

    /// Reacts to processing time, when it has reached what the operator asked for with ``ProcessingTime/wake(at:)``.
    ///
    /// Called with `Timestamp.max` once at the end of the input, after ``advance(to:_:)``, if it has asked for a time
    /// that has not come.
    mutating func advance(toProcessingTime time: Timestamp, _ output: Collector<Output>) throws

    /// Builds again what is not saved but worked out from the state: timer queues, indexes.
    ///
    /// Called once, before the first batch, when the step's state was loaded from a snapshot.
    /// - Parameter watermark: the step's watermark in the snapshot.
    mutating func restored(at watermark: Timestamp) throws

    /// The watermark that holds for the output when the input's is `watermark`; lower where results may come that are
    /// older than the input's watermark. Must not go down.
    func outputWatermark(at watermark: Timestamp) -> Timestamp

    /// Whether ``process(_:_:)`` changes or takes apart its input. The default is false.
    static var consumesInput: Bool { get }
}

extension StreamOperator {
    /// Nothing to do when the watermark rises.
    @inlinable
    public mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws {}

    /// Nothing to do at a processing time.
    @inlinable
    public mutating func advance(toProcessingTime time: Timestamp, _ output: Collector<Output>) throws {}

    /// Nothing to build.
    @inlinable
    public mutating func restored(at watermark: Timestamp) throws {}

    /// The input's watermark.
    @inlinable
    public func outputWatermark(at watermark: Timestamp) -> Timestamp { watermark }

    /// False.
    @inlinable public static var consumesInput: Bool { false }
}

/// An operator with two inputs that share one watermark, the lower of both.
public protocol TwoInputOperator: SendableType {
    /// The batches of the first input.
    associatedtype Left: BatchPayload
    /// The batches of the second input.
    associatedtype Right: BatchPayload
    /// The records that go out.
    associatedtype Output: Sendable

    /// Processes a batch of the first input. Must not change it.
    mutating func processLeft(_ input: Left, _ output: Collector<Output>) throws

    /// Processes a batch of the second input. Must not change it.
    mutating func processRight(_ input: Right, _ output: Collector<Output>) throws

    /// Reacts to the rise of the merged watermark, before it is passed on; `Timestamp.max` at the end of the input.
    mutating func advance(to watermark: Timestamp, _ output: Collector<Output>) throws

    /// As ``StreamOperator/advance(toProcessingTime:_:)``.
    mutating func advance(toProcessingTime time: Timestamp, _ output: Collector<Output>) throws

    /// As ``StreamOperator/restored(at:)``.
    mutating func restored(at watermark: Timestamp) throws

    /// As ``StreamOperator/outputWatermark(at:)``.
    func outputWatermark(at watermark: Timestamp) -> Timestamp
}

extension TwoInputOperator {
    /// Nothing to do at a processing time.
    @inlinable
    public mutating func advance(toProcessingTime time: Timestamp, _ output: Collector<Output>) throws {}

    /// Nothing to build.
    @inlinable
    public mutating func restored(at watermark: Timestamp) throws {}

    /// The input's watermark.
    @inlinable
    public func outputWatermark(at watermark: Timestamp) -> Timestamp { watermark }
}
