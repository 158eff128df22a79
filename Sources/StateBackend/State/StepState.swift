/// The state of one step on one worker: its named parts.
///
/// An operator asks for its parts when it is made; the runtime saves and loads them without the operator's help.
public final class StepState {
    private var parts: [(name: String, part: any StatePart)] = []

    /// A state without parts.
    public init() {}

    /// Adds a part.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step and the same in every version of the program.
    ///   - part: the part.
    /// - Throws: ``StateError`` with code `duplicateState` when the name is empty or taken.
    public func add(_ name: String, _ part: any StatePart) throws(StateError) {
        guard !name.isEmpty, !parts.contains(where: { $0.name == name }) else {
            throw StateError(
                code: .duplicateState,
                message: "a step's states need distinct, non-empty names, but '\(name)' was asked for again; rename one"
            )
        }
        parts.append((name, part))
    }

    /// A table from keys to values that is part of the state.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    /// - Throws: ``StateError`` with code `duplicateState` when the name is empty or taken.
    public func table<Key: StreamKey, Value>(
        _ name: String, of type: Value.Type = Value.self, codec: StateCodec<Value>? = nil
    ) throws(StateError) -> StateTable<Key, Value> {
        let table = StateTable<Key, Value>()
        try add(name, TablePart(table: table, codec: codec ?? .automatic))
        return table
    }

    /// The parts' names, in the order in which they were asked for.
    public var names: [String] { parts.map(\.name) }

    /// The part of the given name, or nil.
    public subscript(_ name: String) -> (any StatePart)? { parts.first { $0.name == name }?.part }

    /// Adds this worker's entries to `saved`, by part.
    ///
    /// - Parameter worker: the worker's number; only the first one's entries of a broadcast part are taken.
    public func save(worker: Int, into saved: inout [String: SavedPart]) throws {
        for (name, part) in parts {
            let distribution = part.distribution
            var whole = saved[name] ?? SavedPart(distribution: distribution)
            saved[name] = whole
            if distribution == .broadcast && worker > 0 { continue }
            try part.save { hash, entry in
                let hash = distribution == .worker || distribution == .list ? UInt64(worker) : hash
                whole.entries.append(SavedPart.Entry(hash: hash, bytes: entry.bytes))
            }
            saved[name] = whole
        }
    }

    /// Loads this worker's share of what was saved; the state must be fresh.
    ///
    /// - Parameters:
    ///   - saved: the parts' entries. Parts that the step no longer has are an error.
    ///   - worker: the worker's number.
    ///   - parallelism: the number of workers now.
    ///   - previousParallelism: the number of workers when it was saved.
    ///   - keyGroups: the job's key groups.
    public func load(
        _ saved: [String: SavedPart], worker: Int, parallelism: Int, previousParallelism: Int, keyGroups: KeyGroups
    ) throws {
        for (name, whole) in saved {
            guard let part = self[name] else {
                // What belongs to a worker is there only at some parallelisms (one worker merges no others' inputs).
                if whole.entries.isEmpty || whole.distribution == .worker { continue }
                throw StateError(
                    code: .unknownState,
                    message: "the saved state '\(name)' is not one of the step's, which are \(names); "
                        + "give the state its old name")
            }
            for (index, entry) in whole.entries.enumerated() {
                switch whole.distribution {
                case .keyed:
                    let group = keyGroups.group(ofHash: entry.hash)
                    guard keyGroups.worker(ofGroup: group, parallelism: parallelism) == worker else { continue }
                case .list:
                    // As it was, where that is possible, so that what is ordered stays so.
                    let isSame = parallelism == previousParallelism
                    guard isSame ? entry.hash == worker : index % parallelism == worker else { continue }
                case .broadcast: break
                case .worker: if parallelism == previousParallelism && entry.hash != worker { continue }
                }
                var decoder = StateDecoder(entry.bytes)
                try part.load(&decoder)
                guard decoder.isAtEnd else { throw decoder.malformed("an entry of '\(name)' is longer than its type") }
            }
        }
    }
}

/// A table as a part of a step's state: an entry is a key and its value.
final class TablePart<Key: StreamKey, Value>: StatePart {
    private let table: StateTable<Key, Value>
    private let keyCodec = StateCodec<Key>.automatic
    private let valueCodec: StateCodec<Value>

    init(table: StateTable<Key, Value>, codec: StateCodec<Value>) {
        self.table = table
        valueCodec = codec
    }

    var distribution: StateDistribution { .keyed }

    func save(_ body: (UInt64, StateEncoder) throws -> Void) throws {
        try table.forEach { key, value in
            var encoder = StateEncoder()
            try keyCodec.encode(key, into: &encoder)
            try valueCodec.encode(value, into: &encoder)
            try body(key.stableHash, encoder)
        }
    }

    func load(_ entry: inout StateDecoder) throws {
        let key = try keyCodec.decode(&entry)
        let value = try valueCodec.decode(&entry)
        table.upsert(key, hash: key.stableHash, value).pointee = value
    }

    func inspect(_ body: (Any, Any) throws -> Void) rethrows { try table.forEach { try body($0, $1) } }
}

/// A single value that belongs to a worker, such as what it knows of its inputs' watermarks.
public final class WorkerValuePart: StatePart {
    private let write: (inout StateEncoder) throws -> Void
    private let read: (inout StateDecoder) throws -> Void
    /// How the value finds its worker.
    public let distribution: StateDistribution

    /// A part that is written and read by the given functions.
    public init(
        distribution: StateDistribution = .worker, write: @escaping (inout StateEncoder) throws -> Void,
        read: @escaping (inout StateDecoder) throws -> Void
    ) {
        self.distribution = distribution
        self.write = write
        self.read = read
    }

    /// The value's bytes.
    public func save(_ body: (UInt64, StateEncoder) throws -> Void) throws {
        var encoder = StateEncoder()
        try write(&encoder)
        try body(0, encoder)
    }

    /// Reads the value.
    public func load(_ entry: inout StateDecoder) throws { try read(&entry) }
}
