import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// A record whose field is renamed while operators have some in their states.
@Suite struct RecordMigrationTests {
    private static let count = 60

    /// Sends records to a job, some of which it has had before; watermarks in between.
    private static func send<Record: EvolvingRecord>(_ records: Range<Int>, to input: TestInput<Record>) {
        for i in records {
            let time = Int64(i * 7 + i / 20 * 30)
            input.send(Record(key: i % 3, number: i, time: time), at: time)
            if i % 5 == 4 { input.watermark(time - 12) }
        }
    }

    private static func job<Record: EvolvingRecord>(
        _ operation: OperatorCase, _ input: TestInput<Record>, _ log: OutputLog<String>,
        _ storage: any SnapshotStorage, _ backend: any StateBackend, parallelism: Int
    ) throws -> ManualJob {
        let pipeline = try Pipeline("records") { operation.describe($0, input, log) }
        return try ManualJob(pipeline, storage, backend: backend, parallelism: parallelism)
    }

    private static func check<Old: EvolvingRecord, New: EvolvingRecord>(
        _ operation: OperatorCase, _ old: Old.Type, _ new: New.Type, _ backend: any StateBackend
    ) throws {
        let (storage, log) = (MemorySnapshotStorage(), OutputLog<String>())
        do {
            let input = TestInput<Old>("records")
            send(0..<33, to: input)
            try job(operation, input, log, storage, backend, parallelism: 2).snapshot()
        }
        let input = TestInput<New>("records")
        send(0..<count, to: input)
        input.end()
        _ = try job(operation, input, log, storage, backend, parallelism: 2)
        let found = log.take().sorted()

        // The new program alone, never stopped.
        let whole = TestInput<New>("records")
        send(0..<count, to: whole)
        whole.end()
        _ = try job(operation, whole, log, MemorySnapshotStorage(), MemoryBackend(), parallelism: 1)
        let expected = log.take().sorted()
        #expect(found == expected && expected.count > 3)
    }

    @Test(arguments: OperatorCase.allCases, [false, true])
    func goesOn(_ operation: OperatorCase, _ isStored: Bool) throws {
        let backend: any StateBackend = isStored ? RocksDBBackend() : MemoryBackend()
        try Self.check(operation, Described.Old.self, Described.New.self, backend)
        try Self.check(operation, Written.Old.self, Written.New.self, backend)
        if !operation.needsCodable { try Self.check(operation, Trivial.Old.self, Trivial.New.self, backend) }
    }
}
