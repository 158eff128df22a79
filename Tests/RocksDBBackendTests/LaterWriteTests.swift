import RocksDBBackend
import StateBackend
import Testing

/// Rows that the store's thread writes: whatever is called next finds them.
struct LaterWriteTests {
    private static func rows(_ version: UInt8) -> StateRows {
        var rows = StateRows()
        for index in 0..<5_000 { rows.put(key(index), [version]) }
        return rows
    }

    private static func key(_ index: Int) -> RowKey { RowKey(group: index % 128, Array("\(index)".utf8)) }

    @Test(arguments: ["read", "scan", "view", "checkpoint", "write", "remove"])
    func rowsAreThere(for call: String) throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open { $0.fileRows = 100 }
        let rows = try store.rows(of: "s")
        for version in 1...4 { try rows.writeLater(Self.rows(UInt8(version))) }
        #expect(store.waitingWrites <= 2)
        switch call {
        case "read": #expect(try rows.values(of: [Self.key(7)]) == [[4]])
        case "scan": #expect(try rows.all().allSatisfy { $0.1 == [4] })
        case "view": #expect(try rows.view().all().count == 5_000)
        case "checkpoint":
            let checkpoint = try store.checkpoint()
            let again = try directory.open(worker: 1, files: checkpoint.files)
            #expect(try again.rows(of: "s").all().filter { $0.1 == [4] }.count == 5_000)
            again.close()
            checkpoint.release()
        case "write":
            try rows.write([(Self.key(7), [9])])
            #expect(try rows.values(of: [Self.key(7)]) == [[9]])
        default:
            try rows.removeAll()
            #expect(try rows.all().isEmpty)
        }
        #expect(store.waitingWrites == 0)
        store.close()
    }

    @Test func aStoreIsClosedWithRowsUnderWay() throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open { $0.fileRows = 100 }
        let rows = try store.rows(of: "s")
        for version in 1...3 { try rows.writeLater(Self.rows(UInt8(version))) }
        store.close()
        #expect(directory.files.isEmpty)
    }
}
