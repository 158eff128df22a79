import Dispatch
import StreamTesting
import Synchronization
import Testing
import Weir

/// When snapshots begin, are given up, and make the job fail: all by the virtual clock, step by step.
struct SnapshotTimingTests {
    /// A job over numbers that goes on until it is cancelled.
    private struct Run {
        let clock = VirtualClock()
        let scheduler = ManualScheduler(seed: 5)
        let storage = FaultySnapshotStorage(MemorySnapshotStorage())
        let output = CommittedOutput<Int>()
        let job: Job

        init(
            parallelism: Int = 2, isInline: Bool = true, restarts: RestartStrategy = .none,
            _ change: (inout SnapshotOptions) -> Void
        ) throws {
            var options = JobOptions(parallelism: parallelism, batchSize: 3)
            options.clock = clock
            options.scheduler = scheduler
            options.logger = JobOptions.silentLogger
            options.metricsInterval = nil
            options.restarts = restarts
            if isInline { options.snapshotExecutor = InlineSnapshotExecutor() }
            options.restartTimer = { _, body in body() }
            var snapshots = SnapshotOptions(storage: storage, interval: .milliseconds(100))
            change(&snapshots)
            options.snapshots = snapshots
            let output = output
            job = try Pipeline("numbers") { p in
                p.source("numbers", NumberSource(count: 20, isEndless: true))
                    .keyBy("by-digit") { $0 % 10 }
                    .reduce("sum") { $0 + $1 }
                    .commit("out", to: output)
            }.start(options)
        }

        /// Goes on by so many milliseconds, in steps of 10, with all work done after each.
        func advance(_ milliseconds: Int) {
            for _ in 0..<(milliseconds / 10) {
                clock.advance(by: .milliseconds(10))
                scheduler.settle()
            }
        }

        func end() {
            job.cancel()
            while !job.isFinished { scheduler.step() }
        }

        /// Whether a snapshot was begun.
        func hasBegun(_ id: Int) throws -> Bool {
            try storage.list("numbers/snapshots/").contains { $0.name.contains("0\(id)/writer-") }
        }

        var completed: Int { job.snapshotStatus.completed }
    }

    @Test func oneEachInterval() throws {
        let run = try Run { _ in }
        defer { run.end() }
        run.advance(90)
        #expect(run.completed == 0)
        run.advance(10)
        #expect(run.completed == 1)
        run.advance(300)
        #expect(run.completed == 4)
    }

    @Test func aPauseIsKeptAfterEach() throws {
        let run = try Run { $0.minimumPause = .milliseconds(250) }
        defer { run.end() }
        run.advance(100)
        #expect(run.completed == 1)
        run.advance(240)
        #expect(run.completed == 1)
        run.advance(10)
        #expect(run.completed == 2)
    }

    @Test func whatTakesTooLongIsGivenUp() throws {
        let run = try Run { snapshots in
            snapshots.interval = nil
            snapshots.timeout = .milliseconds(30)
        }
        defer { run.end() }
        let result = Mutex<Result<SnapshotReport, SnapshotError>?>(nil)
        run.job.requestSnapshot(.snapshot) { answer in result.withLock { $0 = answer } }
        // Two workers can't be done with it in a single step.
        run.clock.advance(by: .milliseconds(30))
        run.scheduler.step()
        let answer = result.withLock { $0 }
        guard case .failure(let error)? = answer else {
            Issue.record("it was \(String(describing: answer))")
            return
        }
        #expect(error.code == .timedOut && error.message.contains("SnapshotOptions.timeout"))
        #expect(run.job.health.failedSnapshots == 1 && run.job.health.phase == .running)
        run.scheduler.settle()
        run.job.requestSnapshot(.snapshot) { answer in result.withLock { $0 = answer } }
        run.scheduler.settle()
        #expect(run.completed == 1 && run.job.health.failedSnapshots == 0)
    }

    @Test(arguments: [nil, 0, 2] as [Int?])
    func asManyFailuresAsAreTolerated(tolerated: Int?) throws {
        let run = try Run { $0.toleratedFailures = tolerated }
        run.storage.fail(.putIfAbsent, error: SnapshotError(code: .storageFull, message: "no room"), .fromThenOn)
        run.advance(100 * (tolerated ?? 5))
        #expect(!run.job.isFinished && run.job.health.failedSnapshots == tolerated ?? 5)
        run.advance(100)
        guard tolerated != nil else {
            #expect(run.job.health.failedSnapshots == 6)
            return run.end()
        }
        #expect(run.job.isFinished && run.job.failure?.code == .snapshotFailed)
        #expect(run.job.failure?.message.contains("no room") == true)
        #expect(run.job.failure?.message.contains("toleratedFailures") == true)
    }

    @Test func aSuccessForgetsFailures() throws {
        let run = try Run { $0.toleratedFailures = 1 }
        defer { run.end() }
        for _ in 0..<3 {
            run.storage.fail(.putIfAbsent, error: SnapshotError(code: .storageFull, message: "no room"))
            run.advance(200)
        }
        #expect(run.completed == 3 && !run.job.isFinished)
    }

    /// The third fails while the second is being made durable, for which it had waited for the first.
    @Test func eachBecomesDurableOnce() async throws {
        let run = try Run(isInline: false) { snapshots in
            snapshots.interval = nil
            snapshots.maximumInFlight = 3
            snapshots.timeout = .seconds(1)
        }
        let slow = [SlowCall(), SlowCall()]
        run.storage.onCall { operation, name in
            guard operation == .put || operation == .putIfAbsent else { return }
            for (index, call) in slow.enumerated() where name.hasSuffix("\(index + 1)/manifest") { call.wait() }
        }
        let answers = Mutex<[Int: String]>([:])
        func request(_ number: Int) {
            run.job.requestSnapshot(.snapshot) { answer in
                let text = if case .success = answer { "durable" } else { "failed" }
                answers.withLock { $0[number] = ($0[number] ?? "") + text }
            }
        }
        func reaches(_ condition: () -> Bool) async -> Bool {
            await eventually {
                run.scheduler.settle()
                return condition()
            }
        }
        request(1)
        #expect(await reaches { slow[0].isReached })
        request(2)
        #expect(await reaches { (try? run.hasBegun(2)) == true })
        for _ in 0..<10 { run.scheduler.settle() }
        slow[0].goOn()
        #expect(await reaches { slow[1].isReached })
        run.clock.advance(by: .milliseconds(500))
        request(3)
        #expect(await reaches { (try? run.hasBegun(3)) == true })
        // Those that are late are told so, whatever keeps the storage.
        run.clock.advance(by: .seconds(2))
        #expect(await reaches { answers.withLock { $0[2] == "failed" && $0[3] == "failed" } })
        slow[1].goOn()
        #expect(await reaches { !run.job.snapshotStatus.isInProgress })
        #expect(answers.withLock { $0 } == [1: "durable", 2: "failed", 3: "failed"])
        run.end()
    }

    @Test(arguments: [1, 2])
    func aJobEndsHoweverOftenSnapshotsAreAskedFor(maximumInFlight: Int) throws {
        let clock = VirtualClock()
        let scheduler = ManualScheduler(seed: 1)
        var options = JobOptions(parallelism: 1, batchSize: 3)
        options.clock = clock
        options.scheduler = scheduler
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: .milliseconds(10))
        options.snapshots?.maximumInFlight = maximumInFlight
        let output = CommittedOutput<Int>()
        let job = try Pipeline("numbers") { p in
            p.source("numbers", NumberSource(count: 20)).keyBy("by-digit") { $0 % 10 }.reduce("sum") { $0 + $1 }
                .commit("out", to: output)
        }.start(options)
        var steps = 0
        while !job.isFinished && steps < 5_000 {
            job.requestSnapshot(.snapshot) { _ in }
            clock.advance(by: .milliseconds(10))
            scheduler.step()
            steps += 1
        }
        #expect(job.isFinished && output.committed.count == 40)
    }

    @Test func theNextBeginsWhileOneIsOnItsWay() async throws {
        let run = try Run(isInline: false) { snapshots in
            snapshots.interval = nil
            snapshots.maximumInFlight = 2
        }
        // The first manifest is a slow one.
        let slow = SlowCall()
        run.storage.onCall { operation, name in
            if operation == .put || operation == .putIfAbsent, name.hasSuffix("000000000001/manifest") { slow.wait() }
        }
        let order = Mutex<[Int]>([])
        for _ in 1...3 {
            run.job.requestSnapshot(.snapshot) { answer in
                guard case .success(let report) = answer else { return }
                order.withLock { $0.append(report.id) }
            }
        }
        func reaches(_ condition: () -> Bool) async -> Bool {
            await eventually {
                run.scheduler.settle()
                return condition()
            }
        }
        #expect(await reaches { slow.isReached })
        // The third one waits for the first.
        #expect(await reaches { (try? run.hasBegun(2)) == true })
        for _ in 0..<10 { run.scheduler.settle() }
        #expect(order.withLock { $0 }.isEmpty)
        #expect(try !run.hasBegun(3))
        slow.goOn()
        #expect(await reaches { order.withLock { $0 } == [1, 2, 3] })
        run.end()
    }
}

/// A call that lasts until a test lets it go on.
private final class SlowCall: Sendable {
    private let reached = Mutex(false)
    private let semaphore = DispatchSemaphore(value: 0)

    var isReached: Bool { reached.withLock { $0 } }

    func goOn() { semaphore.signal() }

    /// Blocks the thread, which is the snapshots' own.
    func wait() {
        reached.withLock { $0 = true }
        semaphore.wait()
    }
}
