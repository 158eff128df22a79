#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif
public import StateBackend

/// State in RocksDB, below the tables in memory: for state that is larger than memory, and restores that don't wait.
///
/// Each worker has a database of its own in a fresh directory, without a log and without syncs: what makes state
/// durable are snapshots. The rows of all states lie in one key space, each key behind the number of its state and its
/// key group. Where the figures behind the options come from: `Docs/decisions/0019` and `0020`.
public struct RocksDBBackend: StateBackend {
    /// How databases are opened.
    public struct Options: Sendable, Equatable {
        /// Threads for flushes and compactions, shared by all databases of the process.
        public var backgroundThreads = 2
        /// Files that a database keeps open.
        public var maxOpenFiles = 256
        /// Bytes of a block, before compression.
        public var blockSize = 4_096
        /// Bits of Bloom filter per key.
        public var filterBits = 10.0
        /// Whether rows of the last level have filters, too.
        ///
        /// They cost memory and serve only look-ups of keys that aren't there.
        public var filtersLastLevel = false
        /// Whether the last level is compressed with LZ4: half the disk for about 15 % more time.
        public var isCompressed = false
        /// The number of rows from which on a write is a sorted file that the database takes in.
        public var fileRows = 8_192
        /// Whether a read fails when the memory budget is full, instead of exceeding it by the blocks in use.
        public var isStrict = false
        /// Whether glibc's allocator is kept from raising its mapping threshold, once for the process, when the first
        /// database is opened.
        ///
        /// The memory that a job holds beyond its budget is less by it: lists over 96 MiB took 10 MiB instead of 31. To be
        /// turned off where the program sets its allocator up itself (`mallopt`, `MALLOC_MMAP_THRESHOLD_`).
        public var fixesMappingThreshold = true

        /// The options that the measurements led to.
        public init() {}
    }

    /// The directory in which each worker's database has one of its own; nil for the system's temporary directory.
    public let directory: String?
    /// How databases are opened.
    public let options: Options

    /// The backend.
    ///
    /// - Parameters:
    ///   - directory: where databases live, on a disk of this machine; made where it isn't there. What killed processes
    ///     left in it is deleted when a database is opened. By default the system's temporary directory.
    ///   - options: by default those that the measurements led to.
    public init(directory: String? = nil, options: Options = Options()) {
        self.directory = directory
        self.options = options
    }

    /// "rocksdb".
    public var name: String { "rocksdb" }

    /// Opens a database in a fresh directory, with the files of a snapshot where there are any.
    ///
    /// The files are linked, so that this takes no longer for more state.
    ///
    /// - Throws: ``StateError`` that names the path and the remedy, with the code of the cause: `storageFull`,
    ///   `notPermitted`, `missingFile`, `damaged`, `storeLocked`, or `storeFailed` for any other.
    public func open(_ place: StorePlace) throws -> (any StateStore)? {
        try RocksDBStore(
            keyGroups: place.keyGroups, database: OpenDatabase(place, in: directory ?? Self.temporary, options),
            fileRows: options.fileRows)
    }

    private static var temporary: String {
        guard let path = getenv("TMPDIR"), path.pointee != 0 else { return "/tmp" }
        return String(cString: path)
    }
}
