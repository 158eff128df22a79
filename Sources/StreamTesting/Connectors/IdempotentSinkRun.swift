internal import Weir

/// A run of an idempotent sink as the engine has it, without the engine.
struct IdempotentSinkRun<Output: IdempotentSink> where Output.Element: Hashable {
    typealias Record = (key: Int, value: Int)

    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    private let suite: IdempotentSinkSuite<Output>
    private let place: IdempotentSinkPlace<Output>
    private var parallelism = 1
    private var writers: [Output.Writer] = []
    /// The epoch, and the number of records that each worker has had.
    private var epoch = 0
    private var sequences: [Int] = []
    /// What the newest durable snapshot has of them.
    private var saved: (epoch: Int, sequences: [Int]) = (0, [0])
    /// What was written since the last snapshot, batch by batch.
    private var sinceSnapshot: [[Record]] = []
    private var expected: [Int: Int] = [:]

    init(_ suite: IdempotentSinkSuite<Output>, _ place: IdempotentSinkPlace<Output>) {
        self.suite = suite
        self.place = place
    }

    /// Begins as a new process does, with the newest snapshot's epoch.
    mutating func start(parallelism: Int? = nil) throws {
        self.parallelism = parallelism ?? self.parallelism
        let sink = try place.sink()
        writers = try (0..<self.parallelism).map {
            try sink.makeWriter(
                SinkContext(
                    step: "out", worker: $0, parallelism: self.parallelism, pipeline: "suite",
                    isRestored: saved.epoch > 0))
        }
        epoch = saved.epoch
        sequences =
            saved.sequences.count == self.parallelism
            ? saved.sequences : Array(repeating: saved.sequences.max() ?? 0, count: self.parallelism)
    }

    /// Throws the writers away, as if the process had been killed.
    mutating func crash() { writers = [] }

    /// Writes records, each by the worker of its key.
    mutating func write(_ records: [Record]) throws {
        // Where nothing is replaced, a key has one value only.
        let records = suite.replaces ? records : records.map { ($0.key, $0.key) }
        sinceSnapshot.append(records)
        for record in records { expected[record.key] = record.value }
        try send(records)
    }

    /// Writes again what came since the snapshot.
    mutating func replay() throws { for records in sinceSnapshot { try send(records) } }

    private mutating func send(_ records: [Record]) throws {
        for worker in 0..<parallelism {
            let own = records.filter { $0.key % parallelism == worker }
            // An empty batch goes to all.
            if own.isEmpty && !records.isEmpty { continue }
            try write(batch(own), worker: worker)
        }
    }

    mutating func write(_ batch: Batch<Output.Element>, worker: Int) throws {
        let keys = (0..<batch.count).map { suite.key(batch.elements[$0]) }
        let identity = WriteIdentity(
            pipeline: "suite", step: "out", worker: worker, epoch: epoch, sequence: sequences[worker])
        sequences[worker] += batch.count
        try writers[worker].write(batch, keys: keys, as: identity)
    }

    func batch(_ records: [Record]) -> Batch<Output.Element> {
        let batch = Batch<Output.Element>(capacity: max(records.count, 1))
        for record in records { batch.append(suite.element(record.key, record.value), at: 0) }
        return batch
    }

    mutating func flush() throws { for worker in writers.indices { try writers[worker].flush() } }

    /// What was written so far is flushed, and counted by a snapshot.
    mutating func snapshot() throws {
        try failedSnapshot()
        saved = (epoch, sequences)
        sinceSnapshot = []
    }

    /// A snapshot that the workers have taken part in and that doesn't become durable.
    mutating func failedSnapshot() throws {
        try flush()
        epoch += 1
    }

    mutating func close() throws {
        for worker in writers.indices { try writers[worker].close() }
        writers = []
    }

    func expectVisible(_ when: String) throws {
        let elements = expected.sorted { $0.key < $1.key }.map { suite.element($0.key, $0.value) }
        if let difference = difference(try place.visible(), from: elements) {
            throw Problem(description: "\(when): \(difference)")
        }
    }
}
