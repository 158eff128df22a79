public import StateBackend
internal import Synchronization

/// What the job knows of a transactional step: commits what its writers have prepared.
protocol StepCommits: AnyObject, Sendable {
    /// The step's name.
    var step: String { get }
    /// Commits what the snapshot holds with which the job begins, and aborts the rest.
    func recover() throws
    /// Commits what was prepared for a barrier up to this one.
    func commit(through barrier: Int) throws
    /// Says that the input has ended and all is committed.
    func finish() throws
    /// Closes the committer.
    func close()
}

/// The transactions of one step that were prepared and not committed yet, and their committer.
@usableFromInline
final class TransactionLog<Output: TransactionalSink>: StepCommits {
    @usableFromInline typealias Transaction = Output.Committer.Transaction

    private struct Pending: Sendable {
        let barrier: Int
        let worker: Int
        let transaction: Transaction
    }

    let step: String
    let run: CommitterRun
    private let sink: Output
    private let context: CommitterContext
    /// Made when it is first needed: to describe a pipeline's states touches nothing.
    private let committer = Mutex<Output.Committer?>(nil)
    private let pending = Mutex<[Pending]>([])
    private let recovered = Mutex<[Transaction]>([])

    init(_ sink: Output, _ context: CommitterContext) {
        step = context.step
        run = context.run
        self.sink = sink
        self.context = context
    }

    func noteRecovered(_ transaction: Transaction) { recovered.withLock { $0.append(transaction) } }

    func add(_ transaction: Transaction, barrier: Int, worker: Int) {
        pending.withLock { $0.append(Pending(barrier: barrier, worker: worker, transaction: transaction)) }
    }

    /// What a worker has prepared and nobody has committed so far.
    func transactions(of worker: Int) -> [Transaction] {
        pending.withLock { $0.filter { $0.worker == worker }.map(\.transaction) }
    }

    func recover() throws {
        let transactions = recovered.withLock { recovered in
            defer { recovered = [] }
            return recovered
        }
        try committer.withLock { if $0 == nil { $0 = try sink.makeCommitter(context) } }
        try committer.withLock { try $0?.recover(pending: transactions) }
    }

    func commit(through barrier: Int) throws {
        let due = pending.withLock { $0.filter { $0.barrier <= barrier } }
            .sorted { ($0.barrier, $0.worker) < ($1.barrier, $1.worker) }
        // Nil when it was closed: then nobody may see it any more.
        guard committer.withLock({ $0 != nil }) else { return }
        for next in due {
            try committer.withLock { try $0?.commit(next.transaction) }
            // Only now: until it is committed, every snapshot has to know it.
            pending.withLock { $0.removeAll { $0.barrier == next.barrier && $0.worker == next.worker } }
        }
    }

    func finish() throws { try committer.withLock { try $0?.finish() } }

    func close() {
        committer.withLock { committer in
            committer?.close()
            committer = nil
        }
    }
}

/// A transactional sink's share on one worker: the writer, and as a part of the step's state what was prepared.
@usableFromInline
final class TransactionPart<Output: TransactionalSink>: StatePart {
    private let sink: Output
    private let context: SinkContext
    private let environment: StateEnvironment
    private let log: TransactionLog<Output>
    private let codec = StateCodec<Output.Committer.Transaction>.automatic
    /// Reads transactions as an older program may have written them.
    private var loadCodec = StateCodec<Output.Committer.Transaction>.automatic
    private var writer: Output.Writer?
    private var hasBegun = false
    /// The number of the next transaction.
    private var epoch = 0

    init(_ sink: Output, _ context: SinkContext, _ environment: StateEnvironment, _ log: TransactionLog<Output>) {
        self.sink = sink
        self.context = context
        self.environment = environment
        self.log = log
    }

    @usableFromInline
    func write(_ batch: Batch<Output.Element>) throws {
        if writer == nil { writer = try sink.makeWriter(context) }
        if !hasBegun {
            try writer?.begin(epoch: epoch)
            hasBegun = true
        }
        try writer?.write(batch)
    }

    /// Ends the transaction that is open, for the barrier that has come.
    func prepare() throws {
        guard hasBegun else { return }
        hasBegun = false
        epoch += 1
        do {
            if let transaction = try writer?.prepare() {
                log.add(transaction, barrier: environment.barrier, worker: context.worker)
            }
        } catch {
            // Also the job's failure, and not only the snapshot's: the records are in nobody's hands now.
            environment.failure.note(JobError.wrap(error, .sinkFailed, step: context.step))
            throw error
        }
    }

    func close() throws {
        defer { writer = nil }
        try writer?.close()
    }

    @usableFromInline var distribution: StateDistribution { .worker }

    @usableFromInline var isReadByAll: Bool { true }

    @usableFromInline
    var schema: StateSchema {
        StateSchema(kind: StateSchema.transactions, key: nil, value: codec.schema, distribution: distribution)
    }

    @usableFromInline
    func save(into rows: inout StateRows) throws {
        try prepare()
        try rows.append(hash: UInt64(context.worker)) { _ in
        } value: {
            try $0.encode(context.worker)
            try $0.encode(epoch)
            let transactions = log.transactions(of: context.worker)
            $0.writeVarint(UInt64(transactions.count))
            for transaction in transactions { try codec.encode(transaction, into: &$0) }
        }
    }

    @usableFromInline
    func prepareToLoad(_ written: StateSchema) {
        loadCodec = written.value.map { codec.reading($0) } ?? codec
    }

    @usableFromInline
    func load(_ row: inout StateDecoder) throws {
        _ = try row.decode(Int.self)
        // Other workers may have been there: no number may come twice.
        epoch = max(epoch, try row.decode())
        for _ in 0..<(try row.readCount()) {
            let transaction = try loadCodec.decode(&row)
            // Every worker reads every row.
            if context.worker == 0 { log.noteRecovered(transaction) }
        }
    }
}
