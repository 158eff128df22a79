// Runs a job with transactional sinks until it has ended or is killed; started again, it goes on with its newest snapshot.
// Its results are a function of the number of records alone, which its test relies on.
internal import PostgresConnector
internal import SQLConnector
internal import Weir

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The program: `CommitCrasher connection directory records pace`.
@main
enum CommitCrasher {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let records = Int(arguments[3]), let pace = Int(arguments[4]) else { exit(2) }
        let connection = arguments[1]
        let directory = arguments[2]
        let pipeline = try Pipeline("crash") { p in
            let totals = p.source("numbers", PacedNumbers(count: records, pace: pace))
                .keyBy(\.key)
                .reduce("running") { Total(key: $0.key, count: $0.count + 1, sum: $0.sum &+ $1.sum) }
            totals.commit(
                "history",
                to: PostgresSink(
                    connection, SQLTable("history", [.integer("key"), .integer("count"), .integer("sum")]),
                    commit: .prepared
                ) { $0.row })
            totals.commit(
                "totals",
                to: PostgresSink(
                    connection,
                    SQLTable(
                        "totals", [.integer("key"), .integer("count"), .integer("sum")], key: ["key"], write: .upsert)
                ) { $0.row })
        }
        var options = JobOptions(parallelism: 2, batchSize: 256)
        options.snapshots = SnapshotOptions(directory: directory + "/snapshots", interval: .milliseconds(100))
        options.start = .latest
        options.logger = JobOptions.silentLogger
        try await pipeline.run(options)
    }
}

/// What is known of a key so far.
struct Total: Sendable, Codable {
    let key: Int
    let count: Int
    let sum: Int

    var row: [SQLValue] { [.integer(key), .integer(count), .integer(sum)] }
}

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
