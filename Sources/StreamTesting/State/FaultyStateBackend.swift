internal import Synchronization
public import Weir

/// A backend that counts the calls of another one's stores, and fails those that a test chooses.
///
/// ```swift
/// let backend = FaultyStateBackend(ReferenceBackend(directory: directory))
/// backend.fail(.checkpoint, error: StateError(code: .storageFull, message: "no room"))
/// ```
/// Rows that are to be written later wait until the next call for their store, which writes them first, as
/// ``Operation/later``.
public final class FaultyStateBackend: StateBackend {
    /// What a store is asked for.
    public enum Operation: String, Sendable, CaseIterable {
        /// Opening the store.
        case open
        /// Looking up rows.
        case read
        /// Writing rows at once.
        case write
        /// Taking rows to be written later.
        case writeLater
        /// Writing the rows that were to be written later: tried by every call, until one settles.
        case later
        /// Walking through rows.
        case scan
        /// Removing all rows of a state.
        case removeAll
        /// A view of the rows as of now.
        case view
        /// A checkpoint.
        case checkpoint
    }

    private struct Fault: Sendable {
        var operation: Operation?
        /// The number of calls that are left until the one that fails.
        var left: Int
        var error: StateError
        var goesOn: Bool
    }

    private struct State: Sendable {
        var counts: [Operation: Int] = [:]
        var fault: Fault?
        var failures = 0
    }

    private let backend: any StateBackend
    private let state = Mutex(State())

    /// A backend that passes on all calls to `backend`.
    public init(_ backend: any StateBackend) { self.backend = backend }

    /// The other backend's.
    public var name: String { backend.name }

    /// Opens the other backend's store, if the call is not to fail.
    public func open(_ place: StorePlace) throws -> (any StateStore)? {
        try call(.open)
        return try backend.open(place).map { FaultyStore($0, of: self) }
    }

    /// Chooses a call that fails, and does nothing, instead of any that was chosen before; calls are counted from now.
    ///
    /// - Parameters:
    ///   - operation: of which operation; nil: any.
    ///   - number: which one, from 1.
    ///   - error: what it throws.
    ///   - goesOn: whether all later ones of the operation fail, too, until ``heal()``. The default is no.
    public func fail(_ operation: Operation? = nil, number: Int = 1, error: StateError, goesOn: Bool = false) {
        state.withLock { state in
            state.fault = Fault(operation: operation, left: max(number, 1), error: error, goesOn: goesOn)
            state.counts = [:]
            state.failures = 0
        }
    }

    /// Lets no more calls fail.
    public func heal() { state.withLock { $0.fault = nil } }

    /// The number of calls of an operation, since the beginning or the last ``fail(_:number:error:goesOn:)``.
    public func count(of operation: Operation) -> Int { state.withLock { $0.counts[operation] ?? 0 } }

    /// The number of calls that failed.
    public var failures: Int { state.withLock { $0.failures } }

    fileprivate func call(_ operation: Operation) throws {
        let error: StateError? = state.withLock { state in
            state.counts[operation, default: 0] += 1
            guard let fault = state.fault, fault.operation == nil || fault.operation == operation else { return nil }
            if fault.left > 1 {
                state.fault?.left -= 1
                return nil
            }
            if !fault.goesOn { state.fault = nil }
            state.failures += 1
            return fault.error
        }
        if let error { throw error }
    }
}

/// A store whose calls are counted and may fail.
private final class FaultyStore: StateStore {
    private let base: any StateStore
    private let backend: FaultyStateBackend
    /// What is to be written later.
    private var waiting: [(target: any StoredRows, rows: StateRows)] = []

    init(_ base: any StateStore, of backend: FaultyStateBackend) {
        self.base = base
        self.backend = backend
    }

    func rows(of state: String) throws -> any StoredRows { try rows(of: state, expiry: nil) }

    func rows(of state: String, expiry: (@Sendable () -> Int64)?) throws -> any StoredRows {
        FaultyRows(try base.rows(of: state, expiry: expiry), in: self)
    }

    func checkpoint() throws -> any StoreCheckpoint {
        try call(.checkpoint)
        return try base.checkpoint()
    }

    func settle() throws {
        do { try writeWaiting() } catch {
            waiting = []
            throw error
        }
        try base.settle()
    }

    var waitingWrites: Int { base.waitingWrites }

    var memoryUsage: Int { base.memoryUsage }

    func close() {
        waiting = []
        base.close()
    }

    func call(_ operation: FaultyStateBackend.Operation) throws {
        if operation != .writeLater { try writeWaiting() }
        try backend.call(operation)
    }

    func writeLater(_ rows: StateRows, to target: any StoredRows) throws {
        try call(.writeLater)
        waiting.append((target, rows))
    }

    private func writeWaiting() throws {
        while let first = waiting.first {
            try backend.call(.later)
            try first.target.write(first.rows)
            waiting.removeFirst()
        }
    }
}

/// Rows whose calls are counted and may fail.
private final class FaultyRows: StoredRows {
    private let base: any StoredRows
    private unowned let store: FaultyStore

    init(_ base: any StoredRows, in store: FaultyStore) {
        self.base = base
        self.store = store
    }

    func read(_ keys: StateRows, _ found: (_ index: Int, _ value: UnsafeRawBufferPointer) throws -> Void) throws {
        try store.call(.read)
        try base.read(keys, found)
    }

    func write(_ rows: StateRows) throws {
        try store.call(.write)
        try base.write(rows)
    }

    func writeLater(_ rows: StateRows) throws { try store.writeLater(rows, to: base) }

    func scan(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try store.call(.scan)
        try base.scan(groups: groups, prefix: prefix, from: start, body)
    }

    func removeAll() throws {
        try store.call(.removeAll)
        try base.removeAll()
    }

    func view() throws -> any StoredRowsView {
        try store.call(.view)
        return try base.view()
    }
}
