internal import Weir

/// A run of a transactional sink as the engine has it, without the engine.
struct TransactionalSinkRun<Output: TransactionalSink> where Output.Element: Hashable {
    typealias Transaction = Output.Committer.Transaction

    struct Problem: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// A prepared transaction, in the form that it has in snapshots.
    struct Prepared {
        let worker: Int
        let bytes: [UInt8]
        /// The numbers of its records.
        let records: [Int]
    }

    struct Snapshot {
        var pending: [Prepared] = []
        var epoch = 0
    }

    let place: TransactionalSinkPlace<Output>
    let element: (Int) -> Output.Element
    let pipeline: String
    let step: String
    private let codec = StateCodec<Transaction>.automatic

    private(set) var parallelism = 1
    private var sink: Output?
    private var committer: Output.Committer?
    private var committerRun = CommitterRun()
    private var isRestored = false
    private var writers: [Output.Writer?] = []
    private var hasBegun: [Bool] = []
    private var epochs: [Int] = []
    private var open: [[Int]] = []
    /// What was prepared and not committed so far.
    private(set) var pending: [Prepared] = []
    /// What each worker has written since the last start.
    private(set) var written: [Int: [Int]] = [:]

    init(
        _ place: TransactionalSinkPlace<Output>, element: @escaping (Int) -> Output.Element, pipeline: String = "suite",
        step: String = "out"
    ) {
        self.place = place
        self.element = element
        self.pipeline = pipeline
        self.step = step
    }

    /// Begins as a new process does.
    mutating func start(from snapshot: Snapshot = Snapshot(), parallelism: Int? = nil) throws {
        self.parallelism = parallelism ?? self.parallelism
        let sink = try place.sink()
        self.sink = sink
        committerRun = CommitterRun()
        isRestored = snapshot.epoch > 0
        var committer = try sink.makeCommitter(
            CommitterContext(pipeline: pipeline, step: step, parallelism: self.parallelism, run: committerRun))
        let transactions = try snapshot.pending.map(decoded)
        try doing("recover") { try committer.recover(pending: transactions) }
        self.committer = committer
        writers = Array(repeating: nil, count: self.parallelism)
        hasBegun = Array(repeating: false, count: self.parallelism)
        epochs = Array(repeating: snapshot.epoch, count: self.parallelism)
        open = Array(repeating: [], count: self.parallelism)
        pending = []
        written = [:]
    }

    func batch(_ numbers: some Collection<Int>) -> Batch<Output.Element> {
        let batch = Batch<Output.Element>(capacity: max(numbers.count, 1))
        for number in numbers { batch.append(element(number), at: Timestamp(number)) }
        return batch
    }

    mutating func write(_ numbers: some Collection<Int>, worker: Int = 0) throws {
        try write(batch(numbers), worker: worker)
        open[worker] += numbers
        written[worker, default: []] += numbers
    }

    mutating func write(_ batch: Batch<Output.Element>, worker: Int) throws {
        if writers[worker] == nil {
            writers[worker] = try sink?.makeWriter(
                SinkContext(
                    step: step, worker: worker, parallelism: parallelism, pipeline: pipeline, isRestored: isRestored,
                    run: committerRun))
        }
        if !hasBegun[worker] {
            let epoch = epochs[worker]
            try doing("begin") { try writers[worker]?.begin(epoch: epoch) }
            hasBegun[worker] = true
        }
        try doing("write") { try writers[worker]?.write(batch) }
    }

    /// Has all workers prepare, as a barrier does.
    @discardableResult
    mutating func barrier() throws -> Snapshot {
        for worker in 0..<parallelism where hasBegun[worker] {
            hasBegun[worker] = false
            epochs[worker] += 1
            let records = open[worker]
            open[worker] = []
            let transaction = try doing("prepare") { try writers[worker]?.prepare() }
            guard let transaction else {
                if records.isEmpty { continue }
                throw Problem("prepare() returned nil although \(records.count) records were written")
            }
            var encoder = StateEncoder()
            try doing("encode the transaction") { try codec.encode(transaction, into: &encoder) }
            pending.append(Prepared(worker: worker, bytes: encoder.bytes, records: records))
        }
        return snapshot
    }

    /// What a snapshot taken now would hold.
    var snapshot: Snapshot { Snapshot(pending: pending, epoch: epochs.max() ?? 0) }

    /// Commits all that is pending.
    mutating func commit() throws {
        while let next = pending.first { try commit(next) }
    }

    /// Commits a transaction, which may have been committed before.
    mutating func commit(_ prepared: Prepared) throws {
        let transaction = try decoded(prepared)
        try doing("commit") { try committer?.commit(transaction) }
        pending.removeAll { $0.bytes == prepared.bytes && $0.worker == prepared.worker }
    }

    /// Throws everything away, as if the process had been killed.
    mutating func crash() {
        writers = []
        committer = nil
        sink = nil
        pending = []
    }

    /// Ends as a job does that has ended by itself.
    mutating func close() throws {
        for worker in writers.indices { try doing("close a writer") { try writers[worker]?.close() } }
        try doing("finish") { try committer?.finish() }
        committer?.close()
        crash()
    }

    func expectVisible(_ numbers: some Collection<Int>, _ when: String) throws {
        if let difference = difference(try place.visible(), from: numbers.map(element)) {
            throw Problem("\(when): \(difference)")
        }
    }

    func expectNoLeftovers(_ when: String) throws {
        let leftovers = try place.leftovers()
        if !leftovers.isEmpty { throw Problem("\(when), this is left behind: \(leftovers.joined(separator: ", "))") }
    }

    private func decoded(_ prepared: Prepared) throws -> Transaction {
        var decoder = StateDecoder(prepared.bytes)
        return try doing("decode the transaction") { try codec.decode(&decoder) }
    }

    private func doing<Result>(_ what: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw Problem("can't \(what): \(error)") }
    }
}
