/// The store below a table: where the table fetches what it doesn't hold and writes what it lets go of.
///
/// Errors of the store are noted in `failure`, which the runtime looks at after each batch: the operators' calls can't
/// throw. No result of a table whose store has failed gets into a snapshot.
public final class TableStore<Key: StreamKey, Value> {
    @usableFromInline let rows: any StoredRows
    @usableFromInline let keyCodec: StateCodec<Key>
    @usableFromInline let valueCodec: StateCodec<Value>
    @usableFromInline let gate: StoreGate
    @usableFromInline let failure: StateFailure
    /// The keys of the last `prepare` that the store doesn't have.
    @usableFromInline var absent = StateTable<Key, Void>()
    /// The keys that were announced since values were last looked at.
    @usableFromInline var announced = 0
    /// The slot at which the next search for entries to evict begins.
    @usableFromInline var hand = 0
    @usableFromInline var keyRows = StateRows()
    let keyGroups: KeyGroups
    /// Whether anything was written, or was there to begin with.
    var mayHaveRows = false
    /// Memory for the values that were read last, and where each ends.
    @usableFromInline var valueBytes: [UInt8] = []
    @usableFromInline var valueEnds: [(index: Int, end: Int)] = []
    /// Memory for the keys that the last `prepare` didn't find in the table.
    @usableFromInline var missing: [Key] = []
    @usableFromInline var missingHashes: [UInt64] = []

    /// Which of the rows are the table's.
    @usableFromInline let range: StoredRange

    /// The hash by which rows find their key group, where it isn't the key's.
    @usableFromInline let groupHash: ((Key) -> UInt64)?

    /// The store below a table that has some or all of `rows`.
    @usableFromInline
    init(
        rows: any StoredRows, keyCodec: StateCodec<Key>, valueCodec: StateCodec<Value>,
        environment: StateEnvironment, range: StoredRange = StoredRange(), groupHash: ((Key) -> UInt64)? = nil
    ) {
        self.rows = rows
        self.groupHash = groupHash
        self.range = range
        self.keyCodec = keyCodec
        self.valueCodec = valueCodec
        keyGroups = environment.keyGroups
        gate = environment.gate
        failure = environment.failure
    }

    /// Writes a row's key.
    @inlinable
    func encodeKey(_ key: Key, _ encoder: inout StateEncoder) throws {
        if !range.prefix.isEmpty { encoder.bytes.append(contentsOf: range.prefix) }
        try keyCodec.encode(key, into: &encoder)
    }

    /// The hash by which a row finds its key group.
    @inlinable
    func rowHash(_ key: Key) -> UInt64 { range.hash ?? groupHash?(key) ?? key.stableHash }

    /// Reads a row's key.
    @usableFromInline
    func decodeKey(_ bytes: UnsafeRawBufferPointer) throws -> Key {
        var decoder = StateDecoder([UInt8](bytes[range.prefix.count...]))
        return try keyCodec.decode(&decoder)
    }

    /// As ``write(_:)``, but the store may take its time.
    func writeLater(_ changes: StateRows) throws {
        mayHaveRows = true
        try rows.writeLater(changes)
    }

    @usableFromInline
    func write(_ changes: StateRows) throws {
        guard !changes.isEmpty else { return }
        mayHaveRows = true
        try rows.write(changes)
    }

    /// Waits until what is to be written later is written.
    ///
    /// To be called before rows are read, and before entries go that the store should have: where something couldn't be
    /// written, the snapshot fails that has it written, and the tables count it as changed again.
    @inlinable @inline(__always)
    func settle() { if gate.isHeld { gate.settle() } }

    /// As ``StoredRows/scan(groups:prefix:from:_:)``.
    func scan(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        settle()
        try rows.scan(groups: groups, prefix: prefix, from: start, body)
    }

    /// Removes all of the table's rows; those that are left when it fails can be removed later.
    func removeRows() throws {
        guard mayHaveRows else { return }
        var next: (group: Int, start: [UInt8])? = (range.groups.lowerBound, [])
        while let place = next {
            next = nil
            var found = StateRows()
            try scan(groups: place.group..<range.groups.upperBound, prefix: range.prefix, from: place.start) {
                group, key, _ in
                if found.count == 4_096 {
                    next = (group, [UInt8](key))
                    return false
                }
                found.appendRemoval(hash: keyGroups.hash(inGroup: group)) { $0.bytes.append(contentsOf: key) }
                return true
            }
            if !found.isEmpty { try rows.write(found) }
        }
        mayHaveRows = false
    }

    /// Reads the values of keys and hands them to `body` with the key's index; nil values aren't handed.
    @inlinable
    func read(_ keys: [Key], _ hashes: [UInt64], _ body: (Int, Value) throws -> Void) throws {
        settle()
        keyRows.removeAll()
        for i in keys.indices {
            try keyRows.append(hash: range.hash ?? groupHash?(keys[i]) ?? hashes[i]) {
                try encodeKey(keys[i], &$0)
            } value: { _ in
            }
        }
        // Decoded from one array of them all: an array for each would cost more than the decoding.
        var bytes: [UInt8] = []
        var ends: [(index: Int, end: Int)] = []
        swap(&bytes, &valueBytes)
        swap(&ends, &valueEnds)
        defer {
            swap(&bytes, &valueBytes)
            swap(&ends, &valueEnds)
        }
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        try rows.read(keyRows) { index, value in
            bytes.append(contentsOf: value)
            ends.append((index, bytes.count))
        }
        var start = 0
        for (index, end) in ends {
            var decoder = StateDecoder(bytes, in: start..<end)
            try body(index, try valueCodec.decode(&decoder))
            start = end
        }
    }
}

/// Which of a state's rows belong to one table, where several tables share them: one per window, or one per key.
@usableFromInline
struct StoredRange {
    /// What their keys begin with.
    @usableFromInline var prefix: [UInt8] = []
    /// The hash that says their key group; nil where each key's own does.
    @usableFromInline var hash: UInt64?
    /// The key groups in which they lie.
    @usableFromInline var groups = 0..<KeyGroups.maximumCount

    @usableFromInline
    init(prefix: [UInt8] = [], hash: UInt64? = nil, groups: Range<Int> = 0..<KeyGroups.maximumCount) {
        self.prefix = prefix
        self.hash = hash
        self.groups = groups
    }
}

/// Memory that the tables of one worker may take together.
public final class TableAllowance {
    /// Bytes in all.
    public let total: Int
    /// Bytes that tables have.
    public private(set) var used = 0
    /// The slots that each table may have whatever is left.
    ///
    /// The default is 1,024.
    public let smallestTable: Int

    /// An allowance.
    public init(total: Int = .max, smallestTable: Int = 1_024) {
        self.total = total
        self.smallestTable = smallestTable
    }

    /// Bytes that no table has; negative when tables have more than there should be.
    var left: Int { total - used }

    func force(_ bytes: Int) { used += bytes }

    func give(_ bytes: Int) { used -= bytes }
}

/// Whether tables may write changes to their stores.
///
/// They may not between a barrier and the store's checkpoint: what they would write came after the barrier. The gate
/// belongs to one worker.
public final class StoreGate {
    /// Whether changes must wait.
    public private(set) var isHeld = false
    private var finish: (() throws -> Void)?
    private var settleWrites: (() -> Void)?

    /// An open gate.
    public init() {}

    /// Holds changes back.
    ///
    /// - Parameters:
    ///   - settle: called before a table reads from the store, or lets go of what the store should have: waits until
    ///     everything is written there, and has the tables keep what can't be.
    ///   - finish: called when a table can't wait: brings about the checkpoint and calls ``release()``, if that is possible
    ///     yet.
    public func hold(settle: @escaping () -> Void = {}, _ finish: @escaping () throws -> Void) {
        isHeld = true
        self.finish = finish
        settleWrites = settle
    }

    /// Has everything written to the store that is to be written there later.
    @usableFromInline
    func settle() { settleWrites?() }

    /// Lets changes through again.
    public func release() {
        isHeld = false
        finish = nil
        settleWrites = nil
    }

    /// Asks for the gate to be opened.
    @usableFromInline
    func open() throws { if isHeld { try finish?() } }
}

/// The first error of a step's state that the operator couldn't be told.
public final class StateFailure {
    /// The error.
    public private(set) var error: (any Error)?

    /// No error.
    public init() {}

    /// Notes an error; later ones are not looked at.
    public func note(_ error: any Error) { self.error = self.error ?? error }

    /// Throws the error, if there is one.
    @inlinable
    public func check() throws { if let error { throw error } }
}
