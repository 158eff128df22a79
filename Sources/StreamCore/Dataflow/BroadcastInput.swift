extension DataStream {
    /// Sends every record to every worker, to all of them in the same order.
    ///
    /// As ``global(_:)`` and ``broadcast(_:)``, one after the other: the first worker decides the order. For changes of
    /// a state that is to be the same everywhere.
    public func broadcastInOrder(_ name: String) -> DataStream<Element> {
        global("\(name) in order").broadcast("\(name) to all")
    }

    /// Attaches a step that reads this stream and, on every worker, the whole of another one.
    ///
    /// All workers receive the records of `other` in the same order. Its watermarks and idleness don't matter, and it
    /// needs none; the step's output ends when both have ended.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the stream that every worker reads.
    ///   - make: makes a worker's copy: an inlet for this stream, which passes its signals on to the outlet, and what is
    ///     done with a batch of the other.
    public func attachBroadcast<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: DataStream<Right>,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<Batch<Element>>, (Batch<Right>) throws -> Void
            )
    ) -> DataStream<Output> {
        BroadcastInput.attach(builder, name, port, hasEventTime: hasEventTime, other, make)
    }
}

extension KeyedStream {
    /// Attaches a step that reads this stream and, on every worker, the whole of another one; see
    /// ``DataStream/attachBroadcast(_:_:_:)``.
    public func attachBroadcast<Right: Sendable, Output: Sendable>(
        _ name: String, _ other: DataStream<Right>,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<KeyedBatch<Key, Element>>, (Batch<Right>) throws -> Void
            )
    ) -> DataStream<Output> {
        BroadcastInput.attach(builder, name, port, hasEventTime: hasEventTime, other, make)
    }
}

/// A step's two inputs, the second of which every worker reads.
private enum BroadcastInput {
    static func attach<Payload: BatchPayload, Right: Sendable, Output: Sendable>(
        _ builder: PipelineBuilder, _ name: String, _ port: DataflowGraph.Port, hasEventTime: Bool,
        _ other: DataStream<Right>,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<Payload>, (Batch<Right>) throws -> Void
            )
    ) -> DataStream<Output> {
        let everywhere = other.broadcastInOrder(name)
        let node = builder.add(name, .operation, inputs: [port, everywhere.port]) { build, node in
            let outlet: Outlet<Batch<Output>> = build.outlet(node: node, port: 0)
            let context = build.context(node: node)
            let counters = context.counters
            let (main, onBatch) = try make(context, outlet)
            var open = 2
            let end: () throws -> Void = {
                open -= 1
                if open == 0 { try main.onSignal(.end) }
            }
            let first = Inlet<Payload>(
                consumes: main.consumes, onBatch: main.onBatch, onSharedBatch: main.onSharedBatch,
                onSignal: { signal in
                    if signal == .end { return try end() }
                    if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
                    try main.onSignal(signal)
                })
            let second = Inlet<Batch<Right>>(
                consumes: false,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    try onBatch(batch)
                }, onSignal: { if $0 == .end { try end() } })
            build.connect(first, input: 0, ofNode: node)
            build.connect(second, input: 1, ofNode: node)
        }
        return DataStream<Output>(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }
}
