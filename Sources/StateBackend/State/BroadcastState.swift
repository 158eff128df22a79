/// A map that every worker holds a copy of: written by the broadcast side of a step, read by the other side.
///
/// For rules and dimension tables: small data that each record may need, whatever its key. Every worker receives the
/// same changes, applies them in the order in which they arrive, and so comes to the same entries; a snapshot holds
/// one worker's, and after a restore all workers have them, whatever their number. For that the changes must depend on
/// nothing but the broadcast records and the map itself, and must reach all workers in one order (send them through
/// one worker first: `DataStream.global()`, then `DataStream.broadcast()`).
///
/// The side that doesn't receive the broadcast gets a ``view``, which can't write: a change made for a record of one
/// worker would be missing on the others.
/// ```swift
/// let rules = try context.state.broadcast("rules", keys: String.self, values: Rule.self)
/// rules["discount"] = rule            // broadcast side
/// let rule = rules.view["discount"]   // other side
/// ```
/// Entries have no time to live: workers don't look at their clocks at the same moment, so their copies would differ.
/// Where something is to end, let the records say so. A handle belongs to one worker.
public final class BroadcastState<Key: StreamKey, Value: Sendable> {
    @usableFromInline let table: StateTable<Key, Value>
    private let keys = StateCodec<Key>.automatic
    private let values: StateCodec<Value>
    private var loadCodec: StateCodec<Value>

    /// A map without entries.
    ///
    /// - Parameter codec: how values are saved. By default ``StateCodec/automatic``.
    public init(codec: StateCodec<Value>? = nil) {
        table = StateTable()
        values = codec ?? .automatic
        loadCodec = values
    }

    /// The value of `key`; nil when there is none, and set to nil to remove it.
    @inlinable
    public subscript(_ key: Key) -> Value? {
        get { table.peek(key, hash: key.stableHash)?.pointee }
        set {
            let hash = key.stableHash
            guard let newValue else {
                table.remove(key, hash: hash)
                return
            }
            table.upsert(key, hash: hash, newValue).pointee = newValue
        }
    }

    /// The number of entries.
    @inlinable public var count: Int { table.count }

    /// Whether there are no entries.
    @inlinable public var isEmpty: Bool { table.count == 0 }

    /// Calls `body` with each entry, in no particular order; it must not change the map meanwhile.
    @inlinable
    public func forEach(_ body: (Key, Value) throws -> Void) rethrows {
        try table.forEachUnchanged { key, value in try body(key, value) }
    }

    /// Removes all entries.
    public func removeAll() { table.removeAll() }

    /// The map for the side that may only read it; shows later changes too.
    @inlinable public var view: BroadcastView<Key, Value> { BroadcastView(table: table) }
}

extension BroadcastState: StatePart {
    /// The same on every worker.
    public var distribution: StateDistribution { .broadcast }

    /// Keys and values.
    public var schema: StateSchema {
        StateSchema(kind: "broadcast", key: keys.schema, value: values.schema, distribution: distribution)
    }

    /// Adds every key with its value.
    public func save(into rows: inout StateRows) throws {
        try table.forEachUnchanged { key, value in
            try rows.append(hash: key.stableHash) {
                try keys.encode(key, into: &$0)
            } value: {
                try values.encode(value, into: &$0)
            }
        }
    }

    /// Fixes the map as it is now, to be saved piece by piece; of changes only, where that is wanted.
    public func capture(_ mode: CaptureMode) throws -> any StateCapture {
        table.capture(mode) { [keys, values] key, value, rows in
            try rows.append(hash: key.stableHash) {
                try keys.encode(key, into: &$0)
            } value: {
                try values.encode(value, into: &$0)
            }
        }
    }

    /// Takes in that a key was removed.
    public func unload(_ key: inout StateDecoder) throws {
        let key = try keys.decode(&key)
        table.remove(key, hash: key.stableHash)
    }

    /// Reads values as an older program wrote them.
    public func prepareToLoad(_ written: StateSchema) {
        loadCodec = written.value.map { values.reading($0) } ?? values
    }

    /// Takes in a key and its value.
    public func load(_ entry: inout StateDecoder) throws {
        let key = try keys.decode(&entry)
        self[key] = try loadCodec.decode(&entry)
    }

    /// Hands every key and its value to `body`.
    public func inspect(_ body: (Any, Any) throws -> Void) rethrows { try table.forEachUnchanged { try body($0, $1) } }
}

/// A ``BroadcastState`` that can only be read.
@frozen
public struct BroadcastView<Key: StreamKey, Value: Sendable> {
    @usableFromInline let table: StateTable<Key, Value>

    @inlinable
    init(table: StateTable<Key, Value>) { self.table = table }

    /// The value of `key`; nil when there is none.
    @inlinable
    public subscript(_ key: Key) -> Value? { table.peek(key, hash: key.stableHash)?.pointee }

    /// The number of entries.
    @inlinable public var count: Int { table.count }

    /// Whether there are no entries.
    @inlinable public var isEmpty: Bool { table.count == 0 }

    /// Calls `body` with each entry, in no particular order.
    @inlinable
    public func forEach(_ body: (Key, Value) throws -> Void) rethrows {
        try table.forEachUnchanged { key, value in try body(key, value) }
    }
}

extension StepState {
    /// A map that every worker holds a copy of and that is part of the state.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    /// - Throws: ``StateError`` with code `duplicateState` when the name is empty or taken.
    public func broadcast<Key: StreamKey, Value: Sendable>(
        _ name: String, keys: Key.Type = Key.self, values: Value.Type = Value.self, codec: StateCodec<Value>? = nil
    ) throws(StateError) -> BroadcastState<Key, Value> {
        let state = BroadcastState<Key, Value>(codec: codec)
        try add(name, state)
        return state
    }
}
