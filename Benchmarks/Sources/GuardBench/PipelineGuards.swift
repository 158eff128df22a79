import Weir

/// The hops of pipelines over trivial records.
enum PipelineGuards {
    static let hops = [
        GuardedHop("source") { try run($0) { $0.write("end", to: Discard()) } },
        GuardedHop("map", over: "source") {
            try run($0) { $0.map { $0.value &* 3 }.write("end", to: Discard()) }
        },
        GuardedHop("filter", over: "source") {
            try run($0) { $0.filter { $0.value & 3 != 0 }.write("end", to: Discard()) }
        },
        GuardedHop("key_by", over: "source") { try run($0, passOn) },
        GuardedHop("exchange", over: "key_by") { try run($0, parallelism: 2, passOn) },
        GuardedHop("value_state", over: "key_by") {
            try run($0) { readings in
                readings.keyBy { $0.key }.process("count") { try Count($0) }.write("end", to: Discard())
            }
        },
        GuardedHop("tumbling_window", over: "source") {
            try run($0) { readings in
                readings.keyBy { $0.key }.window(.tumbling(.seconds(10))).aggregate("count", .count())
                    .write("end", to: Discard())
            }
        },
        GuardedHop("sliding_window", over: "source") {
            try run($0) { readings in
                readings.keyBy { $0.key }.window(.sliding(.seconds(60), every: .seconds(1)))
                    .aggregate("count", .count()).write("end", to: Discard())
            }
        },
        GuardedHop("session_window", over: "source") {
            try run($0) { readings in
                readings.keyBy { $0.key }.window(.session(gap: .seconds(10))).aggregate("count", .count())
                    .write("end", to: Discard())
            }
        },
    ]

    @Sendable private static func passOn(_ readings: DataStream<Reading>) {
        readings.keyBy { $0.key }.process("pass on") { _ in PassOn() }.write("end", to: Discard())
    }

    /// Runs a pipeline on this thread, in the same order each time.
    private static func run(
        _ size: GuardSize, parallelism: Int = 1, _ describe: (DataStream<Reading>) -> Void
    ) throws {
        let pipeline = try Pipeline("guard") { p in
            describe(p.source("readings", Readings(size), watermarks: .boundedOutOfOrderness(.milliseconds(99))))
        }
        let scheduler = CallerScheduler()
        var options = JobOptions(parallelism: parallelism, batchSize: size.batchSize)
        options.scheduler = scheduler
        options.clock = VirtualClock()
        options.metricsInterval = nil
        options.logger = JobOptions.silentLogger
        let job = try pipeline.start(options)
        scheduler.drive()
        if let failure = job.failure { throw failure }
    }
}

/// Emits what comes in.
private struct PassOn: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Reading
    typealias Output = Int64

    mutating func process(_ reading: Reading, _ context: borrowing ProcessContext<Self>) throws {
        try context.emit(reading.value)
    }
}

/// A counter per key: read, add one, write, emit.
private struct Count: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Reading
    typealias Output = Int64

    let count: ValueState<Int64, Int64>

    init(_ state: KeyedStateStore<Int64>) throws { count = try state.value("count") }

    mutating func process(_ reading: Reading, _ context: borrowing ProcessContext<Self>) throws {
        let now = (count.value ?? 0) + 1
        count.value = now
        try context.emit(now)
    }
}
