/// Where a pipeline's results go, at least once.
///
/// Each worker has a writer of its own; put ``DataStream/global(_:)`` before a sink that wants only one.
public protocol Sink<Element>: Sendable {
    /// The records.
    associatedtype Element: Sendable
    /// What writes a worker's share.
    associatedtype Writer: SinkWriter<Element>

    /// The writer of a worker, made when the job starts.
    func makeWriter(_ context: SinkContext) throws -> Writer
}

/// What a sink is told when a worker's writer is made.
public struct SinkContext: Sendable {
    /// The step's name.
    public let step: String
    /// The index of the worker, 0 ..< `parallelism`.
    public let worker: Int
    /// The number of workers.
    public let parallelism: Int
    /// The pipeline's name.
    public let pipeline: String
    /// Whether the job, or this attempt of it, began with a snapshot.
    ///
    /// What was written before belongs to the output then, as far as the snapshot counts it. A sink that can only begin
    /// anew must refuse to, before it replaces anything.
    public let isRestored: Bool
    /// What the step's committer tells the writers; nil where the step has none.
    public let run: CommitterRun?

    /// The context of one worker's writer.
    public init(
        step: String, worker: Int, parallelism: Int, pipeline: String = "", isRestored: Bool = false,
        run: CommitterRun? = nil
    ) {
        self.pipeline = pipeline
        self.isRestored = isRestored
        self.run = run
        self.step = step
        self.worker = worker
        self.parallelism = parallelism
    }
}

/// Writes a worker's share of a sink's records, on the worker's thread.
public protocol SinkWriter<Element> {
    /// The records.
    associatedtype Element: Sendable

    /// Writes a batch; may hold it back until ``flush()``. Must not change the batch.
    mutating func write(_ batch: Batch<Element>) throws

    /// Makes visible what was held back. Called when the worker has nothing else to do.
    mutating func flush() throws

    /// Ends the output. Called once, when the input has ended or the job was stopped; not when it fails or is cancelled.
    mutating func close() throws
}

extension WorkerBuild {
    /// What a sink is told.
    @usableFromInline
    func sinkContext(_ context: OperatorContext, run: CommitterRun? = nil) -> SinkContext {
        SinkContext(
            step: context.step, worker: context.worker, parallelism: context.parallelism, pipeline: pipeline,
            isRestored: shared.isRestored, run: run)
    }
}

extension DataStream {
    /// Writes the stream's records to a sink.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline.
    ///   - sink: the sink.
    @inlinable
    public func write<Output: Sink>(_ name: String, to sink: Output) where Output.Element == Element {
        addSink(name) { build, node in
            let context = build.context(node: node)
            let counters = context.counters
            let cell = OperatorCell(try sink.makeWriter(build.sinkContext(context)))
            var isClosed = false
            let close = {
                guard !isClosed else { return }
                isClosed = true
                try cell.operation.close()
            }
            build.onClose(node: node, close)
            let unflushed = OperatorCell(false)
            build.onIdle {
                guard unflushed.operation else { return false }
                unflushed.operation = false
                do { try cell.operation.flush() } catch {
                    throw JobError.wrap(error, .sinkFailed, step: name)
                }
                return false
            }
            build.connect(
                Inlet<Batch<Element>>(
                    consumes: false,
                    onBatch: { batch in
                        counters.addIn(batch.count)
                        unflushed.operation = true
                        try cell.operation.write(batch)
                    },
                    onSignal: { signal in
                        switch signal {
                        case .watermark(let watermark): counters.note(watermark: watermark)
                        case .end:
                            unflushed.operation = false
                            try close()
                        case .barrier:
                            unflushed.operation = false
                            try cell.operation.flush()
                        case .idle, .active: break
                        }
                    }), input: 0, ofNode: node)
        }
    }

    @usableFromInline
    func addSink(
        _ name: String, isTransactional: Bool = false, _ build: @escaping @Sendable (WorkerBuild, Int) throws -> Void
    ) {
        _ = builder.add(name, isTransactional ? .transactionalSink : .sink, inputs: [port], build: build)
    }
}
