import RocksDBBackend
import StreamTesting
import Synchronization
import Testing
import Weir

/// A state of a running job that is read piece by piece.
@Suite struct JobStateEntriesTests {
    struct Poisoned: Error {}

    struct Totals: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let total: ValueState<Int, Int>
        let marks: MapState<Int, Int, Int>
        let times: OrderedMapState<Int, Int, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            if number == poison { throw Poisoned() }
            total.update(default: 0) { $0 += number }
            // One key has a map of many entries.
            if number % 16 == 0 { marks[number / 16] = number }
            times[number] = number * 2
        }
    }

    private static let poison = -7
    private static let keyCount = 6_000

    /// Numbers of a key lie this far apart; those that are multiples of 16 are one key's.
    private static func key(_ number: Int) -> Int { number % 16 == 0 ? -1 : number % keyCount }

    private static func pipeline(_ input: TestInput<Int>) throws -> Pipeline {
        try Pipeline("entries") { p in
            let log = OutputLog<Int>()
            p.input(input).keyBy { key($0) }
                .process("totals") {
                    Totals(total: try $0.value("total"), marks: try $0.map("marks"), times: try $0.orderedMap("times"))
                }
                .logged("out", in: log)
        }
    }

    private static func totals(_ numbers: Range<Int>) -> [Int: Int] {
        var totals: [Int: Int] = [:]
        for number in numbers { totals[key(number), default: 0] += number }
        return totals
    }

    @Test(arguments: ["memory", "rocksdb"]) func entriesWhileTheJobRuns(_ backend: String) async throws {
        let input = TestInput<Int>("numbers")
        let scheduler = ManualScheduler()
        var options = JobOptions(parallelism: 2)
        options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: nil)
        options.backend = backend == "memory" ? MemoryBackend() : RocksDBBackend()
        // Of a store's rows but a few thousand are in the tables.
        if backend != "memory" { options.memoryBudget = 6 << 20 }
        options.scheduler = scheduler
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job = try Self.pipeline(input).start(options)
        func play(_ numbers: Range<Int>) {
            input.play(numbers.map { .record($0, at: 0) })
            scheduler.settle()
        }
        let count = 2 * Self.keyCount
        play(0..<count)
        job.requestSnapshot(.snapshot) { _ in }
        scheduler.settle()
        let before = Self.totals(0..<count)

        let state = job.state("total", of: "totals", keys: Int.self, values: Int.self)
        var iterator = state.entries().makeAsyncIterator()
        var seen: [Int: Int] = [:]
        var next = count
        // Workers answer when they are settled.
        func read<Value>(
            _ iterator: inout JobStateEntries<Int, Value>.AsyncIterator
        ) async throws -> (key: Int, value: Value)? {
            let answering = Task { while !Task.isCancelled { scheduler.settle(); await Task.yield() } }
            defer { answering.cancel() }
            return try await iterator.next(isolation: nil)
        }
        while let (key, total) = try await read(&iterator) {
            #expect(seen.updateValue(total, forKey: key) == nil, "key \(key) comes twice")
            if seen.count % 500 == 0 {
                play(next..<(next + 300))
                next += 300
            }
        }
        let after = Self.totals(0..<next)
        #expect(next > count + 2_000 && before.count > 5_000)
        #expect(Set(seen.keys) == Set(before.keys))
        for (key, total) in seen {
            let (least, most) = (try #require(before[key]), try #require(after[key]))
            #expect(least <= total && total <= most, "key \(key)")
        }
        #expect(iterator.mostHeld <= 1_024 + 256 && iterator.questions >= before.count / 1_024 + 1)

        // The large map comes whole, in pieces that are not.
        let maps = job.state("marks", of: "totals", keys: Int.self, values: [Int: Int].self)
        var mapIterator = maps.entries().makeAsyncIterator()
        let large = try await read(&mapIterator)
        #expect(large?.key == -1 && large?.value.count == (next + 15) / 16)
        #expect(try await read(&mapIterator) == nil)

        // The snapshot is that of before.
        var saved: [Int: Int] = [:]
        for try await (key, total) in state.entries(from: .lastSnapshot) {
            #expect(saved.updateValue(total, forKey: key) == nil)
        }
        #expect(saved == before)
        job.cancel()
        scheduler.settle()
    }

    /// What was read is of no state that the job still has.
    @Test func aRestartMeanwhileIsTold() async throws {
        let input = TestInput<Int>("numbers")
        let scheduler = ManualScheduler()
        let restart = Mutex<(@Sendable () -> Void)?>(nil)
        var options = JobOptions(parallelism: 2)
        options.scheduler = scheduler
        options.restarts = .fixedDelay(attempts: 1, delay: .seconds(1))
        options.restartTimer = { _, body in restart.withLock { $0 = body } }
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job = try Self.pipeline(input).start(options)
        func play(_ numbers: [Int]) {
            input.play(numbers.map { .record($0, at: 0) })
            scheduler.settle()
        }
        play(Array(0..<4_000))
        let state = job.state("total", of: "totals", keys: Int.self, values: Int.self)
        var iterator = state.entries().makeAsyncIterator()
        let answering = Task { while !Task.isCancelled { scheduler.settle(); await Task.yield() } }
        #expect(try await iterator.next(isolation: nil) != nil)
        answering.cancel()
        await answering.value
        play([Self.poison])

        // The piece that was read is handed out.
        func rest() async -> JobError? {
            await #expect(throws: JobError.self) { while try await iterator.next(isolation: nil) != nil {} }
        }
        let before = await rest()
        #expect(before?.code == .readInterrupted && before?.message.contains("about to begin again") == true)
        let get = await #expect(throws: JobError.self) { try await state.get(1) }
        #expect(get?.code == .readInterrupted)
        let again = try #require(restart.withLock { $0 })
        again()
        for _ in 0..<2 {
            let after = await rest()
            #expect(after?.code == .readInterrupted && after?.message.contains("read it anew") == true)
        }
        job.cancel()
        scheduler.settle()
        let ended = await #expect(throws: JobError.self) { try await state.get(1) }
        #expect(ended?.code == .unknownState && ended?.message.contains("has ended") == true)
    }

    @Test func readingIsCancelled() async throws {
        let input = TestInput<Int>("numbers")
        var options = JobOptions(parallelism: 2)
        options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: nil)
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job = try Self.pipeline(input).start(options)
        input.play((0..<4_000).map { .record($0, at: 0) })
        while job.status.steps.first(where: { $0.name == "totals" })?.recordsIn ?? 0 < 4_000 { await Task.yield() }
        _ = try await job.takeSnapshot()
        let state = job.state("total", of: "totals", keys: Int.self, values: Int.self)
        for moment in [JobState<Int, Int>.Moment.now, .lastSnapshot] {
            let reading = Task { () -> (count: Int, error: (any Error)?) in
                var count = 0
                do {
                    for try await _ in state.entries(from: moment) {
                        count += 1
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                } catch { return (count, error) }
                return (count, nil)
            }
            let (count, error) = await reading.value
            // What was read already is handed out.
            #expect(error is CancellationError && (1..<2_000).contains(count), "\(count) at \(moment)")
        }
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.wait() }
    }

    @Test(arguments: ["memory", "rocksdb"]) func rangesOfOrderedMaps(_ backend: String) async throws {
        let input = TestInput<Int>("numbers")
        var options = JobOptions(parallelism: 2)
        options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: nil)
        options.backend = backend == "memory" ? MemoryBackend() : RocksDBBackend()
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job = try Self.pipeline(input).start(options)
        input.play((0..<4_000).map { .record($0, at: 0) })
        while job.status.steps.first(where: { $0.name == "totals" })?.recordsIn ?? 0 < 4_000 {
            if let failure = job.failure { throw failure }
            await Task.yield()
        }
        _ = try await job.takeSnapshot()
        let times = job.state("times", of: "totals", keys: Int.self, values: [Int: Int].self)
        for moment in [JobState<Int, [Int: Int]>.Moment.now, .lastSnapshot] {
            let found = try await times.scan(-1, in: 100..<3_000, limit: 7, from: moment)
            #expect(found.map(\.key) == (7..<14).map { $0 * 16 } && found.map(\.value) == (7..<14).map { $0 * 32 })
            #expect(try await times.scan(-1, in: 100..<3_000, from: moment).count == 181)
            #expect(try await times.scan(-1, in: 3_999..<9_000, from: moment).isEmpty)
            #expect(try await times.scan(-2, in: 0..<9_000, from: moment).isEmpty)
            #expect(try await times.scan(-1, in: 0..<9_000, limit: 0, from: moment).isEmpty)
            let marks = job.state("marks", of: "totals", keys: Int.self, values: [Int: Int].self)
            let error = await #expect(throws: JobError.self) { try await marks.scan(-1, in: 0..<9, from: moment) }
            #expect(error?.code == .unknownState && error?.message.contains("no order") == true)
        }
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.wait() }
    }
}
