internal import Synchronization
public import Weir

/// A whole pipeline under a test's control: its input, its time, its moments of rest, its snapshots.
///
/// Nothing runs but when the test says so, on the test's own thread; processing time stands still until it is advanced.
/// ```swift
/// let clicks = TestInput<Click>("clicks")
/// let counts = OutputLog<Pane<String, Int>>()
/// let test = try TestPipeline { p in
///     p.input(clicks).keyBy(\.campaign).window(.tumbling(.seconds(60))).aggregate("per minute", .count())
///         .logged("counts", in: counts)
/// }
/// clicks.send(Click(campaign: "a"), at: 5_000)
/// clicks.watermark(59_999)
/// try test.settle()
/// #expect(counts.take() == [Pane(key: "a", window: TimeWindow(start: 0, end: 60_000), value: 1)])
/// ```
public final class TestPipeline {
    /// The processing time, which ``advanceProcessingTime(to:)`` moves.
    public let clock: VirtualClock
    /// The job as it runs now.
    public private(set) var job: Job
    /// What keeps the job from running by itself.
    private var scheduler: ManualScheduler
    /// What keeps look-ups from running by themselves.
    private let executor = ManualExecutor()
    private let pipeline: Pipeline
    private var options: JobOptions
    private var seed: UInt64

    /// Starts a pipeline that waits for ``settle()``.
    ///
    /// - Parameters:
    ///   - parallelism: the number of workers, all on the test's thread.
    ///   - batchSize: the number of records in a batch.
    ///   - time: the processing time at the start.
    ///   - seed: draws the order of the workers.
    ///   - snapshot: the state to begin with; nil for none.
    ///   - describe: describes the pipeline.
    /// - Throws: ``PipelineError``, ``JobError``, what `describe` throws.
    public init(
        parallelism: Int = 1, batchSize: Int = 1_024, time: Timestamp = 0, seed: UInt64 = 0,
        restoring snapshot: JobSnapshot? = nil, _ describe: (PipelineBuilder) throws -> Void
    ) throws {
        clock = VirtualClock(start: time)
        scheduler = ManualScheduler(seed: seed)
        self.seed = seed
        pipeline = try Pipeline("test", describe)
        options = JobOptions(parallelism: parallelism, batchSize: batchSize)
        options.clock = clock
        options.scheduler = scheduler
        options.lookupExecutor = executor
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        if let snapshot {
            job = try pipeline.start(options, restoring: snapshot)
        } else {
            job = try pipeline.start(options)
        }
    }

    deinit {
        job.cancel()
        scheduler.settle()
        _ = executor.drain()
    }

    /// Works until there is nothing to do: all that was sent is processed and everything held back is passed on.
    ///
    /// Look-ups run on the test's thread as well, as far as they don't wait for something outside.
    /// - Throws: ``JobError`` when the job failed.
    public func settle() throws {
        repeat { scheduler.settle() } while executor.drain()
        if let failure = job.failure { throw failure }
    }

    /// Whether the input has ended and everything is processed.
    public var isFinished: Bool { job.isFinished }

    /// What the job has counted, since it was started or restored.
    public var status: JobStatus { job.status }

    /// Moves the processing time on and works until there is nothing to do.
    public func advanceProcessingTime(to time: Timestamp) throws {
        try settle()
        clock.advance(to: time)
        try settle()
    }

    /// Moves the processing time on and works until there is nothing to do.
    public func advanceProcessingTime(by duration: Duration) throws {
        try advanceProcessingTime(to: clock.now.advanced(byMilliseconds: duration.milliseconds))
    }

    /// Takes a snapshot of the whole state, after ``settle()``.
    ///
    /// - Throws: ``JobError`` with code `snapshotFailed` when a type has no codec, or the input has ended.
    public func snapshot() throws -> JobSnapshot {
        try settle()
        let answer = Answer<Result<JobSnapshot, JobError>>()
        job.snapshotAtRest { answer.set($0) }
        scheduler.settle()
        guard let result = answer.value else {
            throw JobError(code: .snapshotFailed, message: "the job gave no snapshot; settle it first")
        }
        return try result.get()
    }

    /// Takes a snapshot, throws the job away and goes on with a fresh one that begins with the snapshot: what was not
    /// saved is lost.
    ///
    /// - Parameters:
    ///   - parallelism: the new number of workers; nil for the same.
    ///   - batchSize: the new number of records in a batch; nil for the same.
    public func restart(parallelism: Int? = nil, batchSize: Int? = nil) throws {
        let snapshot = try snapshot()
        job.cancel()
        scheduler.settle()
        _ = executor.drain()
        seed &+= 1
        scheduler = ManualScheduler(seed: seed)
        options.parallelism = parallelism ?? options.parallelism
        options.batchSize = batchSize ?? options.batchSize
        options.scheduler = scheduler
        job = try pipeline.start(options, restoring: snapshot)
        try settle()
    }

    /// What holds each step's watermark back.
    public func explainWatermark() throws -> WatermarkExplanation {
        try settle()
        let answer = Answer<WatermarkExplanation>()
        job.explainWatermark { answer.set($0) }
        scheduler.settle()
        guard let explanation = answer.value else {
            throw JobError(code: .stepFailed, message: "the job gave no answer; settle it first")
        }
        return explanation
    }

    /// A state of a step: every key with its value, over all workers.
    ///
    /// - Parameters:
    ///   - step: the step's name.
    ///   - name: the state's name.
    /// - Throws: ``JobError`` when there is no such state, or its keys and values are of other types.
    public func state<Key: StreamKey, Value: Sendable>(
        of step: String, _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self
    ) throws -> [Key: Value] {
        try settle()
        let answer = Answer<Result<[Key: Value], JobError>>()
        job.inspect(step: step, part: name, keys: keys, values: values) { answer.set($0) }
        scheduler.settle()
        guard let result = answer.value else { return [:] }
        return try result.get()
    }

    /// The timers of a keyed step that are set and have not gone off: of every key the earliest first.
    ///
    /// - Parameter step: the step's name.
    /// - Throws: ``JobError`` when there is no such step, it has no timers, or its keys are of another type.
    public func timers<Key: StreamKey>(of step: String, keys: Key.Type = Key.self) throws -> [Key: [PendingTimer]] {
        let entries: [Key: [any TimerEntry]] = try state(of: step, "weir.timers")
        return entries.mapValues { $0.map(\.pending).sorted { ($0.time, $0.name) < ($1.time, $1.name) } }
    }
}

/// What a question to the job was answered with.
private final class Answer<Value: Sendable>: Sendable {
    private let box = Mutex<Value?>(nil)

    var value: Value? { box.withLock { $0 } }

    func set(_ value: Value) { box.withLock { $0 = value } }
}
