public import Logging
public import StateBackend

/// How a job runs.
///
/// The defaults suit a job embedded in a server; results never depend on any of these.
public struct JobOptions: Sendable {
    /// The number of workers, each a thread with a copy of the dataflow; 1 through the number of key groups.
    ///
    /// The default is 1.
    public var parallelism = 1
    /// The number of records that a batch holds, 1 through 65,536.
    ///
    /// The default is 1,024.
    public var batchSize = 1_024
    /// How long a record may wait in a batch that doesn't fill, while the worker is busy.
    ///
    /// The default is 5 ms; an idle
    /// worker passes batches on at once.
    public var flushInterval = Duration.milliseconds(5)
    /// The number of batches between two workers before the sender waits; rounded up to a power of two.
    ///
    /// The default
    /// is 16.
    public var ringCapacity = 16
    /// The number of key groups; fixed for the life of a job's state.
    ///
    /// The default is 128.
    public var keyGroups = KeyGroups()
    /// What drives the workers.
    ///
    /// The default is a thread for each.
    public var scheduler: any Scheduler = ThreadedScheduler()
    /// The clock of processing time.
    ///
    /// The default is the machine's.
    public var clock: any ProcessingClock = SystemClock()
    /// Where the job logs its start, end and failures.
    ///
    /// The default logs with label `weir`.
    public var logger = Logger(label: "weir")
    /// A logger that writes nothing: for tests, and for hosts that report failures themselves.
    public static var silentLogger: Logger { Logger(label: "weir") { _ in SwiftLogNoOpLogHandler() } }
    /// How often the counters are published to swift-metrics; nil for never.
    ///
    /// The default is every second.
    public var metricsInterval: Duration? = .seconds(1)

    /// Where keyed state lives.
    ///
    /// The default is memory.
    public var backend: any StateBackend = MemoryBackend()
    /// Backends whose stores may be read out of the snapshot that the job begins with, besides ``backend``.
    ///
    /// A plain snapshot holds a store's files as they are. With the backend that wrote them here, a job on another one
    /// begins with them all the same: each worker reads the rows of its key groups. Savepoints, and snapshots of state in
    /// memory, need none. The default is none.
    public var readableBackends: [any StateBackend] = []
    /// The bytes of memory that the state of all workers may take together; nil, the default, for no limit, which with a
    /// backend that has a store means 256 MiB per worker.
    ///
    /// Each worker has the same share of it. With a store, five eighths of that are the tables', the rest the store's.
    /// State in memory alone can't be less than it is: the job fails with a ``StateError`` of code `budgetExceeded` when
    /// it needs more.
    public var memoryBudget: Int?
    /// Where and when snapshots are taken; nil, the default, for none.
    public var snapshots: SnapshotOptions?
    /// What the job begins with.
    ///
    /// The default is ``StartPoint/fresh``.
    public var start = StartPoint.fresh
    /// Whether and when the job begins again, with its newest snapshot, after it has failed.
    ///
    /// The default is not to.
    public var restarts = RestartStrategy.none
    /// States of a snapshot that may be dropped, because the pipeline no longer has them or can't read them: as
    /// "step/state", or "step" for all of a step's.
    public var droppedStates: Set<String> = []

    /// Where snapshots are written; nil for a thread of the job's own.
    package var snapshotExecutor: (any SnapshotExecutor)?

    /// Waits some milliseconds and then calls the function; nil for a task that sleeps.
    package var restartTimer: (@Sendable (Int64, @escaping @Sendable () -> Void) -> Void)?

    /// Where the tasks of look-ups run; nil for Swift's own executor.
    ///
    /// For tests, which run them on their own thread.
    package var lookupExecutor: (any TaskExecutor)?

    /// The defaults.
    public init() {}

    /// The defaults, but for `parallelism` and `batchSize`.
    public init(parallelism: Int, batchSize: Int = 1_024) {
        self.parallelism = parallelism
        self.batchSize = batchSize
    }

    /// Calls `body` after some milliseconds.
    func delay(_ milliseconds: Int64, _ body: @escaping @Sendable () -> Void) {
        if let restartTimer { return restartTimer(milliseconds, body) }
        Task.detached {
            // Nobody cancels it.
            try? await Task.sleep(for: .milliseconds(milliseconds))
            body()
        }
    }

    func validate() throws(JobError) {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(JobError) {
            guard !range.contains(value) else { return }
            throw JobError(
                code: .invalidOption,
                message: "\(name) is \(value), but must be \(range.lowerBound) through \(range.upperBound)")
        }
        try check("parallelism", parallelism, 1...keyGroups.count)
        try check("batchSize", batchSize, 1...65_536)
        try check("ringCapacity", ringCapacity, 1...65_536)
        if let problem = restarts.problem {
            throw JobError(code: .invalidOption, message: "restarts: \(problem)")
        }
        try snapshots?.validate()
        if flushInterval < .zero {
            throw JobError(code: .invalidOption, message: "flushInterval is \(flushInterval), but must be zero or more")
        }
        if let metricsInterval, metricsInterval < .milliseconds(1) {
            throw JobError(
                code: .invalidOption,
                message: "metricsInterval is \(metricsInterval), but must be 1 ms or more, or nil for never")
        }
    }
}
