public import StateBackend

/// When a job takes snapshots of its state, where it keeps them, and for how long.
///
/// ```swift
/// var options = JobOptions(parallelism: 2)
/// options.snapshots = SnapshotOptions(directory: "/var/lib/clicks", interval: .seconds(10))
/// options.start = .latest
/// try await pipeline.run(options)
/// ```
public struct SnapshotOptions: Sendable {
    /// Where snapshots are kept; a pipeline has a place of its own in it, by its name.
    public var storage: any SnapshotStorage
    /// The time between the beginnings of two snapshots, 10 ms or more; nil to take them on demand only.
    ///
    /// The default is 10 s. While as many as ``maximumInFlight`` are under way no other begins.
    public var interval: Duration? = .seconds(10)
    /// The time between the end of a snapshot and the beginning of the next one, at least.
    ///
    /// The default is zero. For a job whose snapshots take nearly as long as the interval.
    public var minimumPause = Duration.zero
    /// How many snapshots may be under way, 1 or more.
    ///
    /// The default is 1: a snapshot begins when the one before is durable. With more, a snapshot begins as soon as all
    /// workers have handed on their part of the one before, while that one's files are still on their way to a slow
    /// storage. They become durable in their order. A snapshot that begins so holds the whole of the tables in memory,
    /// since it can't build on one that isn't durable; and there can be no ``minimumPause``.
    public var maximumInFlight = 1
    /// How long a snapshot may take before it is given up; nil for as long as it takes.
    ///
    /// The default is 10 minutes.
    public var timeout: Duration? = .seconds(600)
    /// How many snapshots in a row may fail before the job does; nil, the default, for any number.
    ///
    /// A job that goes on without snapshots repeats more and more work after a failure; ``Job/health`` shows it.
    public var toleratedFailures: Int?
    /// What state and sinks come to after a failure.
    ///
    /// The default is exactly once.
    public var guarantee = Guarantee.exactlyOnce
    /// How long a barrier waits at an exchange for those of other workers before it overtakes what is under way there, which
    /// becomes part of the snapshot then (unaligned snapshots); nil, the default, for as long as it takes.
    ///
    /// For jobs under back-pressure, whose barriers would wait behind all that is queued. Records of `keyBy` and `rebalance`
    /// are overtaken, where their type has a codec.
    public var alignmentTimeout: Duration?
    /// How often a transaction is tried to be committed before the job fails, and begins again if it may.
    ///
    /// The default is 5. The time between two attempts grows from 100 ms.
    public var commitAttempts = 5
    /// How files are compressed.
    ///
    /// The default is LZ4.
    public var compression = SnapshotCompression.lz4
    /// The number of snapshots that are kept, 1 or more.
    ///
    /// The default is 2.
    public var retained = 2
    /// How long older ones are kept, too, more than zero; nil, the default, for no longer.
    public var retainedFor: Duration?
    /// Whether a snapshot holds only what has changed since the one before, where that is less.
    ///
    /// The default is true.
    public var isIncremental = true

    /// What state and sinks come to after a failure.
    public enum Guarantee: Sendable, Equatable {
        /// Every record counts once: barriers are aligned.
        case exactlyOnce
        /// Every record counts, some more than once: inputs that are ahead of a barrier don't wait for the others.
        case atLeastOnce
    }

    func validate() throws(JobError) {
        func check(_ isRight: Bool, _ message: String) throws(JobError) {
            if !isRight { throw JobError(code: .invalidOption, message: message) }
        }
        if let interval {
            try check(
                interval >= .milliseconds(10), "snapshots.interval is \(interval), but must be 10 ms or more, or nil")
        }
        try check(minimumPause >= .zero, "snapshots.minimumPause is \(minimumPause), but must be zero or more")
        try check(
            (1...64).contains(maximumInFlight),
            "snapshots.maximumInFlight is \(maximumInFlight), but must be 1 through 64")
        try check(
            maximumInFlight == 1 || minimumPause == .zero,
            "snapshots.minimumPause is \(minimumPause), but there is no pause between snapshots when "
                + "snapshots.maximumInFlight is more than 1; set one of them only")
        if let timeout {
            try check(timeout > .zero, "snapshots.timeout is \(timeout), but must be more than zero, or nil")
        }
        if let alignmentTimeout {
            try check(
                alignmentTimeout >= .zero, "snapshots.alignmentTimeout is \(alignmentTimeout), but must be zero or more"
            )
        }
        if let toleratedFailures {
            try check(
                toleratedFailures >= 0, "snapshots.toleratedFailures is \(toleratedFailures), but must be 0 or more")
        }
        try check(commitAttempts >= 1, "snapshots.commitAttempts is \(commitAttempts), but must be 1 or more")
        try check(retained >= 1, "snapshots.retained is \(retained), but must be 1 or more")
        if let retainedFor {
            try check(
                retainedFor > .zero, "snapshots.retainedFor is \(retainedFor), but must be more than zero, or nil")
        }
    }

    /// Snapshots in a storage.
    public init(storage: any SnapshotStorage, interval: Duration? = .seconds(10)) {
        self.storage = storage
        self.interval = interval
    }

    /// Snapshots in a directory, which is made when it isn't there.
    public init(directory: String, interval: Duration? = .seconds(10)) {
        self.init(storage: LocalSnapshotStorage(directory: directory), interval: interval)
    }
}

/// What a job begins with.
public enum StartPoint: Sendable {
    /// No state, and the beginning of every source.
    case fresh
    /// The newest complete snapshot of ``JobOptions/snapshots``; as ``fresh`` when there is none.
    ///
    /// A damaged one is an error: deleting it, or naming an older one, is a person's decision.
    case latest
    /// The snapshot of that number of ``JobOptions/snapshots``.
    case snapshot(Int)
    /// A snapshot or savepoint of another storage: the one of that number, or with nil the newest.
    case stored(any SnapshotStorage, Int?)
}
