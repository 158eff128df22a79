internal import StateBackend

extension DataStream {
    /// Writes the stream's records to a sink exactly once: they become visible when the snapshot that counts them is
    /// durable.
    ///
    /// With ``JobOptions/snapshots`` results appear after each snapshot and at the end of the input; without, once, at the
    /// end of the input, and what a failure left is aborted by the next start.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; the sink's transactions are named by it.
    ///   - sink: the sink.
    @inlinable
    public func commit<Output: TransactionalSink>(_ name: String, to sink: Output) where Output.Element == Element {
        addSink(name, isTransactional: true) { build, node in
            let context = build.context(node: node)
            let counters = context.counters
            let part = try build.transactions(sink, node: node, context)
            build.connect(
                Inlet<Batch<Element>>(
                    consumes: false,
                    onBatch: { batch in
                        counters.addIn(batch.count)
                        try part.write(batch)
                    },
                    onSignal: { signal in
                        if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
                    }), input: 0, ofNode: node)
        }
    }
}

extension WorkerBuild {
    /// A worker's share of a transactional sink; the first worker makes what they share.
    @usableFromInline
    func transactions<Output: TransactionalSink>(
        _ sink: Output, node: Int, _ context: OperatorContext
    ) throws -> TransactionPart<Output> {
        let log: TransactionLog<Output>
        if let known = shared.commits[node] as? TransactionLog<Output> {
            log = known
        } else {
            log = TransactionLog(
                sink,
                CommitterContext(pipeline: pipeline, step: context.step, parallelism: context.parallelism))
            shared.commits[node] = log
        }
        let part = TransactionPart(sink, sinkContext(context, run: log.run), environment, log)
        try context.state.add("weir.transactions", part)
        instance(node: node).prepare = { [unowned part] in try part.prepare() }
        onClose(node: node) { [unowned part] in try part.close() }
        return part
    }
}
