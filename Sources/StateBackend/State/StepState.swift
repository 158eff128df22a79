/// The state of one step on one worker: its named parts.
///
/// An operator asks for its parts when it is made; the runtime saves and loads them without the operator's help.
public final class StepState {
    /// The step's name.
    public let step: String
    /// What the steps of a worker share.
    public let environment: StateEnvironment
    private var parts: [(name: String, part: any StatePart)] = []

    /// A state without parts.
    public init(step: String = "", in environment: StateEnvironment = StateEnvironment()) {
        self.step = step
        self.environment = environment
    }

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

    /// A table from keys to values that is part of the state; over a store where the job's backend has one.
    ///
    /// - Parameters:
    ///   - name: its name, unique in the step.
    ///   - kind: what kind of state it is, for ``StateSchema``.
    ///   - codec: how values are saved. By default ``StateCodec/automatic``.
    /// - Throws: ``StateError`` with code `duplicateState` when the name is empty or taken; `noCodec` when the backend
    ///   has a store and keys or values can't be saved; what the store throws.
    @inlinable
    public func table<Key: StreamKey, Value>(
        _ name: String, of type: Value.Type = Value.self, kind: String = "rows", codec: StateCodec<Value>? = nil
    ) throws -> StateTable<Key, Value> {
        try table(name, kind: kind, codec: codec, traits: TableTraits())
    }

    @inlinable
    func table<Key: StreamKey, Value>(
        _ name: String, kind: String, codec: StateCodec<Value>?, traits: TableTraits<Value>
    ) throws -> StateTable<Key, Value> {
        let table = StateTable<Key, Value>()
        let keyCodec = StateCodec<Key>.automatic
        let valueCodec = codec ?? .automatic
        // Formed here, where the types are known: the part itself is called through a protocol.
        let part = TablePart(
            table: table, kind: kind, codec: valueCodec, traits: traits,
            begin: { mode, isExpired in
                table.capture(mode) { key, value, rows in
                    if let isExpired, isExpired(value) { return }
                    try rows.append(hash: key.stableHash) {
                        try keyCodec.encode(key, into: &$0)
                    } value: {
                        try valueCodec.encode(value, into: &$0)
                    }
                }
            },
            put: { row, codec, now in
                let key = try keyCodec.decode(&row)
                var isLiving = true
                if let now { isLiving = try row.readFixed(Int64.self) > now }
                let value = try codec.decode(&row)
                if isLiving {
                    table.upsert(key, hash: key.stableHash, value).pointee = value
                } else {
                    table.remove(key, hash: key.stableHash)
                }
            })
        try add(name, part)
        table.count(
            on: TableBudget(
                step: step, state: name, keyCodec: keyCodec, valueCodec: valueCodec, in: environment))
        if let store = environment.store {
            let id = StateEnvironment.id(step: step, part: name)
            let rows = try store.rows(of: id, expiry: traits.expiryTime)
            table.attach(
                TableStore(
                    rows: rows, keyCodec: keyCodec, valueCodec: valueCodec, environment: environment),
                rowCount: environment.rowCounts[id] ?? 0)
        }
        return table
    }

    /// The parts' names, in the order in which they were asked for.
    public var names: [String] { parts.map(\.name) }

    /// What the parts hold, by name.
    public var schemas: [String: StateSchema] {
        Dictionary(parts.map { ($0.name, $0.part.schema) }, uniquingKeysWith: { first, _ in first })
    }

    /// The part of the given name, or nil.
    public subscript(_ name: String) -> (any StatePart)? { parts.first { $0.name == name }?.part }

    /// Begins a capture of each part.
    ///
    /// A broadcast part is captured by the first worker only.
    ///
    /// - Parameter mode: how much of the part of a name.
    public func capture(
        _ mode: (String) -> CaptureMode
    ) throws -> [(name: String, part: any StatePart, capture: any StateCapture)] {
        var captures: [(name: String, part: any StatePart, capture: any StateCapture)] = []
        do {
            for (name, part) in parts where part.distribution != .broadcast || environment.worker == 0 {
                captures.append((name, part, try part.capture(mode(name))))
            }
        } catch {
            for begun in captures { begun.capture.cancel() }
            throw error
        }
        return captures
    }

    /// Adds this worker's rows to `saved`, by part.
    public func save(into saved: inout [String: SavedPart]) throws {
        for (name, part) in parts {
            var whole = saved[name] ?? SavedPart(schema: part.schema)
            saved[name] = nil
            defer { saved[name] = whole }
            if part.distribution == .broadcast && environment.worker > 0 { continue }
            let first = whole.rows.count
            try part.save(into: &whole.rows)
            if part.distribution == .worker || part.distribution == .list {
                whole.rows.assign(hash: UInt64(environment.worker), from: first)
            }
        }
    }

    /// Says what the rows of a part hold that are about to be loaded.
    ///
    /// So values that an older program wrote are migrated as the part's codec says. To be called before rows are loaded
    /// from a snapshot; nothing happens where the step has no such part.
    public func prepareToLoad(_ name: String, _ written: StateSchema) { self[name]?.prepareToLoad(written) }

    /// Says that about so many rows of a part are to be loaded on this worker.
    ///
    /// Without it tables grow as rows come, more often than they need to: rows come in the order of another table's slots,
    /// which fills the first slots of a smaller one far more than the others.
    public func reserve(_ name: String, rowCount: Int) { self[name]?.reserve(rowCount) }

    /// Loads this worker's share of rows that were saved.
    ///
    /// - Parameters:
    ///   - rows: rows of one part, or some of them. Loaded one after the other, so a later row of a key replaces it.
    ///   - name: the part's name.
    ///   - distribution: how the rows find their worker.
    ///   - firstIndex: the number of rows of the part that came before.
    ///   - now: the workers that there are, and this one's number.
    ///   - previousParallelism: the number of workers when they were saved.
    /// - Throws: ``StateError`` with code `unknownState` when the step has no such part; `malformed` when the bytes are
    ///   no rows of it.
    public func load(
        _ rows: StateRows, of name: String, distribution: StateDistribution, firstIndex: Int = 0,
        previousParallelism: Int
    ) throws {
        guard let part = self[name] else {
            // What belongs to a worker is there only at some parallelisms (one worker merges no others' inputs).
            if rows.isEmpty || distribution == .worker { return }
            throw StateError(
                code: .unknownState,
                message: "the saved state '\(name)' is not one of the step's, which are \(names); "
                    + "give the state its old name")
        }
        let worker = UInt64(environment.worker)
        let parallelism = environment.parallelism
        let isSame = parallelism == previousParallelism
        for (index, row) in rows.rows.enumerated() {
            switch distribution {
            case .keyed:
                let group = environment.keyGroups.group(ofHash: row.hash)
                guard environment.keyGroups.worker(ofGroup: group, parallelism: parallelism) == environment.worker
                else {
                    continue
                }
            case .list:
                // As it was, where that is possible, so that what is ordered stays so.
                guard isSame ? row.hash == worker : (firstIndex + index) % parallelism == environment.worker else {
                    continue
                }
            case .broadcast: break
            case .worker: if isSame && row.hash != worker && !part.isReadByAll { continue }
            }
            var decoder = rows.decoder(of: row)
            if row.isRemoval { try part.unload(&decoder) } else { try part.load(&decoder) }
            guard decoder.isAtEnd else { throw decoder.malformed("a row of '\(name)' is longer than its type") }
        }
    }

    /// Loads this worker's share of what was saved; the state must be fresh.
    public func load(_ saved: [String: SavedPart], previousParallelism: Int) throws {
        for (name, whole) in saved {
            prepareToLoad(name, whole.schema)
            try load(
                whole.rows, of: name, distribution: whole.distribution, previousParallelism: previousParallelism)
        }
    }
}
