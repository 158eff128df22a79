internal import Weir

/// A sink that notes when it prepares, commits and recovers.
struct WatchedSink<Base: TransactionalSink>: TransactionalSink {
    typealias Element = Base.Element

    let base: Base
    let journal: CrashJournal

    init(_ base: Base, _ journal: CrashJournal) {
        self.base = base
        self.journal = journal
    }

    func makeWriter(_ context: SinkContext) throws -> Writer {
        Writer(base: try base.makeWriter(context), journal: journal, name: "\(context.step).\(context.worker)")
    }

    func makeCommitter(_ context: CommitterContext) throws -> Committer {
        Committer(base: try base.makeCommitter(context), journal: journal, step: context.step)
    }

    struct Writer: TransactionalWriter {
        var base: Base.Writer
        let journal: CrashJournal
        let name: String

        mutating func begin(epoch: Int) throws { try base.begin(epoch: epoch) }
        mutating func write(_ batch: Batch<Base.Element>) throws { try base.write(batch) }

        mutating func prepare() throws -> Base.Writer.Transaction? {
            journal.note("begin prepare \(name) 1")
            let transaction = try base.prepare()
            journal.note("end prepare \(name) \(transaction == nil ? 0 : 1)")
            return transaction
        }

        mutating func close() throws { try base.close() }
    }

    struct Committer: TransactionCommitter {
        var base: Base.Committer
        let journal: CrashJournal
        let step: String

        mutating func commit(_ transaction: Base.Committer.Transaction) throws {
            journal.note("begin commit \(step) 1")
            try base.commit(transaction)
            journal.note("end commit \(step) 1")
        }

        mutating func recover(pending: [Base.Committer.Transaction]) throws {
            journal.note("begin recover \(step) \(pending.count)")
            try base.recover(pending: pending)
            journal.note("end recover \(step) \(pending.count)")
        }

        mutating func finish() throws { try base.finish() }
        mutating func close() { base.close() }
    }
}
