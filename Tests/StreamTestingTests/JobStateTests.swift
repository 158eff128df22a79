import Foundation
import RocksDBBackend
import StreamTesting
import Synchronization
import Testing
import Weir

/// What a running job tells of its state, and what it says of snapshots that it can't begin with.
@Suite struct JobStateTests {
    struct Total: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let total: ValueState<Int, Int>
        let all: ListState<Int, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            total.update(default: 0) { $0 += number }
            all.append(number)
        }
    }

    private static func pipeline(_ input: TestInput<Int>, step: String = "totals") throws -> Pipeline {
        try Pipeline("live") { p in
            let log = OutputLog<Int>()
            p.input(input).keyBy { $0 % 10 }
                .process(step) { Total(total: try $0.value("total"), all: try $0.list("all")) }
                .logged("out", in: log)
        }
    }

    private static func options(_ storage: any SnapshotStorage, _ backend: any StateBackend) -> JobOptions {
        var options = JobOptions(parallelism: 2)
        options.snapshots = SnapshotOptions(storage: storage, interval: nil)
        options.backend = backend
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        return options
    }

    /// Waits until the job has read what was sent.
    private static func waitUntilRead(_ count: Int, by job: Job) async throws {
        while job.status.steps.first(where: { $0.name == "totals" })?.recordsIn ?? 0 < count {
            if let failure = job.failure { throw failure }
            await Task.yield()
        }
    }

    @Test(arguments: ["memory", "rocksdb"]) func liveReads(_ backend: String) async throws {
        let input = TestInput<Int>("numbers")
        let storage = MemorySnapshotStorage()
        let job = try Self.pipeline(input).start(
            Self.options(storage, backend == "memory" ? MemoryBackend() : RocksDBBackend()))
        let totals = job.state("total", of: "totals", keys: Int.self, values: Int.self)
        for number in 0..<100 { input.send(number, at: 0) }
        try await Self.waitUntilRead(100, by: job)
        #expect(try await totals.get(3) == (0..<10).reduce(0) { $0 + $1 * 10 + 3 })
        #expect(try await totals.get(77) == nil)
        #expect(try await totals.all().count == 10)
        await #expect(throws: SnapshotError.self) { try await totals.get(3, from: .lastSnapshot) }

        let report = try await job.takeSnapshot()
        #expect(report.kind == .snapshot && job.snapshotStatus.completed == 1)
        for number in 100..<200 { input.send(number, at: 0) }
        try await Self.waitUntilRead(200, by: job)
        #expect(try await totals.get(3, from: .lastSnapshot) == 480)
        #expect(try await totals.all(from: .lastSnapshot).count == 10)
        #expect(try await totals.get(3) == (0..<20).reduce(0) { $0 + $1 * 10 + 3 })
        let lists = job.state("all", of: "totals", keys: Int.self, values: [Int].self)
        #expect(try await lists.get(4) == (0..<20).map { $0 * 10 + 4 })
        #expect(try await lists.get(4, from: .lastSnapshot) == (0..<10).map { $0 * 10 + 4 })

        await #expect(throws: JobError.self) {
            try await job.state("total", of: "totals", keys: String.self, values: Int.self).get("3")
        }
        await #expect(throws: JobError.self) {
            try await job.state("sum", of: "totals", keys: Int.self, values: Int.self).get(3)
        }

        for moment in [JobState<Int, UInt>.Moment.now, .lastSnapshot] {
            await #expect(throws: JobError.self) {
                try await job.state("total", of: "totals", keys: Int.self, values: UInt.self).get(3, from: moment)
            }
        }

        // A savepoint of the one backend is what the other can begin with, at another parallelism.
        _ = try await job.takeSavepoint()
        input.end()
        try await job.wait()
        var other = Self.options(storage, backend == "memory" ? RocksDBBackend() : MemoryBackend())
        other.start = .latest
        other.parallelism = 3
        let next = TestInput<Int>("numbers")
        for _ in 0..<200 { next.send(0, at: 0) }
        let again = try Self.pipeline(next).start(other)
        let restored = again.state("total", of: "totals", keys: Int.self, values: Int.self)
        #expect(try await restored.get(3) == (0..<20).reduce(0) { $0 + $1 * 10 + 3 })
        again.cancel()
        await #expect(throws: CancellationError.self) { try await again.wait() }
    }

    struct Fading: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let last: ValueState<Int, Int>
        let counts: MapState<Int, Int, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            last.value = number
            counts[number / 10] = number
        }
    }

    /// What has expired since the snapshot, or had before it, isn't returned.
    @Test(arguments: [true, false]) func expiredValuesOfASnapshotAreNotRead(_ isInMemory: Bool) async throws {
        let input = TestInput<Int>("numbers")
        let (storage, clock, scheduler) = (MemorySnapshotStorage(), VirtualClock(), ManualScheduler())
        let pipeline = try Pipeline("live") { p in
            let log = OutputLog<Int>()
            let life = TimeToLive(.milliseconds(10))
            p.input(input).keyBy { $0 % 10 }
                .process("fading") {
                    Fading(
                        last: try $0.value("last", timeToLive: life), counts: try $0.map("counts", timeToLive: life))
                }
                .logged("out", in: log)
        }
        var options = Self.options(storage, isInMemory ? MemoryBackend() : RocksDBBackend())
        options.clock = clock
        options.scheduler = scheduler
        options.snapshotExecutor = InlineSnapshotExecutor()
        let job = try pipeline.start(options)
        let last = job.state("last", of: "fading", keys: Int.self, values: Int.self)
        let counts = job.state("counts", of: "fading", keys: Int.self, values: [Int: Int].self)
        func inspector() throws -> SnapshotInspector {
            let snapshot = try #require(try SnapshotRepository(storage, pipeline: "live").openLatest())
            let scratch = NSTemporaryDirectory() + "read-\(UUID().uuidString)"
            return SnapshotInspector(StoredContents(snapshot, scratch: scratch), backends: [RocksDBBackend()])
        }

        for number in [1, 2] { input.send(number, at: 0) }
        scheduler.settle()
        clock.advance(to: 5)
        input.send(12, at: 0)
        scheduler.settle()
        job.requestSnapshot(.snapshot) { _ in }
        scheduler.settle()
        #expect(try await last.all(from: .lastSnapshot) == [1: 1, 2: 12])
        #expect(try await counts.all(from: .lastSnapshot) == [1: [0: 1], 2: [0: 2, 1: 12]])
        clock.advance(to: 10)
        #expect(try await last.get(1, from: .lastSnapshot) == nil)
        #expect(try await last.all(from: .lastSnapshot) == [2: 12])
        #expect(try await counts.all(from: .lastSnapshot) == [2: [1: 12]])
        clock.advance(to: 15)
        #expect(try await last.all(from: .lastSnapshot).isEmpty)
        #expect(try await counts.get(2, from: .lastSnapshot) == nil)

        // Without a job it is the snapshot's time that counts.
        var seen: [Int: Int] = [:]
        func note(_ key: Int, _ value: Int) { seen[key] = value }
        if isInMemory {
            try inspector().forEachEntry(step: "fading", state: "last", groups: 0..<128, note)
            #expect(seen == [1: 1, 2: 12])
            seen = [:]
            try inspector().forEachEntry(step: "fading", state: "last", groups: 0..<128, at: 10, note)
            #expect(seen == [2: 12])
        }
        job.cancel()
        scheduler.settle()
    }

    /// The report of a snapshot tells the rows and bytes of each step, wherever they lie, and where the time went.
    @Test(arguments: [true, false]) func reportsOfSnapshots(_ isInMemory: Bool) throws {
        let input = TestInput<Int>("numbers")
        let (storage, scheduler) = (MemorySnapshotStorage(), ManualScheduler())
        var options = Self.options(storage, isInMemory ? MemoryBackend() : RocksDBBackend())
        options.scheduler = scheduler
        options.snapshotExecutor = InlineSnapshotExecutor()
        let job = try Self.pipeline(input).start(options)
        func take(_ kind: SnapshotManifest.Kind) throws -> SnapshotReport {
            let answer = Mutex<Result<SnapshotReport, SnapshotError>?>(nil)
            job.requestSnapshot(kind) { result in answer.withLock { $0 = result } }
            scheduler.settle()
            return try #require(answer.withLock { $0 }).get()
        }
        func rows(_ report: SnapshotReport) throws -> (rows: Int, bytes: Int) {
            let step = try #require(report.steps.first { $0.name == "totals" })
            #expect(step.captureTime > .zero && report.takingTime >= report.alignmentTime)
            #expect(report.alignmentTime > .zero && report.writingTime > .zero)
            return (step.rowCount, step.byteCount)
        }
        for number in 0..<100 { input.send(number, at: 0) }
        scheduler.settle()
        let first = try rows(try take(.snapshot))
        // A total and a list for each of ten keys: a byte for a key at least, ten for a list.
        #expect(first.rows == 20 && first.bytes > 130)
        // The first that can be followed by changes alone.
        _ = try take(.snapshot)
        input.send(3, at: 0)
        scheduler.settle()
        let second = try rows(try take(.snapshot))
        // Of a store it is all that it has; bytes are those that were written.
        #expect(second.rows == (isInMemory ? 2 : 20))
        #expect(second.bytes > 10 && second.bytes < first.bytes / 2)
        let whole = try rows(try take(.savepoint))
        #expect(whole.rows == 20 && whole.bytes > first.bytes)
        job.cancel()
        scheduler.settle()
    }

    /// What operators keep in forms of their own can't be read, and says so.
    @Test(arguments: ["memory", "rocksdb"]) func liveReadsOfWindows(_ backend: String) async throws {
        let input = TestInput<Int>("numbers")
        let storage = MemorySnapshotStorage()
        let pipeline = try Pipeline("windows") { p in
            let keyed = p.input(input).keyBy { $0 % 10 }
            let log = OutputLog<Int>()
            keyed.window(.tumbling(.milliseconds(100))).aggregate("totals", .count()).map { $0.value }
                .union(
                    "both",
                    keyed.window(.session(gap: .milliseconds(100))).aggregate("visits", .count()).map { $0.value }
                )
                .logged("out", in: log)
        }
        let job = try pipeline.start(Self.options(storage, backend == "memory" ? MemoryBackend() : RocksDBBackend()))
        for number in 0..<100 { input.send(number, at: Timestamp(number)) }
        try await Self.waitUntilRead(100, by: job)
        _ = try await job.takeSnapshot()
        for (step, name) in [("totals", "windows"), ("visits", "sessions")] {
            let state = job.state(name, of: step, keys: Int.self, values: Int.self)
            for moment in [JobState<Int, Int>.Moment.now, .lastSnapshot] {
                let error = await #expect(throws: JobError.self) { try await state.get(3, from: moment) }
                #expect(error?.code == .unknownState, "\(step), \(moment)")
                await #expect(throws: JobError.self) { try await state.all(from: moment) }
            }
        }
        input.end()
        try await job.wait()
    }

    @Test func statesThatDontFitAreRefused() async throws {
        let input = TestInput<Int>("numbers")
        let storage = MemorySnapshotStorage()
        let job = try Self.pipeline(input).start(Self.options(storage, MemoryBackend()))
        for number in 0..<10 { input.send(number, at: 0) }
        try await Self.waitUntilRead(10, by: job)
        _ = try await job.takeSnapshot()
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.wait() }

        var options = Self.options(storage, MemoryBackend())
        options.start = .latest
        let renamed = try Self.pipeline(input, step: "sums")
        let manifest = try #require(try SnapshotRepository(storage, pipeline: "live").latest())
        #expect(try renamed.check(against: manifest).isLoadable == false)
        #expect(try Self.pipeline(input).check(against: manifest).isLoadable)
        let error = #expect(throws: SnapshotError.self) { try renamed.start(options) }
        #expect(error?.code == .incompatible)
        #expect(error?.message.contains("totals") == true)
        options.droppedStates = ["totals"]
        let fresh = try renamed.start(options)
        let state = fresh.state("total", of: "sums", keys: Int.self, values: Int.self)
        #expect(try await state.all().isEmpty)
        fresh.cancel()
        await #expect(throws: CancellationError.self) { try await fresh.wait() }
    }
}
