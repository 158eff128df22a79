internal import StateBackend

/// Where a pipeline's results go such that writing one again changes nothing: upserts by key, conditional puts.
///
/// After a failure a job writes again what it had written since its last snapshot, so results of an idempotent sink are
/// right once the job has caught up, and may be seen twice or early before. The engine says who writes
/// (``WriteIdentity``), for sinks that keep it beside their rows: to tell where a row came from, or that it was written
/// before.
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

/// Who writes, and what: for tracing, and to know again what was written before.
///
/// A worker that replays the same records in the same order after a failure, at the same parallelism, gives each the same
/// ``sequence``; where records come from several inputs or workers, their order may differ. After a start at another
/// parallelism no sequence comes again that a snapshot counts, but those of records that came after the snapshot may be
/// other records' now.
///
/// It doesn't tell an old process from the one that has replaced it: both begin with the same snapshot's numbers. A sink
/// that has to refuse the old one needs a number of its own, which it raises where it writes whenever a job begins.
public struct WriteIdentity: Sendable, Hashable {
    /// The pipeline's name.
    public let pipeline: String
    /// The step's name.
    public let step: String
    /// The worker's number.
    public let worker: Int
    /// The number of snapshots that the step had taken part in when the record came.
    ///
    /// It rises with each snapshot, also with one that fails later, and falls back to that of the snapshot with which the
    /// job begins again. So a record that is written again may have a lower one than before.
    public let epoch: Int
    /// The number of the step's records on this worker before this one, since the job first began.
    ///
    /// It is saved in snapshots and goes on from there.
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
        let sinkContext = sinkContext(context)
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
