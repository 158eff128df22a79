import CBenchmark
import Weir
import Workloads

/// Single records at a pace, shared out to the workers.
struct PacedReadings: Source {
    let count: Int64
    let perSecond: Int64
    let parallelism: Int
    /// Whether a reader itself waits for its next record for a while, as a client of a queue would; else it says that
    /// there is none and leaves the waiting to the worker.
    let readerWaits: Bool
    let start: Int64

    func splits(parallelism: Int) -> [Int64] { (0..<Int64(parallelism)).map { $0 } }

    func makeReader(for split: Int64) -> Reader {
        var pace = SourcePace(perSecond: Double(perSecond), start: start, parallelism: parallelism)
        pace.sleeps = readerWaits
        return Reader(next: split, end: count, stride: Int64(parallelism), pace: pace)
    }

    struct Reader: SplitReader {
        var next: Int64
        let end: Int64
        let stride: Int64
        var pace: SourcePace

        mutating func read(into output: SourceOutput<Pulse>) -> ReadStatus {
            guard next < end else { return .end }
            guard pace.allowance(next: next, stride: stride, most: 1) > 0 else { return .waiting }
            output.emit(Pulse(key: next & 255, due: pace.due(next), read: bench_wall_ns()))
            next += stride
            return .more
        }
    }
}
