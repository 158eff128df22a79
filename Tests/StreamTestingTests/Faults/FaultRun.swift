import StreamTesting
import Synchronization
import Weir

/// A job of running sums that is driven by hand, over a storage whose calls may fail.
final class FaultRun {
    static let start: Timestamp = 1_000_000
    static let keys = 4

    struct Sums: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = String
        let sum: ValueState<Key, Int>
        let counts: MapState<Key, Int, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            let new = (sum.value ?? 0) + number
            sum.value = new
            counts[number % 3] = (counts[number % 3] ?? 0) + 1
            let all = (0..<3).map { "\(counts[$0] ?? 0)" }.joined(separator: "+")
            try context.emit("\(context.key): \(new) of \(all)")
        }
    }

    let objects = MemorySnapshotStorage()
    let storage: FaultySnapshotStorage
    let clock = VirtualClock(start: FaultRun.start)
    let backend: any StateBackend
    let executor: any SnapshotExecutor
    private(set) var input = TestInput<Int>("numbers", splits: 2)
    private(set) var log = OutputLog<String>()
    private(set) var scheduler = ManualScheduler()
    private(set) var job: Job
    private var batches = 0

    init(backend: any StateBackend = MemoryBackend(), executor: any SnapshotExecutor = InlineSnapshotExecutor()) throws
    {
        self.backend = backend
        self.executor = executor
        storage = FaultySnapshotStorage(objects)
        let started = try Self.start(input, log, scheduler, storage, backend, executor, clock)
        job = started
    }

    deinit {
        job.cancel()
        scheduler.settle()
    }

    private static func start(
        _ input: TestInput<Int>, _ log: OutputLog<String>, _ scheduler: ManualScheduler,
        _ storage: any SnapshotStorage, _ backend: any StateBackend, _ executor: any SnapshotExecutor,
        _ clock: VirtualClock
    ) throws -> Job {
        let pipeline = try Pipeline("faulty") { p in
            p.input(input).keyBy { $0 % keys }
                .process("sums") { Sums(sum: try $0.value("sum"), counts: try $0.map("counts")) }
                .logged("log", in: log)
        }
        var options = JobOptions(parallelism: 2, batchSize: 8)
        options.scheduler = scheduler
        options.snapshotExecutor = executor
        options.snapshots = SnapshotOptions(storage: storage, interval: nil)
        options.start = .latest
        options.backend = backend
        options.memoryBudget = backend.name == "memory" ? nil : 4_096
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        options.clock = clock
        return try pipeline.start(options)
    }

    /// The numbers of a batch: each key once.
    private static func numbers(_ batch: Int) -> Range<Int> { batch * keys..<(batch + 1) * keys }

    /// The last line of each key after some batches, worked out by themselves.
    static func expected(_ batches: Int) -> [Int: String] {
        var lines: [Int: String] = [:]
        for key in 0..<keys {
            let numbers = (0..<batches).map { $0 * keys + key }
            let counts = (0..<3).map { rest in "\(numbers.count { $0 % 3 == rest })" }
            lines[key] = "\(key): \(numbers.reduce(0, +)) of \(counts.joined(separator: "+"))"
        }
        return lines
    }

    static func lastLines(_ log: OutputLog<String>) -> [Int: String] {
        var lines: [Int: String] = [:]
        for line in log.records { lines[Int(line.prefix { $0 != ":" }) ?? -1] = line }
        return lines
    }

    /// Sends the next batch and has it processed.
    func advance() throws {
        for number in Self.numbers(batches) { input.send(number, at: 0, split: number % 2) }
        batches += 1
        try settle()
    }

    func settle() throws {
        scheduler.settle()
        if let failure = job.failure { throw failure }
    }

    /// Takes a snapshot; the clock moves on a second before.
    func snapshot(_ kind: SnapshotManifest.Kind = .snapshot) throws -> Result<SnapshotReport, SnapshotError> {
        clock.advance(by: .seconds(1))
        let answers = Mutex<[Result<SnapshotReport, SnapshotError>]>([])
        job.requestSnapshot(kind) { answer in answers.withLock { $0.append(answer) } }
        try settle()
        let all = answers.withLock { $0 }
        guard all.count == 1 else {
            throw SnapshotError(code: .storageFailed, message: "the snapshot was answered \(all.count) times")
        }
        return all[0]
    }

    /// What a run that begins with the newest snapshot comes to after all batches so far and one more.
    func linesAfterRestore() throws -> [Int: String] {
        let input = TestInput<Int>("numbers", splits: 2)
        let log = OutputLog<String>()
        let scheduler = ManualScheduler(seed: 7)
        for number in (0...batches).flatMap(Self.numbers) { input.send(number, at: 0, split: number % 2) }
        input.end()
        let job = try Self.start(input, log, scheduler, objects, backend, InlineSnapshotExecutor(), clock)
        scheduler.settle()
        if let failure = job.failure { throw failure }
        return Self.lastLines(log)
    }

    /// The number of batches so far.
    var count: Int { batches }

    /// Ends the job at once, and goes on from its newest snapshot with all that came since.
    func crashAndRestart() throws {
        job.cancel()
        scheduler.settle()
        scheduler = ManualScheduler(seed: 3)
        log = OutputLog()
        job = try Self.start(input, log, scheduler, storage, backend, executor, clock)
        try settle()
    }
}
