/// Rows of state on their way to a snapshot, to a store, or back: each a key and a value as bytes.
///
/// The bytes of all rows lie one after the other, a row's key before its value, so that rows cost no allocation each.
/// This is also the canonical form of state: what one backend wrote in it, every other reads.
@frozen
public struct StateRows: Sendable, Equatable {
    /// Where a row's bytes lie.
    @frozen
    public struct Row: Sendable, Equatable {
        /// The key's stable hash, from which its key group follows; the worker's number where there is no key.
        public let hash: UInt64
        /// Where the row's bytes begin.
        public let start: Int
        /// The number of bytes of the key; 0 where the row has no key and stands for itself.
        public let keyLength: Int
        /// The number of bytes of key and value.
        public let length: Int
        /// Whether the row says that the key was removed; it has no value then.
        public let isRemoval: Bool

        @inlinable
        init(hash: UInt64, start: Int, keyLength: Int, length: Int, isRemoval: Bool) {
            self.hash = hash
            self.start = start
            self.keyLength = keyLength
            self.length = length
            self.isRemoval = isRemoval
        }
    }

    /// The bytes of all rows.
    @inlinable public var bytes: [UInt8] { encoder.bytes }
    @usableFromInline var list: [Row] = []
    /// The rows, in the order in which they were added.
    @inlinable public var rows: [Row] { list }
    @usableFromInline var encoder = StateEncoder()

    /// No rows.
    public init() {}

    /// The number of rows.
    public var count: Int { rows.count }

    /// Whether there are no rows.
    public var isEmpty: Bool { rows.isEmpty }

    /// The number of bytes of all keys and values.
    public var byteCount: Int { encoder.bytes.count }

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - hash: the key's stable hash.
    ///   - key: writes the key; nothing where the row has none.
    ///   - value: writes the value.
    /// - Throws: what the closures throw; nothing is added then.
    @inlinable
    public mutating func append(
        hash: UInt64, key: (inout StateEncoder) throws -> Void, value: (inout StateEncoder) throws -> Void
    ) rethrows {
        let start = encoder.bytes.count
        do {
            try key(&encoder)
            let keyLength = encoder.bytes.count - start
            try value(&encoder)
            let length = encoder.bytes.count - start
            list.append(Row(hash: hash, start: start, keyLength: keyLength, length: length, isRemoval: false))
        } catch {
            encoder.bytes.removeSubrange(start...)
            throw error
        }
    }

    /// Adds a row that says that a key was removed.
    @inlinable
    public mutating func appendRemoval(hash: UInt64, key: (inout StateEncoder) throws -> Void) rethrows {
        let start = encoder.bytes.count
        do { try key(&encoder) } catch {
            encoder.bytes.removeSubrange(start...)
            throw error
        }
        let length = encoder.bytes.count - start
        list.append(Row(hash: hash, start: start, keyLength: length, length: length, isRemoval: true))
    }

    /// Adds a row of bytes.
    public mutating func append(
        hash: UInt64, key: some Collection<UInt8>, value: some Collection<UInt8>, isRemoval: Bool = false
    ) {
        let start = encoder.bytes.count
        encoder.bytes.append(contentsOf: key)
        let keyLength = encoder.bytes.count - start
        encoder.bytes.append(contentsOf: value)
        let length = encoder.bytes.count - start
        list.append(Row(hash: hash, start: start, keyLength: keyLength, length: length, isRemoval: isRemoval))
    }

    /// Adds all rows of `other`.
    public mutating func append(_ other: StateRows) {
        let shift = encoder.bytes.count
        encoder.bytes.append(contentsOf: other.encoder.bytes)
        list.reserveCapacity(rows.count + other.rows.count)
        for row in other.rows {
            list.append(
                Row(
                    hash: row.hash, start: row.start + shift, keyLength: row.keyLength, length: row.length,
                    isRemoval: row.isRemoval))
        }
    }

    /// The bytes of a row's key.
    public func key(of row: Row) -> ArraySlice<UInt8> { encoder.bytes[row.start..<(row.start + row.keyLength)] }

    /// The bytes of a row's value.
    public func value(of row: Row) -> ArraySlice<UInt8> {
        encoder.bytes[(row.start + row.keyLength)..<(row.start + row.length)]
    }

    /// A decoder of a row: its key, then its value.
    public func decoder(of row: Row) -> StateDecoder {
        StateDecoder(encoder.bytes, in: row.start..<(row.start + row.length))
    }

    /// Removes all rows; the memory stays.
    public mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        encoder.bytes.removeAll(keepingCapacity: true)
    }

    /// Takes memory for rows that are to come.
    mutating func reserveCapacity(bytes: Int, rows: Int) {
        encoder.bytes.reserveCapacity(bytes)
        list.reserveCapacity(rows)
    }

    /// Takes all rows out.
    public mutating func take() -> StateRows {
        defer { self = StateRows() }
        return self
    }

    /// Rows that lie in `bytes` one after the other.
    init(bytes: [UInt8], rows: [Row]) {
        encoder.bytes = bytes
        list = rows
    }

    /// Adds a row of `other`, with another hash where one is given.
    mutating func append(_ row: Row, of other: StateRows, hash: UInt64?) {
        let start = encoder.bytes.count
        encoder.bytes.append(contentsOf: other.encoder.bytes[row.start..<(row.start + row.length)])
        list.append(
            Row(
                hash: hash ?? row.hash, start: start, keyLength: row.keyLength, length: row.length,
                isRemoval: row.isRemoval))
    }

    /// Changes the hash of every row, for parts whose rows belong to a worker.
    mutating func assign(hash: UInt64, from first: Int) {
        for index in first..<rows.count {
            let row = rows[index]
            list[index] = Row(
                hash: hash, start: row.start, keyLength: row.keyLength, length: row.length, isRemoval: row.isRemoval)
        }
    }
}
