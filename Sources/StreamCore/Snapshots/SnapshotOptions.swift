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
    /// The default is 10 s. While one is being taken no other begins.
    public var interval: Duration? = .seconds(10)
    /// How files are compressed.
    ///
    /// The default is LZ4.
    public var compression = SnapshotCompression.lz4
    /// The number of snapshots that are kept, 1 or more.
    ///
    /// The default is 2.
    public var retained = 2
    /// How long older ones are kept, too; nil, the default, for no longer.
    public var retainedFor: Duration?
    /// Whether a snapshot holds only what has changed since the one before, where that is less.
    ///
    /// The default is true.
    public var isIncremental = true

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
