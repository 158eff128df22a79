import StreamTesting
import Synchronization
import Testing
import Weir

/// The suite for transactional sinks: a sink that is right passes, and each kind of wrong one is found.
struct TransactionalSinkSuiteTests {
    @Test(arguments: TransactionalSinkCheck.allCases)
    func theOneInMemoryConforms(check: TransactionalSinkCheck) throws {
        try TransactionalSinkSuite(element: { $0 }) {
            let output = CommittedOutput<Int>()
            return TransactionalSinkPlace(
                sink: { output }, visible: { output.committed },
                leftovers: { output.prepared.map { "\($0.number)" } })
        }
        .run(check)
    }

    @Test(arguments: BrokenSink.Fault.allCases)
    func faultsAreFound(fault: BrokenSink.Fault) throws {
        let found = TransactionalSinkCheck.allCases.filter { check in
            do {
                try TransactionalSinkSuite(element: { $0 }) {
                    let table = BrokenSink.Table()
                    return TransactionalSinkPlace(
                        sink: { BrokenSink(table: table, fault: fault) },
                        visible: { table.rows.withLock { $0.visible } },
                        leftovers: { table.rows.withLock { $0.prepared.keys.sorted() } })
                }
                .run(check)
                return false
            } catch { return true }
        }
        #expect(Set(found) == fault.expected, "\(found)")
    }
}

/// A sink in memory that does one thing wrong.
struct BrokenSink: TransactionalSink {
    enum Fault: CaseIterable {
        case none, showsWhatIsPrepared, commitsTwice, forgetsToAbort, abortsOthers, reverses, losesOnRecovery
        case takesFromTheBatch

        var expected: Set<TransactionalSinkCheck> {
            switch self {
            case .none: []
            case .showsWhatIsPrepared:
                [
                    .preparedIsNotVisible, .commitAfterRestart, .abortLeftovers, .numberOfAnAbortedTransaction,
                    .severalPending, .severalWorkers, .othersAreLeftAlone, .random,
                ]
            case .commitsTwice:
                [
                    .commitTwice, .commitAfterRestart, .recoverWhatIsCommitted, .abortLeftovers,
                    .numberOfAnAbortedTransaction, .severalPending, .closing, .random,
                ]
            case .forgetsToAbort: [.abortLeftovers, .abortedCannotBeCommitted, .random]
            case .abortsOthers: [.othersAreLeftAlone]
            case .reverses: [.orderOfAWorker]
            case .losesOnRecovery:
                [.commitAfterRestart, .severalPending, .rescaling, .largeTransactions, .random, .othersAreLeftAlone]
            case .takesFromTheBatch: [.batchesAreLeftAlone]
            }
        }
    }

    struct Rows: Sendable {
        var prepared: [String: [Int]] = [:]
        var done: [String: [Int]] = [:]
        var visible: [Int] = []
    }

    final class Table: Sendable {
        let rows = Mutex(Rows())
    }

    let table: Table
    let fault: Fault

    func makeWriter(_ context: SinkContext) -> Writer { Writer(sink: self, context: context) }
    func makeCommitter(_ context: CommitterContext) -> Committer {
        Committer(sink: self, owner: "\(context.pipeline)|\(context.step)|")
    }

    struct Writer: TransactionalWriter {
        let sink: BrokenSink
        let context: SinkContext
        var epoch = 0
        var elements: [Int] = []

        init(sink: BrokenSink, context: SinkContext) {
            self.sink = sink
            self.context = context
        }

        mutating func begin(epoch: Int) {
            self.epoch = epoch
            elements = []
        }
        mutating func write(_ batch: Batch<Int>) {
            for i in 0..<batch.count { elements.append(batch.elements[i]) }
            if sink.fault == .takesFromTheBatch { batch.removeAll() }
        }
        mutating func prepare() -> String? {
            guard !elements.isEmpty else { return nil }
            let name = "\(context.pipeline)|\(context.step)|\(context.worker)|\(epoch)"
            sink.table.rows.withLock { rows in
                rows.prepared[name] = sink.fault == .reverses ? elements.reversed() : elements
                if sink.fault == .showsWhatIsPrepared { rows.visible += elements }
            }
            return name
        }
    }

    struct Missing: Error {}

    struct Committer: TransactionCommitter {
        let sink: BrokenSink
        let owner: String

        mutating func commit(_ name: String) throws {
            try sink.table.rows.withLock { rows in
                if let done = rows.done[name] {
                    if sink.fault == .commitsTwice { rows.visible += done }
                    return
                }
                guard let elements = rows.prepared.removeValue(forKey: name) else { throw Missing() }
                rows.done[name] = elements
                if sink.fault != .showsWhatIsPrepared { rows.visible += elements }
            }
        }

        mutating func recover(pending: [String]) throws {
            if sink.fault != .losesOnRecovery { for name in pending { try commit(name) } }
            if sink.fault == .forgetsToAbort { return }
            sink.table.rows.withLock { rows in
                rows.prepared = rows.prepared.filter { sink.fault != .abortsOthers && !$0.key.hasPrefix(owner) }
            }
        }
    }
}
