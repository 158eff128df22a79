import StreamTesting
import Synchronization
import Testing
import Weir

/// What transactional sinks show, whatever happens to the job.
struct ExactlyOnceTests {
    /// Numbers, two splits of them, restartable, with a step that may throw.
    private static func pipeline(
        _ output: CommittedOutput<Int>, count: Int = 40, endless: Bool = false,
        _ check: @escaping @Sendable (Int) throws -> Void = { _ in }
    ) throws -> Pipeline {
        try Pipeline("numbers") { p in
            p.source("numbers", NumberSource(count: count, isEndless: endless))
                .map("check") { number in
                    try check(number)
                    return number
                }
                .commit("out", to: output)
        }
    }

    private static func options(
        _ storage: MemorySnapshotStorage?, parallelism: Int = 2, interval: Duration? = .milliseconds(10)
    ) -> JobOptions {
        var options = JobOptions(parallelism: parallelism, batchSize: 3)
        options.logger = JobOptions.silentLogger
        if let storage {
            options.snapshots = SnapshotOptions(storage: storage, interval: interval)
            options.start = .latest
        }
        return options
    }

    @Test(arguments: [true, false], [1, 2])
    func everythingIsCommittedAtTheEnd(withSnapshots: Bool, parallelism: Int) async throws {
        let output = CommittedOutput<Int>()
        let storage = withSnapshots ? MemorySnapshotStorage() : nil
        try await Self.pipeline(output).run(Self.options(storage, parallelism: parallelism))
        #expect(output.committed.sorted() == Array(0..<80))
        #expect(output.prepared.isEmpty && output.problems.isEmpty)
        #expect(output.isComplete)
    }

    @Test func aJobThatHasEndedHasNothingMoreToCommit() async throws {
        let output = CommittedOutput<Int>()
        let storage = MemorySnapshotStorage()
        for _ in 0..<3 { try await Self.pipeline(output).run(Self.options(storage)) }
        #expect(output.committed.sorted() == Array(0..<80))
    }

    @Test func aFailedJobBeginsAgain() async throws {
        let output = CommittedOutput<Int>()
        let failures = Mutex(3)
        let pipeline = try Self.pipeline(output) { number in
            guard number % 40 == 30 else { return }
            let mustFail = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if mustFail { throw Broken(number: number) }
        }
        var options = Self.options(MemorySnapshotStorage())
        options.restarts = .fixedDelay(attempts: 5, delay: .milliseconds(1))
        let job = try pipeline.start(options)
        _ = try await job.wait()
        #expect(output.committed.sorted() == Array(0..<80))
        #expect((1...3).contains(job.health.restarts))
        #expect(job.health.phase == .ended)
        #expect(output.problems.isEmpty)
    }

    @Test func aRecordThatFailsTheJobTwiceIsNamed() async throws {
        let output = CommittedOutput<Int>()
        let pipeline = try Self.pipeline(output) { if $0 == 30 { throw Broken(number: $0) } }
        var options = Self.options(MemorySnapshotStorage(), parallelism: 1)
        options.restarts = .fixedDelay(attempts: 2, delay: .zero)
        let error = await #expect(throws: JobError.self) { try await pipeline.run(options) }
        #expect(error?.step == "check")
        #expect(error?.record == RecordPlace(source: "0", offset: 30))
        #expect(error?.message.contains("has failed the job 3 times") == true)
        #expect(error?.cause is Broken)
    }

    private struct Lasting: LastingFailure {
        let isLasting: Bool
    }

    /// One that was replaced by another process doesn't take over from it in turn.
    @Test(arguments: [true, false])
    func aLastingFailureEndsTheJob(isLasting: Bool) async throws {
        let tries = Mutex(0)
        let pipeline = try Self.pipeline(CommittedOutput<Int>()) { number in
            guard number == 30 else { return }
            tries.withLock { $0 += 1 }
            throw Lasting(isLasting: isLasting)
        }
        var options = Self.options(MemorySnapshotStorage(), parallelism: 1)
        options.restarts = .fixedDelay(attempts: 2, delay: .zero)
        let error = await #expect(throws: JobError.self) { try await pipeline.run(options) }
        #expect(error?.cause is Lasting)
        #expect(tries.withLock { $0 } == (isLasting ? 1 : 3))
    }

    @Test func aStoppedJobHasCommittedAndGoesOnLater() async throws {
        let output = CommittedOutput<Int>()
        let storage = MemorySnapshotStorage()
        let savepoints = MemorySnapshotStorage()
        let seen = Mutex(0)
        let first = try Self.pipeline(output, endless: true) { _ in seen.withLock { $0 += 1 } }
            .start(Self.options(storage, interval: nil))
        while seen.withLock({ $0 }) < 50 { await Task.yield() }
        let report = try await first.stop(savepoint: savepoints)
        #expect(report.snapshot != nil && report.savepoint?.kind == .savepoint)
        #expect(first.isFinished)
        let committed = output.committed.count
        #expect(committed == seen.withLock { $0 })
        #expect(output.prepared.isEmpty)
        #expect(!output.isComplete)

        try await Self.pipeline(output).run(Self.options(storage))
        #expect(output.committed.sorted() == Array(0..<80))
    }

    @Test func aDrainedJobFiresItsWindows() async throws {
        let output = CommittedOutput<Int>()
        let seen = Mutex(0)
        let pipeline = try Pipeline("drained") { p in
            p.source(
                "numbers", NumberSource(count: 5, isEndless: true), time: { Timestamp($0) },
                watermarks: .boundedOutOfOrderness(.zero)
            )
            .inspect("seen") { _, _ in seen.withLock { $0 += 1 } }
            .keyBy { $0 % 2 }
            .window(.tumbling(.seconds(1)))
            .aggregate("count", .count())
            .map { $0.value }
            .commit("out", to: output)
        }
        let job = try pipeline.start(Self.options(nil, parallelism: 1))
        while seen.withLock({ $0 }) < 10 { await Task.yield() }
        try await job.stop(drain: true)
        #expect(output.committed.reduce(0, +) == 10)
    }

    @Test(arguments: [CommittedOutput<Int>.CommitFault.lost, .unanswered, .repeated])
    func aCommitThatGoesWrongIsTriedAgain(fault: CommittedOutput<Int>.CommitFault) async throws {
        let output = CommittedOutput<Int>()
        let count = Mutex(0)
        output.onCommit { _ in
            count.withLock { count in
                count += 1
                return count % 2 == 1 ? fault : .none
            }
        }
        try await Self.pipeline(output).run(Self.options(MemorySnapshotStorage()))
        #expect(output.committed.sorted() == Array(0..<80))
        #expect(output.problems.isEmpty)
    }

    /// Without snapshots results show at the end, all or none: the next start begins afresh.
    @Test func nothingIsCommittedUnlessAllHavePrepared() async throws {
        let output = CommittedOutput<Int>()
        let pipeline = try Pipeline("numbers") { p in
            p.source("numbers", NumberSource(count: 40)).commit("out", to: HalfPrepared(output: output))
        }
        let error = await #expect(throws: JobError.self) { try await pipeline.run(Self.options(nil)) }
        #expect(error?.step == "out")
        #expect(output.committed.isEmpty)
    }

    @Test(arguments: [false, true])
    func aSavepointAloneIsWhatCommits(drain: Bool) async throws {
        let output = CommittedOutput<Int>()
        let savepoints = FaultySnapshotStorage(MemorySnapshotStorage())
        let seen = Mutex(0)
        let job = try Self.pipeline(output, endless: true) { _ in seen.withLock { $0 += 1 } }
            .start(Self.options(nil))
        while seen.withLock({ $0 }) < 50 { await Task.yield() }
        savepoints.fail(.putIfAbsent, error: SnapshotError(code: .storageFull, message: "no room"), .fromThenOn)
        if drain {
            // The input is at its end then, and its results are seen all the same.
            await #expect(throws: SnapshotError.self) { try await job.stop(drain: true, savepoint: savepoints) }
            _ = try await job.wait()
            #expect(output.committed.count == seen.withLock { $0 })
            return
        }
        await #expect(throws: SnapshotError.self) { try await job.stop(savepoint: savepoints) }
        #expect(output.committed.isEmpty && !job.isFinished)
        savepoints.heal()
        let report = try await job.stop(savepoint: savepoints)
        #expect(report.savepoint != nil && output.committed.count == seen.withLock { $0 })

        var options = Self.options(nil)
        options.start = .stored(savepoints, nil)
        try await Self.pipeline(output).run(options)
        #expect(output.committed.sorted() == Array(0..<80))
    }

    @Test func aCommitThatIsImpossibleFailsTheJob() async throws {
        let output = CommittedOutput<Int>()
        output.onCommit { _ in .impossible }
        let pipeline = try Self.pipeline(output)
        let error = await #expect(throws: JobError.self) {
            try await pipeline.run(Self.options(MemorySnapshotStorage()))
        }
        #expect(error?.code == .commitFailed)
        #expect(error?.step == "out")
        #expect(output.committed.isEmpty)
    }
}

/// A sink whose second worker can't prepare.
private struct HalfPrepared: TransactionalSink {
    struct Writer: TransactionalWriter {
        var writer: CommittedOutput<Int>.Writer
        let worker: Int

        mutating func begin(epoch: Int) { writer.begin(epoch: epoch) }
        mutating func write(_ batch: Batch<Int>) { writer.write(batch) }
        mutating func prepare() throws -> CommittedOutput<Int>.Transaction? {
            if worker == 1 { throw Broken(number: worker) }
            return try writer.prepare()
        }
        mutating func close() throws { try writer.close() }
    }

    let output: CommittedOutput<Int>

    func makeWriter(_ context: SinkContext) -> Writer {
        Writer(writer: output.makeWriter(context), worker: context.worker)
    }
    func makeCommitter(_ context: CommitterContext) -> CommittedOutput<Int>.Committer { output.makeCommitter(context) }
}

private struct Broken: Error {
    let number: Int
}
