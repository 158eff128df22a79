import SQLConnector
import StreamTesting
import Synchronization
import Testing
import Weir

@testable import PostgresConnector

/// What the sink into PostgreSQL does besides what all transactional sinks do.
@Suite(.enabled(if: PostgresServer.isThere, "no PostgreSQL server"))
struct PostgresSinkTests {
    typealias Rows = PostgresSink<[SQLValue]>

    private static let totals = SQLTable("totals", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)

    private static func committer(
        _ sink: Rows, pipeline: String = "p", step: String = "s", pending: [SQLTransaction] = []
    ) throws -> PostgresCommitter {
        var committer = try sink.makeCommitter(CommitterContext(pipeline: pipeline, step: step, parallelism: 1))
        try committer.recover(pending: pending)
        return committer
    }

    private static func prepare(
        _ sink: Rows, _ rows: [[SQLValue]], pipeline: String = "p", step: String = "s"
    ) throws -> SQLTransaction {
        var writer = try sink.makeWriter(SinkContext(step: step, worker: 0, parallelism: 1, pipeline: pipeline))
        try writer.begin(epoch: 0)
        try writer.write(batch(rows))
        return try #require(try writer.prepare())
    }

    private static func outcome(_ body: () throws -> Void) -> CommitError.Outcome? {
        do {
            try body()
            return nil
        } catch { return (error as? CommitError)?.outcome }
    }

    @Test(arguments: [Rows.Commit.staged, .prepared])
    func valuesArriveAsTheyWere(commit: Rows.Commit) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let table = SQLTable(
            "every kind",
            [
                .integer("a \"quoted\" name"), .real("real"), .text("text"), .bytes("bytes"), .boolean("boolean"),
                .timestamp("time"),
            ])
        let sink = Rows(database.info, table, commit: commit) { $0 }
        var committer = try Self.committer(sink)
        let texts = ["", "\\N", "a\tb\nc\rd\\e", "'\"%", "größer 🚀"]
        var rows: [[SQLValue]] = texts.map { [1, 0.1, .text($0), .bytes([0, 9, 10, 92, 255]), true, .timestamp(-1)] }
        rows.append([nil, nil, nil, nil, nil, nil])
        rows.append([.integer(Int64.min), .real(-.infinity), "x", .bytes([]), false, .timestamp(1_772_366_400_123)])
        rows.append([.integer(Int64.max), .real(.nan), "x", .bytes([]), false, .timestamp(0)])
        try committer.commit(Self.prepare(sink, rows))
        let found = try database.run(
            "SELECT \"a \"\"quoted\"\" name\", real, text, bytes, boolean, time AT TIME ZONE 'UTC', text IS NULL "
                + "FROM \"every kind\"")
        for text in texts {
            #expect(
                found.contains(["1", "0.1", text, "\\x00090a5cff", "t", "1969-12-31 23:59:59.999", "f"]), "\(text)")
        }
        #expect(found.contains(["", "", "", "", "", "", "t"]))
        #expect(found.contains(["\(Int64.min)", "-Infinity", "x", "\\x", "f", "2026-03-01 12:00:00.123", "f"]))
        #expect(found.contains(["\(Int64.max)", "NaN", "x", "\\x", "f", "1970-01-01 00:00:00", "f"]))
        #expect(found.count == rows.count)
    }

    @Test func theLastRowOfAKeyStays() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, Self.totals) { $0 }
        var committer = try Self.committer(sink)
        try committer.commit(Self.prepare(sink, [["ann", 1], ["bob", 7], ["ann", 3], ["ann", 2]]))
        #expect(try database.run("SELECT * FROM totals ORDER BY 1") == [["ann", "2"], ["bob", "7"]])
        var again = try Self.committer(sink)
        try again.commit(Self.prepare(sink, [["bob", 8]]))
        #expect(try database.run("SELECT * FROM totals ORDER BY 1") == [["ann", "2"], ["bob", "8"]])
    }

    /// The numbers of a job that begins afresh begin at 0 again: these are other transactions.
    @Test(arguments: [Rows.Commit.staged, .prepared])
    func aFreshJobIsNotTakenForTheLast(commit: Rows.Commit) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")]), commit: commit) { $0 }
        for _ in 0..<2 {
            var committer = try Self.committer(sink)
            try committer.commit(Self.prepare(sink, [[1]]))
        }
        #expect(try database.run("SELECT count(*) FROM t") == [["2"]])
    }

    @Test(arguments: [Rows.Commit.staged, .prepared])
    func oneThatWasReplacedCommitsNoMore(commit: Rows.Commit) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")]), commit: commit) { $0 }
        var old = try Self.committer(sink)
        let transaction = try Self.prepare(sink, [[1]])
        var writer = try sink.makeWriter(SinkContext(step: "s", worker: 1, parallelism: 2, pipeline: "p"))
        try writer.begin(epoch: 1)
        var new = try Self.committer(sink)
        // Its connection was ended; the next one shows why.
        #expect(Self.outcome { try old.commit(transaction) } == .notCommitted)
        #expect(Self.outcome { try old.commit(transaction) } == .impossible)
        // Not a fault of the connection's, after which this job would take over again.
        let error = #expect(throws: SQLSinkError.self) {
            try writer.write(batch([[2]]))
            _ = try writer.prepare()
        }
        #expect(error?.code == .replaced && error?.isLasting == true)
        try new.commit(Self.prepare(sink, [[3]]))
        #expect(try database.run("SELECT n FROM t") == [["3"]])
        #expect(try database.leftovers().isEmpty)
    }

    @Test(arguments: [Rows.Commit.staged, .prepared])
    func aLostConnectionIsMadeAgain(commit: Rows.Commit) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")]), commit: commit) { $0 }
        var committer = try Self.committer(sink)
        let transaction = try Self.prepare(sink, [[1]])
        try database.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                + "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        #expect(Self.outcome { try committer.commit(transaction) } == .notCommitted)
        for _ in 0..<2 { try committer.commit(transaction) }
        #expect(try database.run("SELECT n FROM t") == [["1"]])
    }

    /// The server ends the connection while it commits: nobody knows what came of it until it is tried again.
    @Test func aCommitWithoutAnAnswerIsTriedAgain() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")])) { $0 }
        var committer = try Self.committer(sink)
        try database.run(
            """
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END $$
            """)
        try database.run(
            "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
                + "FOR EACH ROW EXECUTE FUNCTION die()")
        let transaction = try Self.prepare(sink, [[1]])
        #expect(Self.outcome { try committer.commit(transaction) } == .unknown)
        try database.run("DROP TRIGGER die ON t")
        for _ in 0..<2 { try committer.commit(transaction) }
        #expect(try database.run("SELECT n FROM t") == [["1"]])
    }

    /// What a commit left whose answer was lost: done, and the committer doesn't know.
    @Test func aCommitThatWasDoneIsFoundByItsProof() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")]), commit: .prepared) { $0 }
        var committer = try Self.committer(sink)
        let transaction = try Self.prepare(sink, [[1]])
        try database.run("COMMIT PREPARED '\(try #require(try database.leftovers().first))'")
        for _ in 0..<2 { try committer.commit(transaction) }
        #expect(try database.run("SELECT n FROM t") == [["1"]])
    }

    @Test func whatWasRolledBackByHandIsNotTakenForCommitted() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")]), commit: .prepared) { $0 }
        var committer = try Self.committer(sink)
        let transaction = try Self.prepare(sink, [[1]])
        let name = try #require(try database.leftovers().first)
        #expect(name.hasPrefix("weir:p:s:") && name.hasSuffix(":1:0:0"))
        try database.run("ROLLBACK PREPARED '\(name)'")
        #expect(Self.outcome { try committer.commit(transaction) } == .impossible)
    }

    /// Names that would be prefixes of each other, or too long, if they were put together as they are.
    @Test(arguments: ["s:", "s:1", "S", "s%3A", String(repeating: "s", count: 300)])
    func otherStepsAreLeftAlone(step: String) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")]), commit: .prepared) { $0 }
        var other = try Self.committer(sink, step: step)
        let transaction = try Self.prepare(sink, [[1]], step: step)
        _ = try Self.committer(sink)
        _ = try Self.committer(sink, step: "s" + step)
        _ = try? other.commit(transaction)
        try other.commit(transaction)
        #expect(try database.run("SELECT n FROM t") == [["1"]])
    }

    @Test func aKeyThatIsThereFailsTheCommitForGood() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")], key: ["n"])) { $0 }
        var committer = try Self.committer(sink)
        try committer.commit(Self.prepare(sink, [[1]]))
        var again = try Self.committer(sink)
        let transaction = try Self.prepare(sink, [[1]])
        #expect(Self.outcome { try again.commit(transaction) } == .impossible)
    }

    @Test func faultsAreNamedWithWhatToDo() throws {
        let server = try #require(PostgresServer.shared)
        let database = try server.makeDatabase()
        try database.run("CREATE TABLE bare (n BIGINT)")
        func expect(
            _ code: SQLSinkError.Code, _ words: String..., info: String? = nil, table: SQLTable,
            commit: Rows.Commit = .staged, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let sink = Rows(info ?? database.info, table, commit: commit) { $0 }
            let error = #expect(throws: SQLSinkError.self, sourceLocation: sourceLocation) {
                _ = try Self.committer(sink)
            }
            #expect(error?.code == code, sourceLocation: sourceLocation)
            for word in words + [table.name] {
                #expect(
                    error?.description.contains(word) == true, "\(error.debugDescription)",
                    sourceLocation: sourceLocation)
            }
        }
        expect(.cannotConnect, "connection string", info: "host=127.0.0.1 port=1", table: Self.totals)
        expect(.badTable, "commit: .staged", table: Self.totals, commit: .prepared)
        expect(.badTable, "stranger", table: SQLTable("t", [.integer("n")], key: ["stranger"]))
        expect(.badTable, "twice", table: SQLTable("t", [.integer("n"), .text("n")]))
        expect(.badTable, "missing", table: SQLTable("missing", [.integer("n")], isCreated: false))
        expect(.badTable, "colour", table: SQLTable("bare", [.integer("colour")]))
        expect(.badTable, "42P10", table: SQLTable("bare", [.integer("n")], key: ["n"], write: .upsert))
        let plain = try PostgresServer(["max_prepared_transactions=0"])
        expect(
            .preparedTransactionsDisabled, "max_prepared_transactions", "commit: .staged", info: plain.info("postgres"),
            table: SQLTable("t", [.integer("n")]), commit: .prepared)
    }

    @Test func badRowsAreNamed() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, SQLTable("t", [.integer("n")])) { $0 }
        _ = try Self.committer(sink)
        for row: [SQLValue] in [[1, 2], [], ["text"], ["\0"]] {
            let error = #expect(throws: SQLSinkError.self) { _ = try Self.prepare(sink, [row]) }
            #expect(error?.code == .badRow, "\(row)")
        }
    }

    /// A job that fails now and then: two ways to commit, and an upsert.
    @Test func aJobThatFailsCommitsOnce() async throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let failures = Mutex(3)
        let pipeline = try Pipeline("sums") { p in
            let sums = p.source("numbers", CollectionSource(0..<3_000))
                .map("check") { number in
                    let mustFail = failures.withLock { left in
                        guard left > 0, number == 2_900 - left * 600 else { return false }
                        left -= 1
                        return true
                    }
                    if mustFail { throw Broken() }
                    return number
                }
            for (name, commit) in [("staged", PostgresSink<Int>.Commit.staged), ("prepared", .prepared)] {
                sums.commit(
                    name,
                    to: PostgresSink(database.info, SQLTable(name, [.integer("n")]), commit: commit) { [.integer($0)] })
            }
            sums.commit(
                "last",
                to: PostgresSink(
                    database.info,
                    SQLTable("last", [.integer("digit"), .integer("n")], key: ["digit"], write: .upsert)
                ) { [.integer($0 % 10), .integer($0)] })
        }
        var options = JobOptions(parallelism: 1, batchSize: 16)
        options.logger = JobOptions.silentLogger
        options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: .milliseconds(10))
        options.start = .latest
        options.restarts = .fixedDelay(attempts: 5, delay: .zero)
        try await pipeline.run(options)
        for table in ["staged", "prepared"] {
            #expect(try database.run("SELECT count(*), count(DISTINCT n) FROM \(table)") == [["3000", "3000"]])
        }
        #expect(try database.run("SELECT sum(n), count(*) FROM last") == [["\((2_990...2_999).reduce(0, +))", "10"]])
        #expect(try database.leftovers().isEmpty)
    }
}

private struct Broken: Error {}

private func batch(_ rows: [[SQLValue]]) -> Batch<[SQLValue]> {
    let batch = Batch<[SQLValue]>(capacity: rows.count)
    for row in rows { batch.append(row, at: 0) }
    return batch
}
