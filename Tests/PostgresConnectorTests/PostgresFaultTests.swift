import SQLConnector
import StreamTesting
import Testing
import Weir

@testable import PostgresConnector

/// Settings of servers, tables and sessions that would get in the sink's way.
@Suite(.enabled(if: PostgresServer.isThere, "no PostgreSQL server"))
struct PostgresFaultTests {
    typealias Rows = PostgresSink<[SQLValue]>

    private static let numbers = SQLTable("t", [.integer("n")])

    private static func committer(
        _ sink: Rows, _ run: CommitterRun = CommitterRun()
    ) throws -> PostgresCommitter {
        var committer = try sink.makeCommitter(CommitterContext(pipeline: "p", step: "s", parallelism: 1, run: run))
        try committer.recover(pending: [])
        return committer
    }

    private static func prepare(
        _ sink: Rows, _ rows: [[SQLValue]], epoch: Int = 0, run: CommitterRun? = nil
    ) throws -> SQLTransaction {
        var writer = try sink.makeWriter(SinkContext(step: "s", worker: 0, parallelism: 1, pipeline: "p", run: run))
        try writer.begin(epoch: epoch)
        let batch = Batch<[SQLValue]>(capacity: rows.count)
        for row in rows { batch.append(row, at: 0) }
        try writer.write(batch)
        return try #require(try writer.prepare())
    }

    /// The first record of an old process's worker comes after another process has begun.
    @Test(arguments: [Rows.Commit.staged, .prepared])
    func aWriterBelongsToItsCommittersRun(commit: Rows.Commit) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, Self.numbers, commit: commit) { $0 }
        let (oldRun, newRun) = (CommitterRun(), CommitterRun())
        _ = try Self.committer(sink, oldRun)
        var new = try Self.committer(sink, newRun)
        let error = #expect(throws: SQLSinkError.self) { _ = try Self.prepare(sink, [[1]], run: oldRun) }
        #expect(error?.code == .replaced)
        #expect(try database.leftovers().isEmpty)
        try new.commit(Self.prepare(sink, [[2]], run: newRun))
        #expect(try database.run("SELECT n FROM t") == [["2"]])
    }

    @Test(arguments: [Rows.Commit.staged, .prepared])
    func textIsSentInItsOwnEncoding(commit: Rows.Commit) throws {
        let database = try #require(
            try PostgresServer.shared?.makeDatabase("ENCODING LATIN1 TEMPLATE template0 LOCALE 'C'"))
        let sink = Rows(
            database.info + " client_encoding=LATIN1", SQLTable("t", [.text("text")]), commit: commit
        ) { $0 }
        var committer = try Self.committer(sink)
        try committer.commit(Self.prepare(sink, [["größer ÿ"]]))
        #expect(try database.run("SELECT text, char_length(text) FROM t") == [["größer ÿ", "8"]])
        let error = #expect(throws: SQLSinkError.self) { _ = try Self.prepare(sink, [["🚀"]], epoch: 1) }
        #expect(error?.code == .badRow)
    }

    /// Before a snapshot counts the row, after which nobody could take it back.
    @Test(arguments: [Rows.Commit.staged, .prepared])
    func aRowThatTheTableRefusesFailsWhileItIsWritten(commit: Rows.Commit) throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        try database.run(
            "CREATE TABLE t (place BIGSERIAL, n BIGINT NOT NULL CHECK (n > 0), twice BIGINT GENERATED ALWAYS AS (n * 2) "
                + "STORED, \"a name\" TEXT NOT NULL DEFAULT 'x', CHECK (place < n + 100))")
        let sink = Rows(database.info, Self.numbers, commit: commit) { $0 }
        var committer = try Self.committer(sink)
        for (row, word) in [(SQLValue.null, "\"n\""), (-1, "t_n_check")] {
            let error = #expect(throws: SQLSinkError.self) { _ = try Self.prepare(sink, [[1], [row]]) }
            #expect(error?.code == .badRow)
            #expect(error?.message.contains(word) == true, "\(error.debugDescription)")
        }
        try committer.commit(Self.prepare(sink, [[1], [2]]))
        let found = try database.run("SELECT n, twice, \"a name\" FROM t ORDER BY 1")
        #expect(found == [["1", "2", "x"], ["2", "4", "x"]])
    }

    /// A trigger makes of a row what the table takes.
    @Test func triggersMayPutRowsRight() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        try database.run("CREATE TABLE t (n BIGINT NOT NULL)")
        try database.run(
            "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
                + "$$ BEGIN NEW.n := coalesce(NEW.n, 7); RETURN NEW; END $$")
        try database.run("CREATE TRIGGER fill BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fill()")
        let sink = Rows(database.info, Self.numbers) { $0 }
        var committer = try Self.committer(sink)
        try committer.commit(Self.prepare(sink, [[nil]]))
        #expect(try database.run("SELECT n FROM t") == [["7"]])
    }

    /// A transaction is open as long as an interval between snapshots, whatever the server allows others.
    @Test func theWritersSessionHasNoTimeLimit() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        for setting in ["statement_timeout = '1h'", "default_transaction_isolation = 'serializable'"] {
            try database.run(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET \(setting.replacing("'", by: "''"))', "
                    + "current_database()); END $$")
        }
        try database.run(
            "CREATE TABLE t (n BIGINT, most TEXT DEFAULT current_setting('statement_timeout'), "
                + "level TEXT DEFAULT current_setting('transaction_isolation'))")
        let sink = Rows(database.info, Self.numbers, commit: .prepared) { $0 }
        var committer = try Self.committer(sink)
        try committer.commit(Self.prepare(sink, [[1]]))
        #expect(try database.run("SELECT n, most, level FROM t") == [["1", "0", "read committed"]])
        #expect(try database.run("SHOW statement_timeout") == [["1h"]])
    }

    @Test func theEndIsTriedAgainOverANewConnection() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        var committer = try Self.committer(Rows(database.info, Self.numbers) { $0 })
        try database.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                + "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        #expect(throws: SQLSinkError.self) { try committer.finish() }
        try committer.finish()
        let tables = try database.run("SELECT tablename FROM pg_tables WHERE tablename LIKE 'weir_staged_%'")
        #expect(tables.isEmpty)
    }

    /// What comes after the server's yes changes nothing of it.
    @Test func aCommitStandsWhenOldNotesCannotBeRemoved() throws {
        let database = try #require(try PostgresServer.shared?.makeDatabase())
        let sink = Rows(database.info, Self.numbers, commit: .prepared) { $0 }
        var committer = try Self.committer(sink)
        try database.run(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                + "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '42501'; END $$")
        try database.run(
            "CREATE TRIGGER refuse BEFORE DELETE ON weir_sink_epochs FOR EACH STATEMENT EXECUTE FUNCTION refuse()")
        try committer.commit(Self.prepare(sink, [[1]], epoch: 255))
        #expect(try database.run("SELECT n FROM t") == [["1"]])
    }
}

extension String {
    fileprivate func replacing(_ part: Character, by other: String) -> String {
        reduce(into: "") { $0 += $1 == part ? other : String($1) }
    }
}
