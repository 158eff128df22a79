internal import Weir

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Numbers in two splits, which don't share keys: so each key's are in one order, whatever the workers do.
struct PacedNumbers: Source {
    let count: Int
    /// How many records a split gives in a millisecond; 0 for as many as it can.
    let pace: Int

    func splits(parallelism: Int) -> [Int] { [0, 1] }
    func makeReader(for split: Int) -> Reader { Reader(split: split, next: 0, end: count / 2, pace: pace) }
    func makeReader(for split: Int, from position: SplitPosition) throws -> Reader {
        Reader(split: split, next: Int(try position.offset), end: count / 2, pace: pace)
    }

    struct Reader: SplitReader {
        let split: Int
        var next: Int
        let end: Int
        let pace: Int

        init(split: Int, next: Int, end: Int, pace: Int) {
            self.split = split
            self.next = next
            self.end = end
            self.pace = pace
        }

        var position: Int64 { Int64(next) }
        var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

        mutating func read(into output: SourceOutput<Total>) -> ReadStatus {
            if pace > 0 { usleep(5_000) }
            let stop = pace == 0 ? end : min(end, next + 5 * pace)
            while next < stop && !output.isFull {
                let key = (next &* 7 % 499) * 2 + split
                output.emit(Total(key: key, count: 1, sum: next))
                next += 1
            }
            return next == end ? .end : .more
        }
    }
}
