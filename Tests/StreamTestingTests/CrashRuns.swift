import StreamTesting
import Synchronization
import Weir

/// What reached the end of a pipeline, with the barrier that each record came after.
final class EpochLog<Element: Sendable>: Sendable {
    private let state = Mutex<(pending: [(barrier: Int, element: Element)], committed: [Element])>(([], []))

    func add(_ elements: [Element], after barrier: Int) {
        state.withLock { $0.pending += elements.map { (barrier, $0) } }
    }

    /// Keeps what came before a barrier for good.
    func commit(before barrier: Int) {
        state.withLock { state in
            state.committed += state.pending.filter { $0.barrier < barrier }.map(\.element)
            state.pending.removeAll { $0.barrier < barrier }
        }
    }

    /// A crash: what wasn't committed is lost.
    func crash() { state.withLock { $0.pending = [] } }

    var committed: [Element] { state.withLock { $0.committed } }
}

extension DataStream {
    /// Ends the stream in a log.
    func ended(_ name: String, in log: EpochLog<Element>) {
        _ = attach(name) { _, outlet in
            let barrier = Mutex(0)
            return Inlet<Batch<Element>>(
                consumes: false,
                onBatch: { batch in
                    log.add((0..<batch.count).map { batch.elements[$0] }, after: barrier.withLock { $0 })
                },
                onSignal: { signal in
                    if case .barrier(let number) = signal { barrier.withLock { $0 = number } }
                    try (outlet as Outlet<Batch<Element>>).signal(signal)
                })
        }
    }
}

/// Runs a pipeline with snapshots and crashes drawn from a seed.
struct CrashRun {
    var random: SplitMix64
    let backend: any StateBackend
    let describe: (PipelineBuilder, EpochLog<String>) throws -> Void
    private(set) var snapshots = 0
    private(set) var crashes = 0
    /// Whether snapshots are taken.
    var takesSnapshots = true
    /// The steps that the workers take together before a crash, at most.
    var longestLife: UInt64 = 420

    init(
        seed: UInt64, backend: any StateBackend = MemoryBackend(),
        _ describe: @escaping (PipelineBuilder, EpochLog<String>) throws -> Void
    ) {
        random = SplitMix64(seed: seed)
        self.backend = backend
        self.describe = describe
    }

    /// Everything that was committed when the input had ended.
    mutating func run(crashes limit: Int, maximumParallelism: Int = 3) throws -> [String] {
        let log = EpochLog<String>()
        let pipeline = try Pipeline("crashing") { try describe($0, log) }
        let storage = MemorySnapshotStorage()
        var parallelism = 1 + Int(random.next(below: UInt64(maximumParallelism)))
        while true {
            let scheduler = ManualScheduler(seed: random.next())
            var options = JobOptions(parallelism: parallelism, batchSize: 1 + Int(random.next(below: 9)))
            options.scheduler = scheduler
            options.snapshotExecutor = InlineSnapshotExecutor()
            options.snapshots = SnapshotOptions(storage: storage, interval: nil)
            options.start = .latest
            options.ringCapacity = 2
            options.backend = backend
            options.memoryBudget = backend.name == "memory" ? nil : 4_096
            options.logger = JobOptions.silentLogger
            options.metricsInterval = nil
            options.clock = VirtualClock()
            let job = try pipeline.start(options)
            let willCrash = crashes < limit
            let life = 20 + random.next(below: longestLife - 20)
            var taken = 0
            var isFinished = false
            var steps: UInt64 = 0
            var isBusy = false
            let answers = Mutex<[Result<SnapshotReport, SnapshotError>]>([])
            while !isFinished && (!willCrash || steps < life) {
                if takesSnapshots && !isBusy && random.next(below: 12) == 0 {
                    isBusy = true
                    taken += 1
                    job.requestSnapshot(.snapshot) { answer in answers.withLock { $0.append(answer) } }
                }
                isFinished = scheduler.step()
                steps += 1
                if let failure = job.failure { throw failure }
                for answer in answers.withLock({ answers in
                    defer { answers = [] }
                    return answers
                }) {
                    isBusy = false
                    // One that was under way when the job ended is not to be had.
                    if case .success = answer {
                        snapshots += 1
                        log.commit(before: taken)
                    } else if case .failure(let error) = answer, !isFinished {
                        throw error
                    }
                }
            }
            if isFinished {
                log.commit(before: .max)
                return log.committed
            }
            job.cancel()
            while !scheduler.step() {}
            log.crash()
            crashes += 1
            if random.next(below: 2) == 0 { parallelism = 1 + Int(random.next(below: UInt64(maximumParallelism))) }
        }
    }
}
