import StreamTesting
import Synchronization
import Testing
import Weir

/// Barriers that overtake what is under way in an exchange.
struct UnalignedBarrierTests {
    /// Runs a job to a snapshot some steps after its beginning and cancels it.
    ///
    /// - Returns: the rows that the snapshot has of the exchange.
    fileprivate func begin(
        _ storage: MemorySnapshotStorage, _ output: CommittedOutput<DigitSum>, seed: UInt64, timeout: Duration?
    ) throws -> Int {
        let scheduler = ManualScheduler(seed: seed)
        let job = try pipeline(output).start(options(storage, scheduler, parallelism: 2, timeout: timeout))
        for _ in 0..<(4 + seed % 9) { scheduler.step() }
        let report = Mutex<SnapshotReport?>(nil)
        job.requestSnapshot(.snapshot) { answer in report.withLock { $0 = try? answer.get() } }
        var steps = 0
        while report.withLock({ $0 == nil }) && steps < 10_000 {
            scheduler.step()
            steps += 1
        }
        job.cancel()
        while !job.isFinished { scheduler.step() }
        let taken = try #require(report.withLock { $0 }, "seed \(seed)")
        return taken.steps.first { $0.name == "by-digit" }?.rowCount ?? 0
    }

    fileprivate func options(
        _ storage: MemorySnapshotStorage, _ scheduler: ManualScheduler, parallelism: Int, timeout: Duration?
    ) -> JobOptions {
        var options = JobOptions(parallelism: parallelism, batchSize: 2)
        options.ringCapacity = 8
        options.scheduler = scheduler
        options.clock = VirtualClock()
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.snapshots = SnapshotOptions(storage: storage, interval: .seconds(1_000))
        options.snapshots?.alignmentTimeout = timeout
        options.start = .latest
        return options
    }

    fileprivate func pipeline(_ output: CommittedOutput<DigitSum>) throws -> Pipeline {
        try Pipeline("numbers") { p in
            p.source("numbers", NumberSource(count: 60))
                .keyBy("by-digit") { $0 % 7 }
                .process("running sum") { try RunningSum($0) }
                .commit("out", to: output)
        }
    }

    @Test func onlyThoseThatMayDo() throws {
        // What an aligned snapshot has of the exchange doesn't depend on what is under way.
        let aligned = try (0..<30).map {
            try begin(MemorySnapshotStorage(), CommittedOutput(), seed: $0, timeout: nil)
        }
        let unaligned = try (0..<30).map {
            try begin(MemorySnapshotStorage(), CommittedOutput(), seed: $0, timeout: .zero)
        }
        #expect(Set(aligned).count == 1)
        #expect(unaligned.contains { $0 > aligned[0] })
    }

    @Test(arguments: 1...3)
    func whatWasOvertakenIsProcessedOnce(parallelism: Int) throws {
        var sums: [Int: Int] = [:]
        for number in 0..<120 { sums[number % 7, default: 0] += number }
        for seed in 0..<30 {
            let (storage, output) = (MemorySnapshotStorage(), CommittedOutput<DigitSum>())
            _ = try begin(storage, output, seed: UInt64(seed), timeout: .zero)
            let scheduler = ManualScheduler(seed: UInt64(seed) + 100)
            let job = try pipeline(output).start(
                options(storage, scheduler, parallelism: parallelism, timeout: .zero))
            var steps = 0
            while !job.isFinished && steps < 100_000 {
                scheduler.step()
                steps += 1
            }
            #expect(job.isFinished && job.failure == nil, "seed \(seed)")
            #expect(output.committed.count == 120 && output.problems.isEmpty, "seed \(seed)")
            // Numbers only grow the sums, so the highest one of a digit is its last.
            let last = Dictionary(output.committed.map { ($0.digit, $0.sum) }, uniquingKeysWith: max)
            #expect(last == sums, "seed \(seed)")
        }
    }
}

extension UnalignedBarrierTests {
    /// A single worker has what a parallel run had under way; a snapshot that comes before it was handed out holds it once.
    @Test func asSoonAsItWasRestored() throws {
        var sums: [Int: Int] = [:]
        for number in 0..<120 { sums[number % 7, default: 0] += number }
        for seed in 0..<30 {
            let (storage, output) = (MemorySnapshotStorage(), CommittedOutput<DigitSum>())
            _ = try begin(storage, output, seed: UInt64(seed), timeout: .zero)
            // Asked for before the worker's first step.
            let scheduler = ManualScheduler()
            let job = try pipeline(output).start(options(storage, scheduler, parallelism: 1, timeout: .zero))
            let isTaken = Mutex(false)
            job.requestSnapshot(.snapshot) { _ in isTaken.withLock { $0 = true } }
            while !isTaken.withLock({ $0 }) { scheduler.step() }
            job.cancel()
            while !job.isFinished { scheduler.step() }

            let again = ManualScheduler()
            let last = try pipeline(output).start(options(storage, again, parallelism: 1, timeout: .zero))
            try finish(last, again, "seed \(seed)")
            #expect(output.committed.count == 120, "seed \(seed)")
            let found = Dictionary(output.committed.map { ($0.digit, $0.sum) }, uniquingKeysWith: max)
            #expect(found == sums, "seed \(seed)")
        }
    }

    /// At a stop the job's own snapshot and the savepoint are the same moment: who has begun with the one may go back to
    /// the other.
    @Test func notAtAStop() throws {
        for seed: UInt64 in 0..<30 {
            let (storage, elsewhere) = (MemorySnapshotStorage(), MemorySnapshotStorage())
            let output = CommittedOutput<DigitSum>()
            let scheduler = ManualScheduler(seed: seed)
            let job = try pipeline(output).start(options(storage, scheduler, parallelism: 4, timeout: .zero))
            for _ in 0..<(10 + 3 * seed) { scheduler.step() }
            job.requestStop(drain: false, savepoint: elsewhere) { _ in }
            try finish(job, scheduler, "seed \(seed)")

            var saved = options(storage, scheduler, parallelism: 1, timeout: .zero)
            saved.start = .stored(elsewhere, nil)
            let short = try pipeline(output).start(saved)
            short.cancel()
            try finish(short, scheduler, "seed \(seed)")

            let last = try pipeline(output).start(options(storage, scheduler, parallelism: 1, timeout: .zero))
            try finish(last, scheduler, "seed \(seed)")
            #expect(output.committed.count == 120 && output.problems.isEmpty, "seed \(seed)")
        }
    }

    private func finish(_ job: Job, _ scheduler: ManualScheduler, _ comment: String) throws {
        var steps = 0
        while !job.isFinished && steps < 100_000 {
            scheduler.step()
            steps += 1
        }
        try #require(job.isFinished && job.failure == nil, "\(comment)")
    }
}

fileprivate struct DigitSum: Hashable {
    let digit: Int
    let sum: Int
}

private struct RunningSum: KeyedProcessor {
    typealias Key = Int
    typealias Input = Int
    typealias Output = DigitSum

    let sum: ValueState<Int, Int>

    init(_ state: KeyedStateStore<Int>) throws { sum = try state.value("sum") }

    mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
        let total = (sum.value ?? 0) + number
        sum.value = total
        try context.emit(DigitSum(digit: number % 7, sum: total))
    }
}
