import StateBackend
import StreamConnectors
import StreamOperators
import Testing

@testable import StreamCore

@Suite struct JobTests {
    static let runs: [RunCase] = [nil, 1].flatMap { seed in
        [1, 2].map { RunCase(seed: seed, parallelism: $0, batchSize: 16, ringCapacity: 1) }
    }

    /// Numbers without end through an exchange.
    private func endless(_ seen: Tally, _ sink: FailingSink<Int> = FailingSink(point: .never)) throws -> Pipeline {
        try Pipeline("endless") { p in
            p.source("numbers", GeneratorSource(count: .max) { $0 })
                .keyBy { $0 % 7 }
                .transform("count") { _ in Counting(seen: seen) }
                .write("sink", to: sink)
        }
    }

    struct Counting: StreamOperator {
        let seen: Tally

        mutating func process(_ input: KeyedBatch<Int, Int>, _ output: Collector<Int>) throws {
            seen.add(input.count)
            for i in 0..<input.count { try output.emit(input.records.elements[i], at: 0) }
        }
    }

    @Test(arguments: runs)
    func cancellingAJobStopsIt(run: RunCase) async throws {
        let seen = Tally()
        let sink = FailingSink<Int>(point: .never)
        let job = try endless(seen, sink).start(run.options)
        #expect(await eventually { seen.value > 100 }, "\(run)")
        #expect(!job.isFinished)
        #expect((job.status["numbers"]?.recordsIn ?? 0) > 0)
        job.cancel()
        await #expect(throws: CancellationError.self, "\(run)") { try await job.wait() }
        await #expect(throws: CancellationError.self, "\(run)") { try await job.wait() }
        #expect(job.isFinished)
        #expect(sink.closed.value == 0, "\(run)")
    }

    @Test(arguments: runs)
    func cancellingTheTaskStopsTheJob(run: RunCase) async throws {
        let seen = Tally()
        let pipeline = try endless(seen)
        let task = Task { try await pipeline.run(run.options) }
        #expect(await eventually { seen.value > 100 }, "\(run)")
        task.cancel()
        await #expect(throws: CancellationError.self, "\(run)") { try await task.value }

        let gate = Gate()
        let late = Task {
            #expect(await eventually { gate.isOpen && Task.isCancelled })
            try await pipeline.run(run.options)
        }
        late.cancel()
        gate.open()
        await #expect(throws: CancellationError.self, "cancelled before it began, \(run)") { try await late.value }
    }

    /// The second worker never runs, so what goes to it fills up, at the first exchange or at the second one behind it.
    @Test(arguments: [1, 2])
    func backPressureStopsTheSourceAndCancellingTheJob(blockedExchange: Int) async throws {
        let blocked = Gate()
        var options = RunCase(seed: nil, parallelism: 2, batchSize: 4, ringCapacity: 1).options
        options.scheduler = OneSidedScheduler(stuck: blocked)
        let keys = [key(ofWorker: 0, parallelism: 2), key(ofWorker: 1, parallelism: 2)]
        let job = try Pipeline("blocked") { p in
            _ = p.source("numbers", GeneratorSource(count: .max) { $0 })
                .keyBy("first") { _ in keys[blockedExchange == 1 ? 1 : 0] }.log("log", to: EventLog())
                .keyBy("second") { _ in keys[1] }.log("log again", to: EventLog())
        }.start(options)
        #expect(await eventually { blocked.isOpen })
        let read = job.status["numbers"]?.recordsIn ?? 0
        #expect(read < 100, "\(read) records read in spite of a full ring")
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.wait() }
    }

    @Test func cancellingAFinishedJobChangesNothing() async throws {
        let job = try Pipeline("short") { p in
            _ = p.source("items", CollectionSource(1...10)).filter { $0 > 3 }
        }.start(RunCase.some[0].options)
        let status = try await job.wait()
        #expect(job.isFinished)
        job.cancel()
        #expect(try await job.wait() == status)
        #expect(job.status == status)
    }

    @Test func everyWaiterIsTold() async throws {
        let gate = Gate()
        let job = try Pipeline("waiters") { p in
            _ = p.source("items", ScriptedSource([.wait(gate), .emit([1, 2])])).filter { $0 > 1 }
        }.start(RunCase.some[0].options)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 { group.addTask { try await job.wait()["items"]?.recordsOut ?? -1 } }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 2, count: 10))
    }

    @Test func manyJobsAtOnce() async throws {
        let pipeline = try Pipeline("one of many") { p in
            _ = p.source("items", CollectionSource(splits: [Array(0..<300), Array(300..<400)]))
                .keyBy { $0 % 10 }.log("log", to: EventLog())
        }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for i in 0..<40 {
                let run = RunCase(
                    seed: i % 4 == 0 ? UInt64(i) : nil, parallelism: 1 + i % 3, batchSize: 8, ringCapacity: 2)
                group.addTask { try await pipeline.run(run.options)["keyBy-1"]?.recordsOut ?? -1 }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 400, count: 40))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func theSameSeedIsTheSameRun(seed: UInt64) async throws {
        func order(_ seed: UInt64) async throws -> [Item] {
            let sink = CollectSink<Item>()
            let pipeline = try Pipeline("order") { p in
                p.source(
                    "items", CollectionSource(splits: ExchangeTests.splits), time: \.time, watermarks: .monotonous()
                )
                .keyBy(\.key).log("log", to: EventLog()).write("sink", to: sink)
            }
            let run = RunCase(seed: seed, parallelism: 3, batchSize: 5, ringCapacity: 1)
            var options = run.options
            options.clock = VirtualClock()
            try await pipeline.run(options)
            return sink.elements
        }
        let first = try await order(seed)
        #expect(try await order(seed) == first)
        #expect(try await order(seed + 100) != first)
    }

    @Test(arguments: runs)
    func workersAreGoneAfterTheJob(run: RunCase) async throws {
        let live = LiveItems()
        let pipeline = try Pipeline("released") { p in
            let numbers: DataStream<Int> = p.source("items", CollectionSource(0..<10)).keyBy { $0 }.attach("own") {
                context, outlet in
                let token = live.item(context.worker)
                return Inlet<KeyedBatch<Int, Int>>(
                    consumes: false,
                    onBatch: { batch in
                        // A step may keep its context.
                        if token.number != context.worker { throw Fault() }
                        try outlet.push(batch.records)
                    }, onSignal: { try outlet.signal($0) })
            }
            _ = numbers.rebalance().filter { $0 > 1 }
        }
        try await pipeline.run(run.options)
        #expect(await eventually(within: .seconds(5)) { live.count == 0 }, "\(live.count) workers are left, \(run)")
    }

    static let badOptions: [(name: String, change: @Sendable (inout JobOptions) -> Void)] = [
        ("parallelism", { $0.parallelism = 0 }), ("parallelism", { $0.parallelism = -1 }),
        ("parallelism", { $0.parallelism = 129 }),
        (
            "parallelism",
            {
                $0.keyGroups = KeyGroups(count: 3); $0.parallelism = 4
            }
        ),
        ("batchSize", { $0.batchSize = 0 }), ("batchSize", { $0.batchSize = 65_537 }),
        ("ringCapacity", { $0.ringCapacity = 0 }), ("ringCapacity", { $0.ringCapacity = 65_537 }),
        ("flushInterval", { $0.flushInterval = .milliseconds(-1) }),
        ("metricsInterval", { $0.metricsInterval = .zero }), ("metricsInterval", { $0.metricsInterval = .seconds(-1) }),
    ]

    @Test(arguments: badOptions.indices)
    func optionsOutOfRangeAreRefused(index: Int) throws {
        let (name, change) = Self.badOptions[index]
        let pipeline = try Pipeline("options") { p in _ = p.source("items", CollectionSource(0..<3)).filter { $0 > 1 } }
        var options = JobOptions()
        change(&options)
        let error = #expect(throws: JobError.self) { try pipeline.start(options) }
        #expect(error?.code == .invalidOption && error?.step == nil)
        #expect(error?.message.hasPrefix(name) == true, "\(String(describing: error))")
    }
}

/// Steps only the first worker until the job stops; opens the gate when that worker has long had nothing to do.
struct OneSidedScheduler: Scheduler {
    let stuck: Gate

    func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void) {
        WorkerThread.start(name: "one-sided") {
            var idle = 0
            while workers[0].step() != .finished {
                idle += 1
                if idle == 1_000 { stuck.open() }
                if idle > 1_000 {
                    workers[0].announceSleep()
                    workers[0].sleep(atMost: .seconds(30))
                }
            }
            for worker in workers.dropFirst() { while worker.step() != .finished {} }
            completion()
        }
    }
}
