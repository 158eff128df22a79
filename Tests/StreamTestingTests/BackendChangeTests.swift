import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// A job that goes on with a plain snapshot of another backend than its own.
@Suite struct BackendChangeTests {
    struct Step: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let total: ValueState<Int, Int>
        let list: ListState<Int, Int>
        let map: MapState<Int, Int, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            total.update(default: 0) { $0 += number }
            list.append(number)
            map[number % 3] = number
        }
    }

    private static func pipeline(_ input: TestInput<Int>, _ log: OutputLog<Int>) throws -> Pipeline {
        try Pipeline("change") { p in
            let numbers = p.input(input)
            numbers.keyBy { $0 % 10 }
                .process("step") {
                    Step(total: try $0.value("total"), list: try $0.list("list"), map: try $0.map("map"))
                }
                .union(
                    "both",
                    numbers.keyBy { $0 % 2 }.window(.tumbling(.milliseconds(1_000))).aggregate("windows", .count())
                        .map { $0.value }
                )
                .logged("out", in: log)
        }
    }

    private static func options(_ storage: MemorySnapshotStorage, _ backend: any StateBackend) -> JobOptions {
        var options = JobOptions(parallelism: 2)
        options.snapshots = SnapshotOptions(storage: storage, interval: nil)
        options.start = .latest
        options.backend = backend
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        return options
    }

    /// What the states of `Step` are after the numbers before `count`, by the job that runs.
    private static func check(_ job: Job, _ count: Int) async throws {
        let numbers = Dictionary(grouping: 0..<count) { $0 % 10 }
        #expect(
            try await job.state("total", of: "step", keys: Int.self, values: Int.self).all()
                == numbers.mapValues { $0.reduce(0, +) })
        #expect(try await job.state("list", of: "step", keys: Int.self, values: [Int].self).all() == numbers)
        #expect(
            try await job.state("map", of: "step", keys: Int.self, values: [Int: Int].self).all()
                == numbers.mapValues { Dictionary($0.map { ($0 % 3, $0) }) { $1 } })
    }

    /// Starts a job, feeds it, takes two snapshots, the second of changes, and ends the job before its input ends.
    private static func leaveSnapshot(
        _ input: TestInput<Int>, _ log: OutputLog<Int>, _ options: JobOptions, _ numbers: Range<Int>
    ) async throws {
        let job = try pipeline(input, log).start(options)
        let middle = (numbers.lowerBound + numbers.upperBound) / 2
        for part in [numbers.lowerBound..<middle, middle..<numbers.upperBound] {
            input.play(part.map { .record($0, at: Timestamp($0)) })
            while job.status.steps.first(where: { $0.name == "step" })?.recordsIn ?? 0
                < part.upperBound - numbers.lowerBound
            {
                if let failure = job.failure { throw failure }
                await Task.yield()
            }
            try await check(job, part.upperBound)
            _ = try await job.takeSnapshot()
        }
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.wait() }
    }

    @Test(arguments: [true, false]) func goesOnWithTheOthersSnapshot(_ beginsInMemory: Bool) async throws {
        let (input, log, storage) = (TestInput<Int>("numbers"), OutputLog<Int>(), MemorySnapshotStorage())
        let backends: [any StateBackend] = [MemoryBackend(), RocksDBBackend()]
        let (first, second) = (backends[beginsInMemory ? 0 : 1], backends[beginsInMemory ? 1 : 0])
        try await Self.leaveSnapshot(input, log, Self.options(storage, first), 0..<200)

        var options = Self.options(storage, second)
        options.parallelism = 3
        if !beginsInMemory {
            let error = #expect(throws: JobError.self) { try Self.pipeline(input, log).start(options) }
            #expect(error?.message.contains("add 'rocksdb' to JobOptions.readableBackends") == true)
            #expect((error?.cause as? SnapshotError)?.code == .incompatible)
        }
        options.readableBackends = [first]
        try await Self.leaveSnapshot(input, log, options, 200..<400)
        // Its own snapshots need nothing of the other's any more.
        options.readableBackends = []
        options.parallelism = 1
        try await Self.leaveSnapshot(input, log, options, 400..<600)
        let last = try Self.pipeline(input, log).start(options)
        input.end()
        try await last.wait()
        #expect(log.records == [300, 300])
    }
}
