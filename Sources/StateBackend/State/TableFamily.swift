/// Tables that share the rows of one part of a step's state: each has those whose keys begin with a prefix of its own.
///
/// Windows keep a table each in this way. All tables of a family count on the worker's allowance. When there is no
/// memory left, a table takes it from those that were made before it: windows end in the order of their beginnings, so
/// records come for the newest.
public final class TableFamily<Key: StreamKey, Value> {
    /// Whether there is a store below the tables.
    public let isStored: Bool
    /// The rows that the store has to begin with, by prefix.
    public let storedRanges: [(prefix: [UInt8], rowCount: Int)]

    private let step: String
    private let part: String
    private let environment: StateEnvironment
    private let rows: (any StoredRows)?
    private let keyCodec = StateCodec<Key>.automatic
    private let valueCodec: StateCodec<Value>
    /// The tables in use, in the order in which they were made.
    private var tables: [StateTable<Key, Value>] = []
    /// Empty tables to be used again.
    private var spare: [StateTable<Key, Value>] = []
    /// Tables out of use whose rows are still to be removed from the store.
    private var dropped: [StateTable<Key, Value>] = []
    /// What has rows that couldn't be removed from the store.
    private var stale: [TableStore<Key, Value>] = []
    /// The number of them at which that is tried again without a barrier.
    private var staleLimit = 0

    init(step: String, part: String, codec: StateCodec<Value>, in environment: StateEnvironment) throws {
        self.step = step
        self.part = part
        self.environment = environment
        valueCodec = codec
        isStored = environment.store != nil
        rows = try environment.store?.rows(of: StateEnvironment.id(step: step, part: part))
        storedRanges = isStored ? environment.ranges(step: step, part: part) : []
    }

    /// A table of the rows whose keys begin with `prefix`; no other table's prefix may begin with it.
    ///
    /// Where the store still has rows of a dropped table of the same prefix, because it failed to remove them, they are
    /// removed now; if that fails, too, the step does.
    ///
    /// - Parameters:
    ///   - prefix: what the bytes of a row's key have in front.
    ///   - rowCount: the number of rows that the store has.
    public func makeTable(prefix: [UInt8], rowCount: Int = 0) -> StateTable<Key, Value> {
        removeDroppedRows()
        removeStaleRows(prefix)
        let table = spare.popLast() ?? newTable()
        if let rows {
            let range = StoredRange(prefix: prefix, groups: environment.groups)
            let store = TableStore(
                rows: rows, keyCodec: keyCodec, valueCodec: valueCodec, environment: environment, range: range)
            store.mayHaveRows = rowCount > 0
            table.attach(store, rowCount: rowCount)
        }
        tables.append(table)
        return table
    }

    private func newTable() -> StateTable<Key, Value> {
        let table = StateTable<Key, Value>()
        let budget = TableBudget(step: step, state: part, keyCodec: keyCodec, valueCodec: valueCodec, in: environment)
        budget.siblings = self
        table.count(on: budget)
        return table
    }

    /// Takes a table out of use, with its rows.
    ///
    /// What the store has of them goes at once, or when a capture that is going on is done. Until then no table of the
    /// same prefix may be made. A store that fails then is asked again before the next capture.
    @inlinable
    public func drop(_ table: StateTable<Key, Value>) {
        if isStored { table.forget() } else { table.removeAll() }
        putAside(table)
    }

    @usableFromInline
    func putAside(_ table: StateTable<Key, Value>) {
        if let index = tables.firstIndex(where: { $0 === table }) { tables.remove(at: index) }
        guard isStored else { return keep(table) }
        dropped.append(table)
        removeDroppedRows()
    }

    /// Keeps an empty table's memory for another one.
    ///
    /// Not where values that take memory of their own are counted: a large table would have room for more of them than
    /// there is memory for, and is asked only once it is full.
    private func keep(_ table: StateTable<Key, Value>) {
        let isPlain = _isPOD(Key.self) && _isPOD(Value.self)
        guard spare.count < 2, isPlain || environment.allowance.total == .max, environment.allowance.left >= 0
        else { return }
        spare.append(table)
    }

    /// Removes the rows of dropped tables from the store, as far as that is possible now.
    ///
    /// No result comes of those rows, so that a store that fails is no reason for the step to fail.
    public func removeDroppedRows() {
        guard !dropped.isEmpty, !environment.gate.isHeld else { return }
        var waiting: [StateTable<Key, Value>] = []
        for table in dropped {
            if table.capturing != nil { waiting.append(table) } else { release(table) }
        }
        dropped = waiting
        // Not at each drop while the store fails; but where no barrier comes they mustn't become ever more.
        if stale.count >= staleLimit { try? removeStaleRows() }
    }

    /// Removes the rows of all dropped tables from the store, before a capture begins.
    ///
    /// What was dropped before it must not be in it, so this is a part of what the barrier comes after.
    ///
    /// - Throws: what the store throws; what is left is removed by the next call.
    public func removeDroppedRowsBeforeCapture() throws {
        for table in dropped { release(table) }
        dropped = []
        try removeStaleRows()
    }

    private func release(_ table: StateTable<Key, Value>) {
        if let store = table.store, store.mayHaveRows { stale.append(store) }
        if table.capturing == nil { keep(table) }
    }

    private func removeStaleRows() throws {
        do {
            while let store = stale.last {
                try store.removeRows()
                stale.removeLast()
            }
            staleLimit = 0
        } catch {
            staleLimit = max(64, 2 * stale.count)
            throw error
        }
    }

    private func removeStaleRows(_ prefix: [UInt8]) {
        guard let index = stale.firstIndex(where: { $0.range.prefix == prefix }) else { return }
        do {
            try stale[index].removeRows()
            stale.remove(at: index)
        } catch { environment.failure.note(error) }
    }

    /// The rows of all tables as the store has them now.
    public func view() throws -> (any StoredRowsView)? { try rows?.view() }
}

extension TableFamily: TableSiblings {
    /// What all tables may have together, whatever is left, is what one table may have that stands alone.
    var smallestTable: Int { max(16, environment.allowance.smallestTable / max(tables.count, 1)) }

    func relieve(_ table: AnyObject, of bytes: Int) {
        spare = []
        guard isStored else { return }
        let floor = smallestTable
        for older in tables {
            if older === table || environment.allowance.left >= bytes { return }
            if older.mask + 1 > floor { older.spill() }
        }
    }
}

/// Tables that can make room for one of them.
protocol TableSiblings: AnyObject {
    /// The slots that each table may have whatever is left.
    var smallestTable: Int { get }

    /// Gives memory back until `bytes` are left, if that can be.
    func relieve(_ table: AnyObject, of bytes: Int)
}

extension StepState {
    /// Tables that share the rows of the part of the given name, which the caller adds.
    ///
    /// - Throws: what the store throws.
    public func family<Key: StreamKey, Value>(
        _ name: String, codec: StateCodec<Value>
    ) throws -> TableFamily<Key, Value> {
        try TableFamily(step: step, part: name, codec: codec, in: environment)
    }
}

extension StateEnvironment {
    /// The name of some of a state's rows, beside ``id(step:part:)``: those whose keys begin with a prefix.
    public static func id(step: String, part: String, prefix: [UInt8]) -> String {
        var name = id(step: step, part: part) + "#"
        for byte in prefix { name += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return name
    }

    /// The ranges of a state that the store has to begin with.
    func ranges(step: String, part: String) -> [(prefix: [UInt8], rowCount: Int)] {
        let start = Self.id(step: step, part: part, prefix: [])
        return rowCounts.compactMap { name, count in
            guard name.hasPrefix(start) else { return nil }
            let digits = name.dropFirst(start.count).compactMap(\.hexDigitValue)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
            return count > 0 ? (bytes, count) : nil
        }
    }
}
