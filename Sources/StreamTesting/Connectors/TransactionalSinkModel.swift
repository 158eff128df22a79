internal import Weir

/// Random things that happen to a transactional sink, and what should be visible after each of them.
struct TransactionalSinkModel<Output: TransactionalSink> where Output.Element: Hashable {
    private typealias Run = TransactionalSinkRun<Output>

    private var run: Run
    private var random: SplitMix64
    private var hasStarted = false
    private var next = 0
    private var visible: [Int] = []
    /// The newest durable snapshot.
    private var durable = Run.Snapshot()
    /// The bytes of the transactions of the durable snapshot that are not committed yet.
    private var due: [Run.Prepared] = []
    private var committed: Set<[UInt8]> = []

    init(_ run: TransactionalSinkRun<Output>, seed: UInt64) {
        self.run = run
        random = SplitMix64(seed: seed)
    }

    mutating func doSomething() throws {
        guard hasStarted else { return try start() }
        switch random.next(below: 100) {
        case ..<45:
            let count = Int(random.next(below: 6))
            let worker = Int(random.next(below: UInt64(run.parallelism)))
            try run.write(next..<next + count, worker: worker)
            next += count
        case ..<65: try snapshot()
        case ..<85: try commit(atMost: Int(random.next(below: 4)))
        case ..<90:
            // One that was committed, or not, is committed again, as after an answer that was lost.
            if let first = due.first {
                try run.commit(first)
                try run.commit(first)
                note(first)
            }
        default:
            run.crash()
            try start()
        }
        try run.expectVisible(visible, "after a random step")
    }

    mutating func end() throws {
        if !hasStarted { try start() }
        durable = try run.barrier()
        due = durable.pending
        try commit(atMost: .max)
        try run.close()
        try run.expectVisible(visible, "at the end")
        try run.expectNoLeftovers("at the end")
    }

    /// Begins with the newest durable snapshot, on any number of workers; what it has is committed.
    private mutating func start() throws {
        hasStarted = true
        try run.start(from: durable, parallelism: 1 + Int(random.next(below: 4)))
        for prepared in durable.pending { note(prepared) }
        due = []
    }

    private mutating func snapshot() throws {
        let snapshot = try run.barrier()
        // Else it fails: what was prepared for it is part of the next one.
        guard random.next(below: 4) > 0 else { return }
        durable = snapshot
        due = snapshot.pending
    }

    private mutating func commit(atMost count: Int) throws {
        for prepared in due.prefix(count) {
            try run.commit(prepared)
            note(prepared)
        }
    }

    private mutating func note(_ prepared: Run.Prepared) {
        due.removeAll { $0.bytes == prepared.bytes && $0.worker == prepared.worker }
        guard committed.insert(prepared.bytes).inserted else { return }
        visible += prepared.records
    }
}
