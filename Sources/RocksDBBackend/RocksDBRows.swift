internal import CRocksDBShim
internal import StateBackend

/// The rows of one state in a database.
final class RocksDBRows: StoredRows {
    private let database: OpenDatabase
    private let keyGroups: KeyGroups
    private let state: UInt16
    private let fileRows: Int
    private var places: [weir_rocks_row] = []

    init(_ database: OpenDatabase, keyGroups: KeyGroups, state: UInt16, fileRows: Int) {
        self.database = database
        self.keyGroups = keyGroups
        self.state = state
        self.fileRows = Swift.max(fileRows, 1)
    }

    func read(_ keys: StateRows, _ found: (_ index: Int, _ value: UnsafeRawBufferPointer) throws -> Void) throws {
        guard !keys.isEmpty else { return }
        let handle = try database.open()
        let places = takePlaces(of: keys)
        defer { self.places = places }
        var fault = RocksDBFault()
        try database.withReader(handle) { reader in
            try keys.bytes.withUnsafeBytes { bytes in
                try places.withUnsafeBufferPointer { places in
                    weir_rocks_reader_begin(
                        reader, state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), places.baseAddress,
                        places.count)
                    var values: UnsafePointer<weir_rocks_value>?
                    var count = 0
                    while weir_rocks_reader_next(reader, &values, &count, &fault.error) {
                        for value in UnsafeBufferPointer(start: values, count: count) {
                            try found(value.index, UnsafeRawBufferPointer(start: value.bytes, count: value.length))
                        }
                    }
                }
            }
        }
        if fault.isSet { throw fault.stateError("read", at: handle.directory) }
    }

    func write(_ rows: StateRows) throws {
        guard !rows.isEmpty else { return }
        let handle = try database.open()
        let places = takePlaces(of: rows)
        defer { self.places = places.count > 1 << 16 ? [] : places }
        try RocksDBFault.check("write", at: handle.directory) { error in
            rows.bytes.withUnsafeBytes { bytes in
                places.withUnsafeBufferPointer { places in
                    weir_rocks_write(
                        handle.pointer, state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        places.baseAddress, places.count, fileRows, error)
                }
            }
        }
    }

    func writeLater(_ rows: StateRows) throws {
        // Few rows are a batch, unless that had to wait for others.
        guard rows.count >= fileRows || database.waitingWrites > 0 else { return try write(rows) }
        let places = takePlaces(of: rows)
        defer { self.places = places.count > 1 << 16 ? [] : places }
        try database.withWriting { handle throws(StateError) in
            try RocksDBFault.check("write", at: handle.directory) { error in
                rows.bytes.withUnsafeBytes { bytes in
                    weir_rocks_write_later(
                        handle.pointer, state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                        places, places.count, error)
                }
            }
        }
    }

    /// Where rows lie, in the memory of the last ones; `found` of a read may write.
    private func takePlaces(of rows: StateRows) -> [weir_rocks_row] {
        var places: [weir_rocks_row] = []
        swap(&places, &self.places)
        places.removeAll(keepingCapacity: true)
        places.reserveCapacity(rows.count)
        for row in rows.rows {
            places.append(
                weir_rocks_row(
                    start: row.start, key_length: UInt32(row.keyLength),
                    value_length: UInt32(row.length - row.keyLength),
                    group: UInt16(keyGroups.group(ofHash: row.hash)), is_removal: row.isRemoval))
        }
        return places
    }

    func scan(
        groups: Range<Int>, prefix: [UInt8], from start: [UInt8],
        _ body: (_ group: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try RocksDBScan(database.open(), state: state).run(groups: groups, prefix: prefix, from: start, body)
    }

    func removeAll() throws {
        let handle = try database.open()
        try RocksDBFault.check("remove a state", at: handle.directory) {
            weir_rocks_remove_all(handle.pointer, state, $0)
        }
    }

    func view() throws -> any StoredRowsView { RocksDBView(try database.open(), state: state) }
}
