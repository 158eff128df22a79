import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// A state of a running job that is read piece by piece.
@Suite struct JobStateEntriesTests {
    struct Totals: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let total: ValueState<Int, Int>
        let marks: MapState<Int, Int, Int>
        let times: OrderedMapState<Int, Int, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            total.update(default: 0) { $0 += number }
            // One key has a map of many entries.
            if number % 16 == 0 { marks[number / 16] = number }
            times[number] = number * 2
        }
    }

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
