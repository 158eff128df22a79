import StreamTesting
import Synchronization
import Testing
import Weir

/// What idempotent sinks are told of their records.
struct WriteIdentityTests {
    struct Write: Hashable {
        let number: Int
        let worker: Int
        let epoch: Int
        let sequence: Int
    }

    final class LoggingSink: IdempotentSink {
        private let writes = Mutex<[Write]>([])

        func take() -> [Write] {
            writes.withLock { writes in
                defer { writes = [] }
                return writes
            }
        }

        func makeWriter(_ context: SinkContext) -> Writer { Writer(sink: self) }

        struct Writer: IdempotentWriter {
            let sink: LoggingSink

            func write(_ batch: Batch<Int>, keys: [Int], as first: WriteIdentity) {
                for i in 0..<batch.count {
                    let write = Write(
                        number: batch.elements[i], worker: first.worker, epoch: first.epoch,
                        sequence: first.sequence + i)
                    sink.writes.withLock { $0.append(write) }
                }
            }
            func flush() {}
            func close() {}
        }
    }

    private let input = TestInput<Int>("numbers")
    private let sink = LoggingSink()

    private func start(parallelism: Int = 1, from snapshot: JobSnapshot? = nil) throws -> TestPipeline {
        try TestPipeline(parallelism: parallelism, batchSize: 3, restoring: snapshot) { p in
            p.input(input).write("out", to: sink, key: { $0 })
        }
    }

    private func send(_ numbers: Range<Int>, _ test: TestPipeline) throws {
        for number in numbers { input.send(number, at: 0) }
        try test.settle()
    }

    /// The sequence of a replayed record is that of the first time; the epoch is that of the snapshot that it follows.
    @Test func aReplayHasTheSameSequences() throws {
        let test = try start()
        try send(0..<5, test)
        #expect(sink.take() == (0..<5).map { Write(number: $0, worker: 0, epoch: 0, sequence: $0) })
        let snapshot = try test.snapshot()
        try send(5..<9, test)
        _ = try test.snapshot()
        try send(9..<12, test)
        #expect(
            sink.take() == (5..<12).map { Write(number: $0, worker: 0, epoch: $0 < 9 ? 1 : 2, sequence: $0) })
        let again = try start(from: snapshot)
        try again.settle()
        #expect(sink.take() == (5..<12).map { Write(number: $0, worker: 0, epoch: 1, sequence: $0) })
    }

    /// At another parallelism no number comes again that was counted.
    @Test func otherWorkersBeginBehindAll() throws {
        var snapshot: JobSnapshot?
        var next = 0
        var seen: Set<[Int]> = []
        for parallelism in [2, 3, 1, 3] {
            let test = try start(parallelism: parallelism, from: snapshot)
            try send(next..<next + 5, test)
            next += 5
            snapshot = try test.snapshot()
            let writes = sink.take()
            #expect(writes.map(\.number) == Array(next - 5..<next))
            for write in writes { #expect(seen.insert([write.worker, write.sequence]).inserted, "\(write)") }
        }
    }
}
