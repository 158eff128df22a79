internal import CRocksDBShim
internal import StateBackend

/// The states of one worker in a database.
final class RocksDBStore: StateStore {
    private let keyGroups: KeyGroups
    private let database: OpenDatabase
    private let fileRows: Int
    /// The numbers under which the database has the states, by name.
    private var numbers: [String: UInt16] = [:]

    /// The number of the rows that hold the states' numbers.
    private static let directoryNumber: UInt16 = 0

    init(keyGroups: KeyGroups, database: OpenDatabase, fileRows: Int) throws {
        self.keyGroups = keyGroups
        self.database = database
        self.fileRows = fileRows
        let handle = try database.open()
        try RocksDBScan(handle, state: Self.directoryNumber).run(groups: 0..<1, prefix: [], from: []) {
            _, name, value in
            numbers[String(decoding: name, as: UTF8.self)] = UInt16(littleEndian: value.loadUnaligned(as: UInt16.self))
            return true
        }
    }

    deinit { close() }

    func rows(of state: String) throws -> any StoredRows { try rows(of: state, expiry: nil) }

    func rows(of state: String, expiry: (@Sendable () -> Int64)?) throws -> any StoredRows {
        let number = try number(of: state)
        if let expiry { try database.open().expire(number, expiry) }
        return RocksDBRows(database, keyGroups: keyGroups, state: number, fileRows: fileRows)
    }

    private func number(of state: String) throws -> UInt16 {
        if let number = numbers[state] { return number }
        let number = (numbers.values.max() ?? 0) + 1
        guard number < .max - 1 else {
            throw StateError(code: .storeFailed, message: "a store has at most 65,533 states; merge some of them")
        }
        var rows = StateRows()
        rows.append(hash: 0, key: Array(state.utf8), value: withUnsafeBytes(of: number.littleEndian) { Array($0) })
        try RocksDBRows(database, keyGroups: keyGroups, state: Self.directoryNumber, fileRows: .max).write(rows)
        numbers[state] = number
        return number
    }

    func checkpoint() throws -> any StoreCheckpoint { try database.checkpoint() }

    /// Merges all files, for tests of what is dropped then.
    func compact() throws {
        let handle = try database.open()
        try RocksDBFault.check("compact", at: handle.directory) { weir_rocks_compact(handle.pointer, $0) }
    }

    func settle() throws { try database.settle() }

    var waitingWrites: Int { database.waitingWrites }

    var memoryUsage: Int { database.handle.map { weir_rocks_memory($0.pointer) } ?? 0 }

    func close() { database.close() }
}
