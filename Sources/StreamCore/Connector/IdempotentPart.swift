public import StateBackend

/// An idempotent sink's share on one worker: the writer, and as a part of the step's state what it counts.
@usableFromInline
final class IdempotentPart<Output: IdempotentSink>: StatePart {
    private var writer: Output.Writer
    private let key: @Sendable (Output.Element) -> Output.Key
    private let context: SinkContext
    private let environment: StateEnvironment
    private var epoch = 0
    private var sequence = 0
    private var isUnflushed = false
    private var isClosed = false

    init(
        _ sink: Output, _ context: SinkContext, _ environment: StateEnvironment,
        _ key: @escaping @Sendable (Output.Element) -> Output.Key
    ) throws {
        self.key = key
        self.environment = environment
        self.context = context
        writer = try sink.makeWriter(context)
    }

    @usableFromInline
    func write(_ batch: Batch<Output.Element>) throws {
        isUnflushed = true
        var keys: [Output.Key] = []
        keys.reserveCapacity(batch.count)
        for i in 0..<batch.count { keys.append(key(batch.elements[i])) }
        let identity = WriteIdentity(
            pipeline: context.pipeline, step: context.step, worker: context.worker, epoch: epoch, sequence: sequence)
        sequence += batch.count
        try writer.write(batch, keys: keys, as: identity)
    }

    func flush() throws {
        guard isUnflushed else { return }
        isUnflushed = false
        try writer.flush()
    }

    @usableFromInline
    func close() throws {
        guard !isClosed else { return }
        isClosed = true
        isUnflushed = false
        try writer.close()
    }

    @usableFromInline var distribution: StateDistribution { .worker }

    @usableFromInline var isReadByAll: Bool { true }

    /// What was written before the barrier must be durable before the snapshot that counts it is.
    @usableFromInline
    func save(into rows: inout StateRows) throws {
        do { try flush() } catch {
            // The job's failure, too, and not only the snapshot's: the records are in nobody's hands now.
            environment.failure.note(JobError.wrap(error, .sinkFailed, step: context.step))
            throw error
        }
        epoch += 1
        try rows.append(hash: UInt64(context.worker)) { _ in
        } value: {
            try $0.encode(context.worker)
            try $0.encode(context.parallelism)
            try $0.encode(epoch)
            try $0.encode(sequence)
        }
    }

    @usableFromInline
    func load(_ row: inout StateDecoder) throws {
        let worker: Int = try row.decode()
        let parallelism: Int = try row.decode()
        epoch = max(epoch, try row.decode())
        let counted: Int = try row.decode()
        // Of as many workers each goes on with its own. Of others with the highest, so that none comes twice.
        if parallelism != context.parallelism || worker == context.worker { sequence = max(sequence, counted) }
    }
}
