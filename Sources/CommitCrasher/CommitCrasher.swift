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
        let journal = CrashJournal(directory + "/journal")
        let columns: [SQLColumn] = [.integer("key"), .integer("count"), .integer("sum")]
        let pipeline = try Pipeline("crash") { p in
            let totals = p.source("numbers", PacedNumbers(count: records, pace: pace))
                .keyBy(\.key)
                .reduce("running") { Total(key: $0.key, count: $0.count + 1, sum: $0.sum &+ $1.sum) }
            let files = RollingFileSink<Total>(directory + "/files", .lines { "\($0.key),\($0.count),\($0.sum)" })
            totals.commit("files", to: WatchedSink(files, journal))
            let history = PostgresSink<Total>(connection, SQLTable("history", columns), commit: .prepared) { $0.row }
            totals.commit("history", to: WatchedSink(history, journal))
            let newest = SQLTable("totals", columns, key: ["key"], write: .upsert)
            totals.commit("totals", to: WatchedSink(PostgresSink<Total>(connection, newest) { $0.row }, journal))
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
