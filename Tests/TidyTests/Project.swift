/// What this project allows, and where: the tables that the rules of this target are given.
///
/// An allowance is a file, or a directory ending in a slash, and the reason. One that names a file which does not exist
/// is ignored; one that its file does not need fails a test.
enum Project {
    /// More lines than this, and a file holds something that wants a home of its own.
    static let longestFile = 400

    /// The modules that each module may import.
    ///
    /// Arrows point one way. `Package.swift` says the same to the linker.
    static let imports: [String: Set<String>] = [
        "StateBackend": ["CWeir", "CRocksDB", "CLZ4", "CZstd"],
        "RocksDBBackend": ["CRocksDBShim", "StateBackend"],
        "StreamFormats": ["CWeir", "CLZ4", "CZlib", "CZstd"],
        "StreamCore": ["CWeir", "StateBackend", "Logging", "Metrics"],
        "StreamOperators": ["CWeir", "StateBackend", "StreamCore", "StreamFormats"],
        "StreamConnectors": ["CWeir", "StateBackend", "StreamCore", "StreamFormats"],
        "SQLConnector": ["Weir"],
        "PostgresConnector": ["CLibPQ", "SQLConnector", "Weir"],
        "SQLiteConnector": ["SQLConnector", "Weir", "GRDB", "Foundation"],
        "Weir": ["StateBackend", "StreamCore", "StreamFormats", "StreamOperators", "StreamConnectors"],
        "StreamTesting": ["Weir"],
        "SnapshotCrasher": ["RocksDBBackend", "StateBackend", "Weir"],
        "CommitCrasher": ["PostgresConnector", "SQLConnector", "Weir"],
        "MemoryProbe": ["RocksDBBackend", "Weir"],
        "AdAnalyticsJob": ["Weir"],
        "SimulationRunner": ["StreamTesting", "RocksDBBackend", "Weir", "ArgumentParser"],
        "JobLifecycle": ["StateBackend", "StreamCore", "ServiceLifecycle"],
        "AdAnalyticsRunner": [
            "AdAnalyticsJob", "JobLifecycle", "Weir", "ArgumentParser", "Logging", "Foundation", "ServiceLifecycle",
            "UnixSignals",
        ],
        "WeirCommand": ["CWeir", "RocksDBBackend", "StateBackend", "ArgumentParser"],

        "Workloads": ["CBenchmark"],
        "HandLoops": ["CBenchmark", "Workloads"],
        "EngineQueries": ["CBenchmark", "Workloads", "Weir", "RocksDBBackend", "Foundation"],
        "AdFileBench": ["AdAnalyticsJob", "CBenchmark", "Weir"],
        "WindowOverlapBench": ["CBenchmark", "Weir"],
        "GuardBench": ["CAllocationCount", "Weir"],
        "PulseBench": ["CBenchmark", "Weir", "Workloads"],
        "SnapshotBench": ["CBenchmark", "RocksDBBackend", "Weir", "Foundation"],
        "StateBench": ["CBenchmark", "CRocksDB", "HandLoops", "RocksDBBackend", "StateBackend"],
        "WeirBench": ["CBenchmark", "Workloads", "HandLoops", "EngineQueries"],
    ]

    /// What every module may import: the standard library's parts and the C library.
    ///
    /// Foundation is not among them: it would cost a program that embeds Weir start-up time and size.
    static let importsForAll: Set<String> = ["Synchronization", "Glibc", "Musl", "Darwin"]

    static let bannedCalls: [BannedCallRule] = [
        BannedCallRule(
            "reading the clock",
            tokens: [
                "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "DispatchTime.now", "clock_gettime(",
                "gettimeofday(", "weir_wall_ms(", "weir_monotonic_ns(",
            ],
            in: ["Sources/"],
            instead: "take a clock as a value, so that the simulator can give a virtual one",
            allowed: [
                "Sources/StreamCore/Time/ProcessingClock.swift": "the seam itself",
                "Sources/AdAnalyticsRunner/": "live progress for people",
                "Sources/WeirCommand/": "ages of snapshots, for people",
            ]),
        BannedCallRule(
            "reading the clock", tokens: ["Date()", "Date.now"], in: ["Tests/", "Benchmarks/"],
            instead: "a test that depends on the time of day fails at night"),
        BannedCallRule(
            "sleeping",
            tokens: ["Task.sleep", "Thread.sleep", "usleep(", "nanosleep("],
            in: ["Sources/", "Tests/", "Benchmarks/"],
            instead: "park on a wake signal, or wait for the event itself",
            allowed: [
                "Sources/StreamCore/Runtime/JobOptions.swift": "the wait before a restart; the simulator gives its own",
                "Sources/StreamCore/Observe/MetricsReporter.swift": "reports at intervals; no result depends on it",
                "Sources/CommitCrasher/": "makes its job last long enough to be killed",
                "Tests/RocksDBBackendTests/StoreKillTests.swift": "kills a program at any moment, whatever it does",
                "Benchmarks/Sources/SnapshotBench/": "waits for the job that it measures",
                "Sources/AdAnalyticsRunner/": "live progress for people",
            ]),
        BannedCallRule(
            "randomness without a seed",
            tokens: [
                "SystemRandomNumberGenerator", "random(in:", "Bool.random(", ".randomElement(", ".shuffled(",
                ".shuffle(",
            ],
            unlessLineHas: "using:",
            in: ["Sources/", "Tests/", "Benchmarks/"],
            instead: "draw from a seeded generator and say the seed when something fails"),
        BannedCallRule(
            "printing", tokens: ["print(", "debugPrint("], in: ["Sources/"],
            instead: "log, count, or return it: a library does not own its host's stdout",
            allowed: [
                "Sources/AdAnalyticsRunner/": "a program",
                "Sources/MemoryProbe/": "a program",
                "Sources/SimulationRunner/": "a program",
                "Sources/StreamConnectors/Memory/ConsoleSink.swift": "its purpose",
            ]),
        BannedCallRule(
            "crashing without a sentence", tokens: ["fatalError(", "try!", "as!"],
            in: ["Sources/", "Tests/", "Benchmarks/"],
            instead: "throw; or `precondition` with a sentence where only a programmer's fault leads there"),
        BannedCallRule(
            "Foundation's JSON", tokens: ["JSONDecoder", "JSONEncoder", "JSONSerialization"], in: ["Sources/"],
            instead: "StreamFormats reads and writes JSON without an object per record"),
    ]

    /// Who may tell the compiler to trust them; each such place states its invariant in a comment.
    static let unchecked = UncheckedRule(allowed: [
        "Sources/StreamCore/Snapshots/SnapshotInProgress.swift": "a writer that one executor's work uses",
        "Sources/StateBackend/Codec/StateCodec.swift": "functions that capture a type found by a cast",
        "Sources/RocksDBBackend/RocksDBHandle.swift": "a database, which takes calls from any thread",
        "Sources/StreamOperators/Windows/Functions/CollectingWindowFunction.swift": "services of one worker",
        "Sources/StreamOperators/Joins/WindowJoinOutput.swift": "error handlers of one worker",
        "Sources/StreamCore/Element/Batch.swift": "storage moved from worker to worker, one owner at a time",
        "Sources/StreamCore/Element/KeyedBatch.swift": "as Batch",
        "Sources/StreamCore/Exchange/Ring.swift": "one producer, one consumer, ordered by two atomics",
        "Sources/StreamCore/Exchange/WakeSignal.swift": "memory of a futex",
        "Sources/StreamCore/Runtime/Worker.swift": "built by one thread, then owned by another",
        "Sources/StreamOperators/Aggregates/Distinct/KeySet.swift": "copied before it is written when shared",
    ])
}
