/// What one run works on; everything but parallelism, batch and backend shapes the data.
public struct RunParameters: Equatable, Sendable {
    /// Number of events, at least 1.
    public var events: Int64
    /// Events per second of event time, at least 10.
    public var rate: Int64
    /// Number of users, at most 2^32; 0 where the data has none to choose.
    public var users: Int64
    /// Number of sources and of workers.
    public var parallelism: Int
    /// Records per batch.
    public var batch: Int
    /// Where keyed state lives.
    public var backend: Backend
    /// Milliseconds between two snapshots; 0 for none.
    public var checkpointMilliseconds: Int64
    /// Events per second of wall time at which the sources are held; 0 for as many as they can make.
    public var throttle: Int64 = 0
    /// Whether the lag of windows' results is measured; wants ``throttle``.
    public var measuresLatency = false
    /// The length of the windows of `ysb` and `ysb_json`.
    public var windowMilliseconds = Self.usualWindow
    /// Bytes that keyed state may take; nil for none in memory, 1 GiB over RocksDB.
    public var memoryBudget: Int?
    /// The exponent of the law by which `keyed_state` draws users; nil for uniformly.
    public var zipf: Double?

    /// The length of windows unless a run asks for another one, in ms.
    public static let usualWindow: Int64 = 10_000

    /// The state backends that a run can ask for.
    public enum Backend: String, CaseIterable, Sendable {
        /// Hash tables in memory.
        case memory
        /// RocksDB below the tables.
        case rocksdb
    }

    /// Creates the parameters of a run with one worker and batches of 1024, unless given.
    public init(
        events: Int64, rate: Int64, users: Int64, parallelism: Int = 1, batch: Int = 1024, backend: Backend = .memory,
        checkpointMilliseconds: Int64 = 0
    ) {
        self.events = events
        self.rate = rate
        self.users = users
        self.parallelism = parallelism
        self.batch = batch
        self.backend = backend
        self.checkpointMilliseconds = checkpointMilliseconds
    }
}
