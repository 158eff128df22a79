import Foundation
import StreamTesting
import Synchronization
import Testing
import Weir

// The code of Docs/guides/exactly-once.md. What needs a server or SQLite is compiled, and run in the sinks' own tests.

#if SQLite
    import SQLiteConnector
#endif
import PostgresConnector
import SQLConnector

@Suite struct ExactlyOnceGuide {
    struct Spent: Sendable, Hashable, Codable {
        let user: String
        let sum: Int64
    }

    // snippet: postgres
    func toPostgres(_ spent: DataStream<Spent>) {
        let table = SQLTable("spent", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)
        spent.commit("spent", to: PostgresSink("host=db dbname=shop", table) { [.text($0.user), .integer($0.sum)] })
    }

    func historyToPostgres(_ spent: DataStream<Spent>) {
        let table = SQLTable("history", [.text("user"), .integer("sum")])
        spent.commit(
            "history",
            to: PostgresSink("postgresql://db/shop", table, commit: .prepared) { [.text($0.user), .integer($0.sum)] })
    }
    // end snippet

    #if SQLite
        // snippet: sqlite
        func toSQLite(_ spent: DataStream<Spent>) {
            let table = SQLTable("spent", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)
            spent.commit("spent", to: SQLiteSink("results.db", table) { [.text($0.user), .integer($0.sum)] })
        }
    // end snippet
    #endif

    final class Shelf: Sendable {
        private let sums = Mutex<[String: Int64]>([:])
        var count: Int { sums.withLock { $0.count } }
        func put(_ sum: Int64, for user: String) { sums.withLock { $0[user] = sum } }
    }

    // snippet: idempotent
    struct ShelfSink: IdempotentSink {
        let shelf: Shelf

        func makeWriter(_ context: SinkContext) -> Writer { Writer(shelf: shelf) }

        struct Writer: IdempotentWriter {
            let shelf: Shelf

            mutating func write(_ batch: Batch<Spent>, keys: [String], as first: WriteIdentity) {
                for i in 0..<batch.count { shelf.put(batch.elements[i].sum, for: keys[i]) }
            }
            mutating func flush() {}  // what write holds back must be durable here: a snapshot counts it
            mutating func close() {}
        }
    }

    func keepNewest(_ spent: DataStream<Spent>, on shelf: Shelf) {
        spent.write("newest", to: ShelfSink(shelf: shelf), key: { $0.user })
    }
    // end snippet

    private func describe(_ actions: TestInput<Action>, _ results: String, _ shelf: Shelf) throws -> Pipeline {
        // snippet: pipeline
        try Pipeline("purchases") { p in
            let spent = p.input(actions)
                .map { Spent(user: $0.user, sum: $0.price) }
                .keyBy(\.user)
                .reduce("sum") { Spent(user: $0.user, sum: $0.sum + $1.sum) }
            spent.commit("spent", to: RollingFileSink(results, .lines { "\($0.user) \($0.sum)" }))
            keepNewest(spent, on: shelf)  // an idempotent sink, below
        }
        // end snippet
    }

    @Test func exactlyOnce() async throws {
        try await withDirectory { directory in
            let actions = TestInput<Action>("actions")
            for user in ["ann", "bob", "ann"] { actions.send(Action(user: user, price: 20, eventTime: 0), at: 0) }
            let shelf = Shelf()
            let pipeline = try describe(actions, directory + "/results", shelf)
            // snippet: options
            var options = JobOptions(parallelism: 2)
            options.snapshots = SnapshotOptions(directory: directory, interval: .seconds(1))
            options.start = .latest
            options.restarts = .exponentialBackoff()
            // end snippet
            options.logger = JobOptions.silentLogger
            let job = try pipeline.start(options)
            while shelf.count < 2 { await Task.yield() }
            // snippet: health
            let health = job.health
            print(health.phase, health.restarts, health.lastFailure as Any)
            print(health.snapshotAge as Any, health.failedSnapshots)
            // end snippet
            #expect(health.phase == .running && health.restarts == 0)
            let archive = LocalSnapshotStorage(directory: directory + "/archive")
            // snippet: stop
            let report = try await job.stop(savepoint: archive)
            print(report.snapshot?.id as Any, report.savepoint?.id as Any)
            // end snippet
            #expect(report.snapshot != nil && report.savepoint != nil)

            // A new process: the same pipeline, begun again.
            actions.send(Action(user: "bob", price: 5, eventTime: 0), at: 0)
            actions.end()
            try await describe(actions, directory + "/results", shelf).run(options)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory + "/results")
            #expect(files.allSatisfy { $0.hasPrefix("part-") })
            let lines = try files.flatMap { try read("\(directory)/results/\($0)").split(separator: "\n") }
            #expect(lines.sorted() == ["ann 20", "ann 40", "bob 20", "bob 25"])
        }
    }
}
