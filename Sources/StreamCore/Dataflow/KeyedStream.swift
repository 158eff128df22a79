public import StateBackend

/// A stream whose records are grouped by key: all records of a key are on one worker, in their order.
public struct KeyedStream<Key: StreamKey, Element: Sendable> {
    /// The pipeline's description.
    public let builder: PipelineBuilder
    let port: DataflowGraph.Port
    /// Whether the stream carries watermarks.
    public let hasEventTime: Bool

    /// Attaches a keyed operator, of which each worker has its own for its share of the keys.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - needsEventTime: whether the operator waits for watermarks, so that a stream without them is rejected.
    ///   - make: makes a worker's operator.
    @inlinable
    public func transform<Operator: StreamOperator>(
        _ name: String, needsEventTime: Bool = false, _ make: @escaping @Sendable (OperatorContext) throws -> Operator
    ) -> DataStream<Operator.Output> where Operator.Input == KeyedBatch<Key, Element> {
        if Operator.consumesInput {
            builder.reject(
                name,
                "its operator consumes its input, but a keyed batch may have several readers; make consumesInput false "
                    + "and copy what is to be changed")
        }
        return attach(name, needsEventTime: needsEventTime) { context, outlet in
            operatorInlet(try make(context), context, outlet)
        }
    }

    /// Attaches a keyed step of one's own; see ``DataStream/attach(_:_:)``.
    public func attach<Output: Sendable>(
        _ name: String, needsEventTime: Bool = false,
        _ make: @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> Inlet<KeyedBatch<Key, Element>>
    ) -> DataStream<Output> {
        if needsEventTime { requireEventTime(name) }
        let node = builder.add(name, .operation, inputs: [port]) { build, node in
            build.connect(
                try make(build.context(node: node), build.outlet(node: node, port: 0)), input: 0, ofNode: node)
        }
        return DataStream<Output>(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }

    /// Attaches an operator that reads this stream and another one of the same key.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second input.
    ///   - needsEventTime: whether the operator waits for watermarks, so that streams without them are rejected.
    ///   - make: makes a worker's operator.
    @inlinable
    public func connect<Right: Sendable, Operator: TwoInputOperator>(
        _ name: String, _ other: KeyedStream<Key, Right>, needsEventTime: Bool = true,
        _ make: @escaping @Sendable (OperatorContext) throws -> Operator
    ) -> DataStream<Operator.Output>
    where Operator.Left == KeyedBatch<Key, Element>, Operator.Right == KeyedBatch<Key, Right> {
        attach(name, other, needsEventTime: needsEventTime) { context, outlet in
            twoInputInlets(try make(context), context, outlet)
        }
    }

    @usableFromInline
    func attach<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: KeyedStream<Key, Right>, needsEventTime: Bool = true,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<KeyedBatch<Key, Element>>, Inlet<KeyedBatch<Key, Right>>
            )
    ) -> DataStream<Output> {
        if needsEventTime {
            requireEventTime(name)
            other.requireEventTime(name)
        }
        let node = builder.add(name, .operation, inputs: [port, other.port]) { build, node in
            let inlets = try make(build.context(node: node), build.outlet(node: node, port: 0))
            build.connect(inlets.0, input: 0, ofNode: node)
            build.connect(inlets.1, input: 1, ofNode: node)
        }
        return DataStream<Output>(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0),
            hasEventTime: hasEventTime && other.hasEventTime)
    }

    /// Rejects the step `name` when this stream carries no watermarks.
    public func requireEventTime(_ name: String) {
        guard !hasEventTime else { return }
        builder.reject(
            name,
            "it waits for watermarks, but its input has none; give the source a watermark strategy other than .none, "
                + "or assign timestamps before keyBy")
    }
}

/// The two inlets of an operator; signals are merged before the operator sees them.
@inlinable
public func twoInputInlets<Operator: TwoInputOperator>(
    _ operation: Operator, _ context: OperatorContext, _ outlet: Outlet<Batch<Operator.Output>>
) -> (Inlet<Operator.Left>, Inlet<Operator.Right>) {
    let cell = OperatorCell(operation)
    let merger = context.mergeInputs(2)
    let counters = context.counters
    let collector = Collector(outlet: outlet, batchSize: context.batchSize, counters: counters)
    let processingTime = context.processingTime
    processingTime.onWake { time in
        try cell.operation.advance(toProcessingTime: time, collector)
        try collector.flush()
    }
    context.onRestored { try cell.operation.restored(at: $0) }
    let onSignal: (Signal, Int) throws -> Void = { signal, input in
        try merger.receive(signal, from: input) { merged in
            guard case .watermark(let watermark) = merged else { return try outlet.signal(merged) }
            counters.note(watermark: watermark)
            try cell.operation.advance(to: watermark, collector)
            if watermark == .max { try processingTime.end() }
            try collector.flush()
            try outlet.signal(.watermark(cell.operation.outputWatermark(at: watermark)))
        }
    }
    let left = Inlet<Operator.Left>(
        consumes: false,
        onBatch: { batch in
            counters.addIn(batch.count)
            try cell.operation.processLeft(batch, collector)
            try collector.flush()
        }, onSignal: { try onSignal($0, 0) })
    let right = Inlet<Operator.Right>(
        consumes: false,
        onBatch: { batch in
            counters.addIn(batch.count)
            try cell.operation.processRight(batch, collector)
            try collector.flush()
        }, onSignal: { try onSignal($0, 1) })
    return (left, right)
}
