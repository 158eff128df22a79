import Weir

/// A trivial record.
struct Reading: EventTimed, BitwiseCopyable {
    var key: Int64
    var value: Int64
    var eventTime: Timestamp

    /// Record `index` of a batch, of one of 64 keys.
    ///
    /// A batch is a second of event time however many records it has, so
    /// that what windows and timers do per second isn't taken for the cost of records.
    @inline(__always)
    init(_ index: Int, of batch: Int) {
        key = Int64((index &* 7) & 63)
        value = Int64(index)
        eventTime = 1_700_000_000_000 &+ Int64(batch &* 1000 &+ index & 511)
    }
}

/// So many full batches of readings, shared out to the workers.
struct Readings: Source {
    let size: GuardSize

    init(_ size: GuardSize) { self.size = size }

    func splits(parallelism: Int) -> [Int] {
        [Int](repeating: size.batches / parallelism, count: parallelism)
    }

    func makeReader(for batches: Int) -> Reader { Reader(next: 0, end: batches) }

    struct Reader: SplitReader {
        var next: Int
        let end: Int

        mutating func read(into output: SourceOutput<Reading>) -> ReadStatus {
            guard next < end else { return .end }
            output.fill { records, room in
                for i in 0..<room { (records + i).initialize(to: Reading(i, of: next)) }
                return room
            }
            next += 1
            return .more
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
