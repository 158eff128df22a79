/// A named part of a step's state on one worker, as the runtime sees it: entries that can be saved and loaded.
///
/// The state's own handles (``StateTable``, lists, timers) conform or are wrapped; an operator only asks for them.
public protocol StatePart: AnyObject {
    /// How entries find their worker when they are loaded.
    var distribution: StateDistribution { get }

    /// Hands every entry to `body`: its key's stable hash (0 where there is no key) and its bytes.
    ///
    /// - Throws: ``StateError`` with code `noCodec` when a type can't be saved; what `body` throws.
    func save(_ body: (_ hash: UInt64, _ entry: StateEncoder) throws -> Void) throws

    /// Takes in an entry that ``save(_:)`` wrote; the part holds nothing else than what was loaded before.
    ///
    /// - Throws: ``StateError`` with code `malformed` when the bytes are no entry.
    func load(_ entry: inout StateDecoder) throws

    /// Hands every key and its value to `body`, for tests and inspection; nothing where the part has no keys.
    func inspect(_ body: (_ key: Any, _ value: Any) throws -> Void) rethrows
}

extension StatePart {
    /// Nothing.
    public func inspect(_ body: (_ key: Any, _ value: Any) throws -> Void) rethrows {}
}

/// How the entries of a ``StatePart`` find their worker when they are loaded.
public enum StateDistribution: UInt8, Sendable {
    /// By their key's group.
    case keyed
    /// To the worker that had them; evenly when the parallelism has changed. They belong to no key.
    case list
    /// Every worker holds the same entries; one worker's are saved and all workers load them.
    case broadcast
    /// To the worker of the same number; to every worker, one after the other, when the parallelism has changed: the
    /// part makes of them what it can.
    case worker
}

/// A part's entries, as saved.
public struct SavedPart: Sendable, Equatable {
    /// One entry.
    public struct Entry: Sendable, Equatable {
        /// The key's stable hash; the worker's number where there is no key.
        public let hash: UInt64
        /// The entry, as its part wrote it.
        public let bytes: [UInt8]

        /// An entry.
        public init(hash: UInt64, bytes: [UInt8]) {
            self.hash = hash
            self.bytes = bytes
        }
    }

    /// How the entries find their worker.
    public let distribution: StateDistribution
    /// The entries, in no particular order.
    public var entries: [Entry]

    /// A part of the given entries.
    public init(distribution: StateDistribution, entries: [Entry] = []) {
        self.distribution = distribution
        self.entries = entries
    }
}
