extension KeyedStream {
    /// Attaches a keyed step of one's own that reads this stream and another one of the same key.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second input.
    ///   - needsEventTime: whether the step waits for watermarks, so that inputs without them are rejected.
    ///   - make: makes the two inlets of the step's copy on a worker, which merge their signals.
    public func attach<Right: Sendable, Output: Sendable>(
        _ name: String, with other: KeyedStream<Key, Right>, needsEventTime: Bool,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<KeyedBatch<Key, Element>>, Inlet<KeyedBatch<Key, Right>>
            )
    ) -> DataStream<Output> {
        if needsEventTime { other.requireEventTime(name) }
        return attach(name, port: other.port, hasEventTime: other.hasEventTime, needsEventTime, make)
    }

    /// Attaches a keyed step of one's own that reads this stream and one that is not keyed.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - other: the second input, of which each worker sees its share; ``DataStream/broadcast(_:)`` it first where
    ///     all are to see all of it.
    ///   - needsEventTime: whether the step waits for watermarks, so that a keyed input without them is rejected.
    ///   - make: makes the two inlets of the step's copy on a worker, which merge their signals.
    public func attach<Right: Sendable, Output: Sendable>(
        _ name: String, broadcast other: DataStream<Right>, needsEventTime: Bool,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<KeyedBatch<Key, Element>>, Inlet<Batch<Right>>
            )
    ) -> DataStream<Output> {
        attach(name, port: other.port, hasEventTime: true, needsEventTime, make)
    }

    private func attach<Right: BatchPayload, Output: Sendable>(
        _ name: String, port other: DataflowGraph.Port, hasEventTime otherHasEventTime: Bool, _ needsEventTime: Bool,
        _ make:
            @escaping @Sendable (OperatorContext, Outlet<Batch<Output>>) throws -> (
                Inlet<KeyedBatch<Key, Element>>, Inlet<Right>
            )
    ) -> DataStream<Output> {
        if needsEventTime { requireEventTime(name) }
        let node = builder.add(name, .operation, inputs: [port, other]) { build, node in
            let inlets = try make(build.context(node: node), build.outlet(node: node, port: 0))
            build.connect(inlets.0, input: 0, ofNode: node)
            build.connect(inlets.1, input: 1, ofNode: node)
        }
        return DataStream<Output>(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0),
            hasEventTime: hasEventTime && otherHasEventTime)
    }
}
