/// Where a job's keyed state lives: in memory alone, or in a store below the tables in memory.
///
/// A table in memory (``StateTable``) is always what operators work on. A backend may put a store below it, bytes to
/// bytes: the table is then a write-back cache of the store. So a backend needs to know nothing of types, windows or
/// timers, and what makes the hot path fast is the same for all backends. The suite `StateBackendSuite` of the module
/// StreamTesting says whether a backend does what the tables expect.
public protocol StateBackend: Sendable {
    /// The backend's name, as it is in the manifests of snapshots: "memory", "rocksdb".
    var name: String { get }

    /// Opens the store of one worker; nil when state is kept in memory alone.
    ///
    /// - Throws: ``StateError`` when the store can't be opened, with the code of the cause: `storageFull`, `notPermitted`,
    ///   `missingFile`, `damaged`, `storeLocked`, or `storeFailed` for any other.
    func open(_ place: StorePlace) throws -> (any StateStore)?
}

/// Whose store is to be opened.
public struct StorePlace: Sendable {
    /// The job's name.
    public let job: String
    /// The worker's number.
    public let worker: Int
    /// The job's key groups.
    public let keyGroups: KeyGroups
    /// The key groups that the worker owns.
    public let groups: Range<Int>
    /// The bytes of memory that the worker's state may take, the tables' share not included.
    public let memoryBudget: Int
    /// The files of the store that a snapshot holds for exactly these groups, to begin with; nil to begin empty.
    public let files: [StoreFile]?

    /// A place.
    public init(
        job: String, worker: Int, keyGroups: KeyGroups, groups: Range<Int>, memoryBudget: Int,
        files: [StoreFile]? = nil
    ) {
        self.job = job
        self.worker = worker
        self.keyGroups = keyGroups
        self.groups = groups
        self.memoryBudget = memoryBudget
        self.files = files
    }
}

/// A file of a store in its own format, as it goes into a snapshot and comes back.
public struct StoreFile: Sendable, Equatable {
    /// The name that the store knows it by.
    public let name: String
    /// Where it lies.
    public let path: String
    /// Whether a file of this name never changes once it is there, so that snapshots can share it.
    public let isImmutable: Bool

    /// A file.
    public init(name: String, path: String, isImmutable: Bool) {
        self.name = name
        self.path = path
        self.isImmutable = isImmutable
    }
}

/// The store of one worker: rows of several states, ordered by key group and key.
///
/// Used on the worker's thread, except what a ``StoreCheckpoint`` and a ``StoredRowsView`` do.
public protocol StateStore: AnyObject {
    /// Opens the rows of a state; the same rows for the same name.
    ///
    /// - Parameter state: a name that is unique in the job and the same in every version of the program.
    func rows(of state: String) throws -> any StoredRows

    /// Opens the rows of a state, of which the store may drop those that have ended.
    ///
    /// - Parameters:
    ///   - state: as in ``rows(of:)``.
    ///   - expiry: the time; a row may go once the time that its value begins with isn't after it (milliseconds, 8 bytes,
    ///     little-endian). Called on any thread. Nil where rows don't end.
    func rows(of state: String, expiry: (@Sendable () -> Int64)?) throws -> any StoredRows

    /// Fixes everything written so far as files of the store's own format, without waiting for more than is written.
    ///
    /// What is written afterwards doesn't change them.
    func checkpoint() throws -> any StoreCheckpoint

    /// Waits until the rows of all ``StoredRows/writeLater(_:)`` calls are written.
    ///
    /// The default does nothing, as for a store that writes them at once.
    ///
    /// - Throws: why some of them can't be written. The store has forgotten these: the tables still have them, and write
    ///   them once more.
    func settle() throws

    /// The number of ``StoredRows/writeLater(_:)`` calls whose rows aren't written yet, 0 once one of them has failed. The
    /// default is 0.
    var waitingWrites: Int { get }

    /// The bytes of memory that the store takes at the moment.
    var memoryUsage: Int { get }

    /// Closes the store and deletes its files; nothing may be used afterwards.
    func close()
}

extension StateStore {
    /// Everything is written.
    public func settle() throws {}

    /// None.
    public var waitingWrites: Int { 0 }

    /// The rows, none of which is dropped.
    public func rows(of state: String, expiry: (@Sendable () -> Int64)?) throws -> any StoredRows {
        try rows(of: state)
    }
}

/// A store's files as of one moment.
///
/// May be used on another thread than the store.
public protocol StoreCheckpoint: AnyObject, Sendable {
    /// The files.
    var files: [StoreFile] { get }
    /// Deletes the files; they were copied or aren't wanted.
    func release()
}

/// The rows of one state in a store: bytes to bytes, in the order of key group and key.
public protocol StoredRows: AnyObject {
    /// Looks up keys and hands those that are there to `found`.
    ///
    /// - Parameters:
    ///   - keys: rows whose values don't matter, in no particular order.
    ///   - found: is given the index of the row in `keys` and the value's bytes, which are valid during the call.
    func read(_ keys: StateRows, _ found: (_ index: Int, _ value: UnsafeRawBufferPointer) throws -> Void) throws

    /// Writes rows and removals, each key at most once, in no particular order.
    func write(_ rows: StateRows) throws

    /// Writes rows, perhaps on another thread: every other call for the store finds them written, and may throw what
    /// went wrong, until ``StateStore/settle()`` is called. Throws when it takes no more rows, because those of a call
    /// before couldn't be written. The default writes them at once.
    func writeLater(_ rows: StateRows) throws

    /// Hands the rows of the given key groups to `body`, in order of group and key, until it returns false.
    ///
    /// - Parameters:
    ///   - groups: the key groups; those that the store doesn't have are skipped.
    ///   - prefix: only keys that begin with these bytes.
    ///   - start: only keys of the first group that aren't before these bytes.
    func scan(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws

    /// Removes all rows.
    func removeAll() throws

    /// The rows as they are now, whatever is written later.
    func view() throws -> any StoredRowsView
}

extension StoredRows {
    /// At once.
    public func writeLater(_ rows: StateRows) throws { try write(rows) }
}

/// A state's rows as of one moment.
///
/// May be used on another thread than the store, before the store is closed.
public protocol StoredRowsView: AnyObject, Sendable {
    /// As ``StoredRows/scan(groups:prefix:from:_:)`` over whole groups.
    func scan(
        groups: Range<Int>,
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws
    /// Lets go of the rows.
    func release()
}

/// State in memory alone.
public struct MemoryBackend: StateBackend {
    /// The backend.
    public init() {}

    /// "memory".
    public var name: String { "memory" }

    /// Nothing: tables need no store.
    public func open(_ place: StorePlace) throws -> (any StateStore)? { nil }
}
