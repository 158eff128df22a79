internal import StateBackend

/// Where a pipeline's results go such that writing one again changes nothing: upserts by key, conditional puts.
///
/// After a failure a job writes again what it had written since its last snapshot, so results of an idempotent sink are
/// right once the job has caught up, and may be seen twice or early before. The engine says who writes
/// (``WriteIdentity``), for sinks that keep it beside their rows: to refuse a process that was replaced, or to delete what an
/// epoch left.
public protocol IdempotentSink<Element>: Sendable {
    /// The records.
    associatedtype Element: Sendable
    /// By what a record replaces an older one.
    associatedtype Key: Sendable
    /// What writes a worker's share.
    associatedtype Writer: IdempotentWriter<Element, Key>

    /// The writer of a worker, made when the job starts.
    func makeWriter(_ context: SinkContext) throws -> Writer
}

/// Who writes, and what: the same for the same records as long as a job replays them in the same order.
public struct WriteIdentity: Sendable, Hashable {
    /// The pipeline's name.
    public let pipeline: String
    /// The step's name.
    public let step: String
    /// The worker's number.
    public let worker: Int
    /// The number of snapshots that this worker had taken part in when the record came; it never falls.
    public let epoch: Int
    /// The number of the worker's records in the epoch before this one.
    public let sequence: Int

    /// An identity.
    public init(pipeline: String, step: String, worker: Int, epoch: Int, sequence: Int) {
        self.pipeline = pipeline
        self.step = step
        self.worker = worker
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// Writes a worker's share of a sink's records, on the worker's thread.
public protocol IdempotentWriter<Element, Key> {
    /// The records.
    associatedtype Element: Sendable
    /// By what a record replaces an older one.
    associatedtype Key: Sendable

    /// Writes a batch; may hold it back until ``flush()``. Must not change the batch.
    ///
    /// - Parameters:
    ///   - keys: the records' keys.
    ///   - first: who writes the first record; the sequence of each further one is higher by 1.
    mutating func write(_ batch: Batch<Element>, keys: [Key], as first: WriteIdentity) throws

    /// Writes what was held back, durably: a snapshot that counts it follows.
    mutating func flush() throws

    /// Ends the output. Called once, when the input has ended or the job was stopped; not when it fails or is cancelled.
    mutating func close() throws
}

extension DataStream {
    /// Writes the stream's records to a sink for which writing a record again changes nothing.
    ///
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline.
    ///   - sink: the sink.
    ///   - key: by what a record replaces an older one.
    @inlinable
    public func write<Output: IdempotentSink>(
        _ name: String, to sink: Output, key: @escaping @Sendable (Element) -> Output.Key
    ) where Output.Element == Element {
        addSink(name) { build, node in
            let context = build.context(node: node)
            let counters = context.counters
            let part = try build.idempotent(sink, node: node, context, key: key)
            build.connect(
                Inlet<Batch<Element>>(
                    consumes: false,
                    onBatch: { batch in
                        counters.addIn(batch.count)
                        try part.write(batch)
                    },
                    onSignal: { signal in
                        switch signal {
                        case .watermark(let watermark): counters.note(watermark: watermark)
                        case .end: try part.close()
                        case .idle, .active, .barrier: break
                        }
                    }), input: 0, ofNode: node)
        }
    }
}

extension WorkerBuild {
    @usableFromInline
    func idempotent<Output: IdempotentSink>(
        _ sink: Output, node: Int, _ context: OperatorContext, key: @escaping @Sendable (Output.Element) -> Output.Key
    ) throws -> IdempotentPart<Output> {
        let sinkContext = SinkContext(
            step: context.step, worker: context.worker, parallelism: context.parallelism, pipeline: pipeline)
        let part = try IdempotentPart(sink, sinkContext, environment, key)
        try context.state.add("weir.epoch", part)
        onIdle { [unowned part] in
            do { try part.flush() } catch { throw JobError.wrap(error, .sinkFailed, step: sinkContext.step) }
            return false
        }
        onClose(node: node) { [unowned part] in try part.close() }
        return part
    }
}
