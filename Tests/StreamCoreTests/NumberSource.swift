import Weir

/// Two splits of numbers that can be restarted.
struct NumberSource: Source {
    let count: Int
    /// Whether more might come.
    var isEndless = false

    func splits(parallelism: Int) -> [Int] { [0, 1] }
    func makeReader(for split: Int) -> Reader { Reader(next: split * count, end: (split + 1) * count, isEndless) }
    func makeReader(for split: Int, from position: SplitPosition) throws -> Reader {
        Reader(next: Int(try position.offset), end: (split + 1) * count, isEndless)
    }

    struct Reader: SplitReader {
        var next: Int
        let end: Int
        let isEndless: Bool

        init(next: Int, end: Int, _ isEndless: Bool) {
            self.next = next
            self.end = end
            self.isEndless = isEndless
        }

        var position: Int64 { Int64(next) }
        var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

        mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
            // One at a time, so that batches begin everywhere.
            guard next < end else { return isEndless ? .caughtUp : .end }
            output.emit(next)
            next += 1
            return .more
        }
    }
}
