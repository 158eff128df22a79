/// A named part of a step's state on one worker, as the runtime sees it: rows that can be saved and loaded.
///
/// The state's own handles (``StateTable``, lists, timers) conform or are wrapped; an operator only asks for them.
public protocol StatePart: AnyObject {
    /// How rows find their worker when they are loaded.
    var distribution: StateDistribution { get }

    /// What the part holds, for the manifest of a snapshot and for the check before one is loaded.
    var schema: StateSchema { get }

    /// Adds every row to `rows`.
    ///
    /// Where a row has a key, a later row of that key replaces it, and no key comes twice.
    ///
    /// - Throws: ``StateError`` with code `noCodec` when a type can't be saved.
    func save(into rows: inout StateRows) throws

    /// Fixes the part as it is now, to be saved piece by piece while the part goes on changing.
    ///
    /// The default saves everything at once. The last capture is done or cancelled.
    ///
    /// - Parameter mode: whether rows that haven't changed since the last capture may be left out; a part may capture
    ///   everything all the same, and says so (``StateCapture/isComplete``).
    func capture(_ mode: CaptureMode) throws -> any StateCapture

    /// Says what the rows hold that are about to be loaded, as an older program may have written them.
    ///
    /// Called once before ``load(_:)``. The default does nothing.
    func prepareToLoad(_ written: StateSchema)

    /// Says that about so many rows are to be loaded, so that there is room for them at once. The default does nothing.
    func reserve(_ rowCount: Int)

    /// Whether the rows lie in a worker's store, and so come into a snapshot with it.
    var isStored: Bool { get }

    /// Whether rows of a worker are read by all workers, also when there are as many as before.
    var isReadByAll: Bool { get }

    /// Takes in a row that was saved: its key and its value. A later one of the same key replaces it.
    ///
    /// - Throws: ``StateError`` with code `malformed` when the bytes are no row.
    func load(_ row: inout StateDecoder) throws

    /// Takes in that a key was removed after it had been loaded. Only called where captures hold removals.
    func unload(_ key: inout StateDecoder) throws

    /// Hands every key and its value to `body`, for tests and inspection; nothing where the part has no keys.
    func inspect(_ body: (_ key: Any, _ value: Any) throws -> Void) rethrows
}

extension StatePart {
    /// A part of which nothing is known but its rows.
    public var schema: StateSchema { StateSchema(kind: "rows", key: nil, value: nil, distribution: distribution) }

    /// Nothing: rows are as the part writes them.
    public func prepareToLoad(_ written: StateSchema) {}

    /// Nothing: room is made as rows come.
    public func reserve(_ rowCount: Int) {}

    /// By the worker of the same number only.
    public var isReadByAll: Bool { false }

    /// They lie in memory.
    public var isStored: Bool { false }

    /// Nothing is known of keys.
    public func unload(_ key: inout StateDecoder) throws { throw key.malformed("the state has no keys to remove") }

    /// Nothing.
    public func inspect(_ body: (_ key: Any, _ value: Any) throws -> Void) rethrows {}

    /// Everything, saved at once.
    public func capture(_ mode: CaptureMode) throws -> any StateCapture {
        var rows = StateRows()
        try save(into: &rows)
        return SavedCapture(rows)
    }
}

/// A part's rows as they were at one moment, handed out piece by piece between the batches that go on changing it.
///
/// Used on the worker's thread. The part keeps what it needs until the capture has handed out everything or is
/// cancelled.
public protocol StateCapture: AnyObject {
    /// Whether the rows are all that the part held; else they are the changes since the capture before.
    var isComplete: Bool { get }

    /// Adds the next rows, until there are no more or about `byteLimit` bytes were added.
    ///
    /// A part that lies in a store writes its changes there instead.
    ///
    /// - Returns: whether there are more.
    func next(_ byteLimit: Int, into rows: inout StateRows) throws -> Bool

    /// Once ``next(_:into:)`` has returned false: further rows of a complete capture, which lie in a store and may be
    /// read on another thread; nil when there are none.
    var stored: (any StoredRowsView)? { get }

    /// The number of rows that the store will have once the capture is done; nil where the part has no store.
    var storedRowCount: Int? { get }

    /// The bytes of keys and values that the capture has written to the part's store so far.
    var storedBytes: Int { get }

    /// What ``storedRowCount`` comes to by prefixes of the rows' keys, where the part has to know that to begin with.
    ///
    /// See ``TableFamily``.
    var storedRanges: [(prefix: [UInt8], rowCount: Int)] { get }

    /// Gives up: the part forgets the capture, and the next one is complete.
    func cancel()

    /// As ``cancel()``, also for a capture that is done: the store may lack what it was to write later.
    ///
    /// The part counts all that it has in memory as changed. The default is ``cancel()``.
    func forsake()
}

extension StateCapture {
    /// None.
    public var stored: (any StoredRowsView)? { nil }

    /// There is no store.
    public var storedRowCount: Int? { nil }

    /// None.
    public var storedBytes: Int { 0 }

    /// None.
    public var storedRanges: [(prefix: [UInt8], rowCount: Int)] { [] }

    /// Gives up.
    public func forsake() { cancel() }
}

/// How much a capture holds.
public enum CaptureMode: Sendable {
    /// Everything.
    case everything
    /// What has changed since the capture before. A part that lies in a store only sees to it that the store has it all.
    case changes
}

/// A capture of rows that are there already.
final class SavedCapture: StateCapture {
    private var rows: StateRows

    init(_ rows: StateRows) { self.rows = rows }

    var isComplete: Bool { true }

    func next(_ byteLimit: Int, into rows: inout StateRows) -> Bool {
        if rows.isEmpty { rows = self.rows } else { rows.append(self.rows) }
        self.rows = StateRows()
        return false
    }

    func cancel() {}
}

/// How the rows of a ``StatePart`` find their worker when they are loaded.
public enum StateDistribution: UInt8, Sendable, Codable {
    /// By their key's group.
    case keyed
    /// To the worker that had them; evenly when the parallelism has changed. They belong to no key.
    case list
    /// Every worker holds the same rows; one worker's are saved and all workers load them.
    case broadcast
    /// To the worker of the same number; to every worker, one after the other, when the parallelism has changed: the
    /// part makes of them what it can.
    case worker
}

/// A part's rows, as saved.
public struct SavedPart: Sendable, Equatable {
    /// What the part held.
    public let schema: StateSchema
    /// The rows, in no particular order.
    public var rows = StateRows()

    /// How the rows find their worker.
    public var distribution: StateDistribution { schema.distribution }

    /// A part without rows.
    public init(schema: StateSchema) { self.schema = schema }
}
