internal import Synchronization
public import Weir

/// A transactional sink in memory that outlasts the jobs that write to it, as a database would: for tests of exactly once.
///
/// ```swift
/// let output = CommittedOutput<Total>()
/// let pipeline = try Pipeline("totals") { p in … .commit("totals", to: output) }
/// try await pipeline.run(options)
/// #expect(output.committed == [Total(user: "ann", sum: 3)])
/// ```
/// Commits can be made to go wrong (``onCommit(_:)``). What is prepared twice, committed without being prepared, or left
/// behind shows in ``problems`` and ``prepared``.
public final class CommittedOutput<Element: Sendable>: TransactionalSink {
    /// How a commit goes.
    public enum CommitFault: Sendable, CaseIterable {
        /// As it should.
        case none
        /// It fails and has no effect.
        case lost
        /// It takes effect, and its answer is lost.
        case unanswered
        /// It is done twice.
        case repeated
        /// It can never be done.
        case impossible
    }

    /// What the committer is told of a transaction.
    public struct Transaction: Sendable, Hashable, Codable {
        /// Its number among all that were ever prepared.
        public let number: Int
        /// The worker that prepared it.
        public let worker: Int
        /// The number of the transaction on its worker.
        public let epoch: Int
    }

    /// Of which pipeline and step something is.
    struct Owner: Sendable, Hashable {
        let pipeline: String
        let step: String
    }

    private struct Prepared: Sendable {
        let owner: Owner
        let elements: [Element]
    }

    private struct State: Sendable {
        var prepared: [Transaction: Prepared] = [:]
        var done: Set<Transaction> = []
        var committed: [Element] = []
        var next = 0
        var problems: [String] = []
        var fault: @Sendable (Transaction) -> CommitFault = { _ in .none }
        var aborted = 0
        var isComplete = false
        var world: SimulatedWorld?
    }

    private let state = Mutex(State())

    /// An output without records.
    public init() {}

    /// What is visible, in the order in which it became so.
    public var committed: [Element] { state.withLock { $0.committed } }

    /// Transactions that were prepared and neither committed nor aborted.
    public var prepared: [Transaction] { state.withLock { Array($0.prepared.keys) } }

    /// What was done to the output that a sink could not have borne.
    public var problems: [String] { state.withLock { $0.problems } }

    /// How many transactions were committed.
    public var commitCount: Int { state.withLock { $0.done.count } }

    /// How many transactions were aborted.
    public var abortCount: Int { state.withLock { $0.aborted } }

    /// Whether the last job that wrote said that the output is complete.
    public var isComplete: Bool { state.withLock { $0.isComplete } }

    /// Says how commits go from now on.
    public func onCommit(_ fault: @escaping @Sendable (Transaction) -> CommitFault) {
        state.withLock { $0.fault = fault }
    }

    /// A writer.
    public func makeWriter(_ context: SinkContext) -> Writer {
        Writer(
            output: self, worker: context.worker, owner: Owner(pipeline: context.pipeline, step: context.step))
    }

    /// The committer.
    public func makeCommitter(_ context: CommitterContext) -> Committer {
        Committer(output: self, owner: Owner(pipeline: context.pipeline, step: context.step))
    }

    /// Of which world what happens to the output is an effect.
    var world: SimulatedWorld? {
        get { state.withLock { $0.world } }
        set { state.withLock { $0.world = newValue } }
    }

    private func perform<Result>(
        _ effect: SimulationPlan.Effect, _ what: @autoclosure () -> String, _ body: () throws -> Result
    ) throws -> Result {
        guard let world else { return try body() }
        return try world.perform(effect, what(), body)
    }

    private func prepare(_ elements: [Element], worker: Int, epoch: Int, _ owner: Owner) throws -> Transaction {
        try perform(.prepare, "epoch \(epoch) of worker \(worker), \(elements.count) records") {
            state.withLock { state in
                let transaction = Transaction(number: state.next, worker: worker, epoch: epoch)
                state.next += 1
                state.prepared[transaction] = Prepared(owner: owner, elements: elements)
                return transaction
            }
        }
    }

    private func commit(_ transaction: Transaction) throws {
        let fault = try fault(of: transaction)
        switch fault {
        case .lost: throw CommitError(.notCommitted, message: "the commit was lost")
        case .impossible: throw CommitError(.impossible, message: "the transaction is broken")
        case .none, .unanswered, .repeated: break
        }
        for _ in 0..<(fault == .repeated ? 2 : 1) { try makeVisible(transaction) }
        if fault == .unanswered { throw CommitError(.unknown, message: "no answer came") }
    }

    private func fault(of transaction: Transaction) throws -> CommitFault {
        guard let world else { return state.withLock { $0.fault }(transaction) }
        switch try world.begin(.commit, "transaction \(transaction.number) of worker \(transaction.worker)") {
        case .asItShould: return .none
        case .last: return .unanswered
        case .wrong(.failsAfterwards): return .unanswered
        case .wrong(.repeats): return .repeated
        case .wrong: return .lost
        }
    }

    private func makeVisible(_ transaction: Transaction) throws {
        try state.withLock { state in
            if state.done.contains(transaction) { return }
            guard let prepared = state.prepared.removeValue(forKey: transaction) else {
                let message = "transaction \(transaction.number) was never prepared, or aborted"
                state.problems.append(message)
                throw CommitError(.impossible, message: message)
            }
            state.done.insert(transaction)
            state.committed += prepared.elements
        }
    }

    private func recover(_ pending: [Transaction], _ owner: Owner) throws {
        try perform(.recover, "\(pending.count) transactions") {
            for transaction in pending.sorted(by: { $0.number < $1.number }) { try makeVisible(transaction) }
            state.withLock { state in
                let others = state.prepared.filter { $0.value.owner != owner }
                state.aborted += state.prepared.count - others.count
                state.prepared = others
                state.isComplete = false
            }
        }
    }

    private func finish() { state.withLock { $0.isComplete = true } }

    /// Collects a worker's records.
    public struct Writer: TransactionalWriter {
        let output: CommittedOutput
        let worker: Int
        let owner: Owner
        private var epoch = -1
        private var elements: [Element] = []

        init(output: CommittedOutput, worker: Int, owner: Owner) {
            self.output = output
            self.owner = owner
            self.worker = worker
        }

        /// Begins with no records.
        public mutating func begin(epoch: Int) {
            if epoch <= self.epoch {
                output.state.withLock { $0.problems.append("worker \(worker) began epoch \(epoch) again") }
            }
            self.epoch = epoch
        }

        /// Takes a batch.
        public mutating func write(_ batch: Batch<Element>) {
            for i in 0..<batch.count { elements.append(batch.elements[i]) }
        }

        /// Hands the records to the output, which doesn't show them yet.
        public mutating func prepare() throws -> Transaction? {
            defer { elements = [] }
            return try output.prepare(elements, worker: worker, epoch: epoch, owner)
        }
    }

    /// Shows what was prepared.
    public struct Committer: TransactionCommitter {
        let output: CommittedOutput
        let owner: Owner

        /// Shows a transaction's records.
        public mutating func commit(_ transaction: Transaction) throws { try output.commit(transaction) }

        /// Shows the transactions' records and drops all others.
        public mutating func recover(pending: [Transaction]) throws { try output.recover(pending, owner) }

        /// Notes that the output is complete.
        public mutating func finish() { output.finish() }
    }
}
