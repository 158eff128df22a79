import CBenchmark
import Weir

/// One record at once, and then nothing until a time.
struct QuietSource: Source {
    let end: Int64

    func splits(parallelism: Int) -> [Int] { Array(0..<parallelism) }
    func makeReader(for split: Int) -> Reader { Reader(hasRecord: split == 0, end: end) }

    struct Reader: SplitReader {
        var hasRecord: Bool
        let end: Int64

        mutating func read(into output: SourceOutput<Pulse>) -> ReadStatus {
            if hasRecord {
                hasRecord = false
                let now = bench_wall_ns()
                output.emit(Pulse(key: 1, due: now, read: now))
                return .more
            }
            return bench_wall_ns() < end ? .caughtUp : .end
        }
    }
}
