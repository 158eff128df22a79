internal import Synchronization
public import Weir

/// A storage that counts the calls of another one, and fails those that a test chooses.
///
/// ```swift
/// let storage = FaultySnapshotStorage(MemorySnapshotStorage())
/// storage.fail(.commit, error: SnapshotError(code: .storageFull, message: "no room"))
/// ```
public final class FaultySnapshotStorage: SnapshotStorage {
    /// What a storage is asked for.
    public enum Operation: String, Sendable, CaseIterable {
        /// Beginning an object, or putting a file.
        case put
        /// Adding bytes to an object that is being put.
        case write
        /// Making an object durable and visible.
        case commit
        /// Putting an object unless there is one.
        case putIfAbsent
        /// Reading.
        case get
        /// Listing.
        case list
        /// Deleting.
        case delete
    }

    /// Which calls fail, from the one that was chosen.
    public enum Extent: Sendable, CaseIterable {
        /// That call, which does nothing.
        case once
        /// That call, which does what it should before it fails, as when an answer is lost on its way.
        case onceAfterwards
        /// That call and all later ones of the operation, until ``heal()``.
        case fromThenOn
    }

    private struct Fault: Sendable {
        var operation: Operation?
        /// The number of calls that are left until the one that fails.
        var left: Int
        var error: SnapshotError
        var extent: Extent
    }

    private struct State: Sendable {
        var counts: [Operation: Int] = [:]
        var fault: Fault?
        var failures = 0
        var onCall: (@Sendable (Operation, String) -> Void)?
    }

    private let storage: any SnapshotStorage
    private let state = Mutex(State())

    /// A storage that passes on all calls to `storage`.
    public init(_ storage: any SnapshotStorage) { self.storage = storage }

    /// Chooses a call that fails, instead of any that was chosen before; calls are counted from now.
    ///
    /// - Parameters:
    ///   - operation: of which operation; nil: any.
    ///   - number: which one, from 1.
    ///   - error: what it throws.
    ///   - extent: whether only that call fails, and whether it does something.
    public func fail(_ operation: Operation? = nil, number: Int = 1, error: SnapshotError, _ extent: Extent = .once) {
        state.withLock { state in
            state.fault = Fault(operation: operation, left: max(number, 1), error: error, extent: extent)
            state.counts = [:]
            state.failures = 0
        }
    }

    /// Lets no more calls fail.
    public func heal() { state.withLock { $0.fault = nil } }

    /// Has `body` called before each call, with the object's name.
    public func onCall(_ body: (@Sendable (Operation, String) -> Void)?) { state.withLock { $0.onCall = body } }

    /// The number of calls of an operation, since the beginning or the last ``fail(_:number:error:_:)``.
    public func count(of operation: Operation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }

    /// The number of all calls.
    public var count: Int { state.withLock { $0.counts.values.reduce(0, +) } }

    /// The number of calls that failed.
    public var failures: Int { state.withLock { $0.failures } }

    /// What the storage is that calls are passed on to.
    public var description: String { storage.description }

    fileprivate func call<Result>(_ operation: Operation, _ name: String, _ body: () throws -> Result) throws -> Result
    {
        let (fault, onCall) = state.withLock { state -> (Fault?, (@Sendable (Operation, String) -> Void)?) in
            state.counts[operation, default: 0] += 1
            guard let fault = state.fault, fault.operation == nil || fault.operation == operation else {
                return (nil, state.onCall)
            }
            if fault.left > 1 {
                state.fault?.left -= 1
                return (nil, state.onCall)
            }
            if fault.extent != .fromThenOn { state.fault = nil }
            state.failures += 1
            return (fault, state.onCall)
        }
        onCall?(operation, name)
        guard let fault else { return try body() }
        if fault.extent == .onceAfterwards { _ = try body() }
        throw SnapshotError(code: fault.error.code, file: name, message: fault.error.message)
    }

    /// Begins an object, if the call is not to fail.
    public func put(_ name: String) throws -> any SnapshotObjectWriter {
        try call(.put, name) { FaultyObjectWriter(try storage.put(name), name, in: self) }
    }

    /// Puts a file, if the call is not to fail.
    public func put(_ name: String, file path: String) throws {
        try call(.put, name) { try storage.put(name, file: path) }
    }

    /// Puts an object unless there is one, if the call is not to fail.
    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        try call(.putIfAbsent, name) { try storage.putIfAbsent(name, bytes) }
    }

    /// Reads, if the call is not to fail.
    public func get(_ name: String, range: Range<Int>) throws -> [UInt8] {
        try call(.get, name) { try storage.get(name, range: range) }
    }

    /// The path that the other storage says; never fails.
    public func localPath(of name: String) -> String? { storage.localPath(of: name) }

    /// Lists, if the call is not to fail.
    public func list(_ prefix: String) throws -> [SnapshotObject] {
        try call(.list, prefix) { try storage.list(prefix) }
    }

    /// Deletes, if the call is not to fail.
    public func delete(_ name: String) throws { try call(.delete, name) { try storage.delete(name) } }

    /// Removes what the other storage removes; counted as deleting.
    public func removeUnfinished(before time: Int64) throws -> [String] {
        try call(.delete, "") { try storage.removeUnfinished(before: time) }
    }
}

/// An object being put, whose calls are counted and may fail.
private final class FaultyObjectWriter: SnapshotObjectWriter {
    private let writer: any SnapshotObjectWriter
    private let name: String
    private let storage: FaultySnapshotStorage

    init(_ writer: any SnapshotObjectWriter, _ name: String, in storage: FaultySnapshotStorage) {
        self.writer = writer
        self.name = name
        self.storage = storage
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws { try storage.call(.write, name) { try writer.write(bytes) } }

    func commit() throws { try storage.call(.commit, name) { try writer.commit() } }

    func abort() { writer.abort() }
}
