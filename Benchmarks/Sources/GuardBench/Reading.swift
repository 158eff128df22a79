import Weir

/// A trivial record.
struct Reading: EventTimed, BitwiseCopyable {
    var key: Int64
    var value: Int64
    var eventTime: Timestamp

    /// Record `index`: one of 64 keys, a millisecond after the one before.
    @inline(__always)
    init(_ index: Int) {
        key = Int64((index &* 7) & 63)
        value = Int64(index)
        eventTime = 1_700_000_000_000 &+ Int64(index)
    }
}

/// So many full batches of readings, shared out to the workers.
struct Readings: Source {
    let count: Int

    func splits(parallelism: Int) -> [Range<Int>] {
        let share = count / parallelism
        return (0..<parallelism).map { ($0 * share)..<(($0 + 1) * share) }
    }

    func makeReader(for split: Range<Int>) -> Reader { Reader(next: split.lowerBound, end: split.upperBound) }

    struct Reader: SplitReader {
        var next: Int
        let end: Int

        mutating func read(into output: SourceOutput<Reading>) -> ReadStatus {
            output.fill { records, room in
                let count = Swift.min(room, end &- next)
                for i in 0..<count { (records + i).initialize(to: Reading(next &+ i)) }
                next &+= count
                return count
            }
            return next == end ? .end : .more
        }
    }
}

/// Takes everything and keeps nothing.
struct Discard<Element: Sendable>: Sink {
    func makeWriter(_ context: SinkContext) -> Writer { Writer() }

    struct Writer: SinkWriter {
        mutating func write(_ batch: Batch<Element>) {}
        mutating func flush() {}
        mutating func close() {}
    }
}
