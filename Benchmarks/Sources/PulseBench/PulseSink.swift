import CBenchmark
import Synchronization
import Weir
import Workloads

/// Counts how long records took to come here.
final class PulseSink: Sink {
    private let totals = Mutex((due: LatencyHistogram(), read: LatencyHistogram()))
    private let arrival = Atomic<Int64>(0)
    /// Records due earlier are warm-up.
    let from: Int64

    init(from: Int64 = .min) { self.from = from }

    /// Times since the records were due, and since they were read, in ns.
    var lags: (due: LatencyHistogram, read: LatencyHistogram) { totals.withLock { $0 } }

    /// When the first record came; 0 before.
    var firstArrival: Int64 { arrival.load(ordering: .acquiring) }

    func makeWriter(_ context: SinkContext) -> Writer { Writer(sink: self) }

    struct Writer: SinkWriter {
        let sink: PulseSink
        var due = LatencyHistogram()
        var read = LatencyHistogram()

        init(sink: PulseSink) { self.sink = sink }

        mutating func write(_ batch: Batch<Pulse>) {
            let now = bench_wall_ns()
            _ = sink.arrival.compareExchange(expected: 0, desired: now, ordering: .acquiringAndReleasing)
            for i in 0..<batch.count where batch.elements[i].due >= sink.from {
                due.add(now - batch.elements[i].due)
                read.add(now - batch.elements[i].read)
            }
        }

        mutating func flush() {}

        mutating func close() {
            sink.totals.withLock {
                $0.due.add(due)
                $0.read.add(read)
            }
        }
    }
}
