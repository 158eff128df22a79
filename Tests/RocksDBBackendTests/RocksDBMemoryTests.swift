import RocksDBBackend
import StateBackend
import Testing

/// The budget covers blocks, filters, indexes and memtables.
@Suite struct RocksDBMemoryTests {
    @Test(arguments: [1 << 20, 4 << 20])
    func memoryStaysWithinTheBudget(budget: Int) throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open(budget: budget)
        let rows = try store.rows(of: "s")
        var highest = 0
        let keys = (0..<60_000).map { RowKey(group: $0 % 128, Array("key number \($0)".utf8)) }
        for start in stride(from: 0, to: keys.count, by: 5_000) {
            let some = keys[start..<(start + 5_000)]
            try rows.write(some.map { ($0, [UInt8](repeating: 1, count: 60)) })
            highest = max(highest, store.memoryUsage)
            #expect(try rows.values(of: Array(some)).allSatisfy { $0?.count == 60 })
            highest = max(highest, store.memoryUsage)
        }
        #expect(highest > budget / 4)
        // What is in use at the moment can't leave: memtables that are being written, and blocks that are being read.
        #expect(highest <= budget + (2 << 20))
        store.close()
    }
}
