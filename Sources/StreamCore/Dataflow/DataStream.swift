/// A stream of records of one type: an output of a step in a pipeline's description.
///
/// A stream is only a description; records flow when the pipeline runs. A stream may be read by several steps, each of
/// which then sees every record.
public struct DataStream<Element: Sendable> {
    /// The pipeline's description.
    public let builder: PipelineBuilder
    let port: DataflowGraph.Port
    /// Whether the stream carries watermarks.
    public let hasEventTime: Bool

    /// The name of the step that this stream comes from.
    public var step: String { builder.graph.nodes[port.node].name }

    /// Attaches a step of one's own: the door that all operators with one input come through.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline.
    ///   - make: makes the step's copy on a worker: an inlet that pushes its results and passes every signal on to the
    ///     outlet. Called once per worker when a job starts. Form the inlet's closures in `@inlinable` code.
    public func attach<Output: Sendable>(
        _ name: String,
        _ make: @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> Inlet<Batch<Element>>
    ) -> DataStream<Output> {
        let node = builder.add(name, .operation, inputs: [port]) { build, node in
            build.connect(
                try make(build.context(node: node), build.outlet(node: node, port: 0)), input: 0, ofNode: node)
        }
        return DataStream<Output>(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }

    /// Attaches an operator, of which each worker has its own.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline.
    ///   - make: makes a worker's operator.
    @inlinable
    public func transform<Operator: StreamOperator>(
        _ name: String, _ make: @escaping @Sendable (OperatorContext) throws -> Operator
    ) -> DataStream<Operator.Output> where Operator.Input == Batch<Element> {
        attach(name) { context, outlet in operatorInlet(try make(context), context, outlet) }
    }

    /// The side output of this stream's step that `tag` names.
    public func sideOutput<Side: Sendable>(_ tag: SideOutput<Side>) -> DataStream<Side> {
        let side = builder.sideOutput(tag.name, type: String(reflecting: Side.self), ofNode: port.node)
        return DataStream<Side>(builder: builder, port: side, hasEventTime: hasEventTime)
    }

    /// An unnamed stateless step's name.
    @inlinable
    public func name(_ given: String?, _ kind: String) -> String { given ?? builder.defaultName(kind) }
}

/// The inlet of an operator: counts, calls it, and flushes its output before a signal goes on.
@inlinable
public func operatorInlet<Operator: StreamOperator>(
    _ operation: Operator, _ context: OperatorContext, _ outlet: Outlet<Batch<Operator.Output>>
) -> Inlet<Operator.Input> {
    let cell = OperatorCell(operation)
    let counters = context.counters
    let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
    let processingTime = context.processingTime
    processingTime.onWake { time in
        try cell.operation.advance(toProcessingTime: time, collector)
        try collector.flush()
    }
    context.onRestored { try cell.operation.restored(at: $0) }
    return Inlet(
        consumes: Operator.consumesInput,
        onBatch: { batch in
            counters.addIn(batch.count)
            try cell.operation.process(batch, collector)
            try collector.flush()
        },
        onSignal: { signal in
            guard case .watermark(let watermark) = signal else { return try outlet.signal(signal) }
            counters.note(watermark: watermark)
            try cell.operation.advance(to: watermark, collector)
            if watermark == .max { try processingTime.end() }
            try collector.flush()
            try outlet.signal(.watermark(cell.operation.outputWatermark(at: watermark)))
        })
}

/// Keeps a worker's operator between calls.
@usableFromInline
final class OperatorCell<Operator> {
    // Not checked at run time, for each record at worst: a step isn't called while it is at work, since the dataflow has no
    // cycles.
    @usableFromInline @exclusivity(unchecked) var operation: Operator

    @inlinable
    init(_ operation: Operator) { self.operation = operation }
}

extension DataStream {
    /// This stream as one that carries watermarks, because its step makes them.
    public func withEventTime() -> DataStream<Element> {
        DataStream(builder: builder, port: port, hasEventTime: true)
    }
}
