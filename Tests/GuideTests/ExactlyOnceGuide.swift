import StreamTesting
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

    @Test func exactlyOnce() async throws {
        try await withDirectory { directory in
            let actions = TestInput<Action>("actions")
            for user in ["ann", "bob", "ann"] { actions.send(Action(user: user, price: 20, eventTime: 0), at: 0) }
            actions.end()
            let output = CommittedOutput<Spent>()
            // snippet: pipeline
            let pipeline = try Pipeline("purchases") { p in
                p.input(actions)
                    .map { Spent(user: $0.user, sum: $0.price) }
                    .keyBy(\.user)
                    .reduce("sum") { Spent(user: $0.user, sum: $0.sum + $1.sum) }
                    .commit("spent", to: output)
            }
            // end snippet
            // snippet: options
            var options = JobOptions(parallelism: 2)
            options.snapshots = SnapshotOptions(directory: directory, interval: .seconds(1))
            options.start = .latest
            options.restarts = .fixedDelay(attempts: 10, delay: .seconds(1))
            // end snippet
            options.logger = JobOptions.silentLogger
            try await pipeline.run(options)
            #expect(
                Set(output.committed) == [
                    Spent(user: "ann", sum: 20), Spent(user: "ann", sum: 40), Spent(user: "bob", sum: 20),
                ])
            #expect(output.prepared.isEmpty)
        }
    }
}
