import RocksDBBackend
import StateBackend
import Testing

/// A table with too little memory over a database is still a table.
@Suite struct StoredTableTests {
    @Test(arguments: 0..<6 as Range<UInt64>)
    func tablesOverADatabaseAgreeWithADictionary(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        let store = try directory.open { $0.fileRows = seed % 2 == 0 ? 100 : 10_000 }
        let environment = StateEnvironment(store: store, allowance: TableAllowance(total: 1 << 16))
        let state = StepState(step: "step", in: environment)
        let table: StateTable<Int64, Int64> = try state.table("counts")
        var oracle: [Int64: Int64] = [:]
        for step in 0..<60 {
            let note: Comment = "seed \(seed), step \(step)"
            let keys = (0..<500).map { _ in Int64(random.below(8_000)) }
            let hashes = keys.map(\.stableHash)
            table.prepare(keys, hashes: hashes, count: keys.count)
            for (key, hash) in zip(keys, hashes) {
                switch random.below(8) {
                case 0: #expect(table.remove(key, hash: hash) == oracle.removeValue(forKey: key), note)
                case 1: #expect(table.find(key, hash: hash)?.pointee == oracle[key], note)
                default:
                    table.upsert(key, hash: hash, 0).pointee += key + 1
                    oracle[key, default: 0] += key + 1
                }
            }
            try environment.failure.check()
            #expect(table.count == oracle.count, note)
            switch random.below(6) {
            case 0:
                var seen: [Int64: Int64] = [:]
                table.forEach { key, value in
                    #expect(seen[key] == nil, note)
                    value += 1
                    seen[key] = value
                }
                for key in oracle.keys { oracle[key, default: 0] += 1 }
                #expect(seen == oracle, note)
            case 1: #expect(try captured(state, .everything, table) == oracle, note)
            case 2:
                #expect(try captured(state, .changes, table) == [:], note)
                #expect(try saved(store) == oracle, note)
            default: break
            }
        }
        try environment.failure.check()
        #expect(oracle.count > 4_000)
        // More than fits, or the test would show nothing.
        #expect(table.byteCount < oracle.count * 17)
        store.close()
    }

    /// All rows of a capture: those that it hands out, and those that it leaves in the store.
    private func captured(
        _ state: StepState, _ mode: CaptureMode, _ table: StateTable<Int64, Int64>
    ) throws -> [Int64: Int64] {
        var all: [Int64: Int64] = [:]
        for (_, _, capture) in try state.capture({ _ in mode }) {
            var rows = StateRows()
            while try capture.next(1_000, into: &rows) {
                // The table goes on being read.
                _ = table.peek(1, hash: Int64(1).stableHash)
            }
            #expect(rows.isEmpty)
            try capture.stored?.scan(groups: 0..<128) { _, key, value in
                all[try decode(key)] = try decode(value)
                return true
            }
            capture.stored?.release()
        }
        return all
    }

    private func saved(_ store: any StateStore) throws -> [Int64: Int64] {
        var all: [Int64: Int64] = [:]
        try store.rows(of: StateEnvironment.id(step: "step", part: "counts"))
            .scan(groups: 0..<128, prefix: [], from: []) { _, key, value in
                all[try decode(key)] = try decode(value)
                return true
            }
        return all
    }

    private func decode(_ bytes: UnsafeRawBufferPointer) throws -> Int64 {
        var decoder = StateDecoder([UInt8](bytes))
        return try StateCodec<Int64>.automatic.decode(&decoder)
    }
}
