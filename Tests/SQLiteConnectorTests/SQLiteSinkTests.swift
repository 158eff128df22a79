#if SQLite
    import Foundation
    import GRDB
    import SQLConnector
    import SQLiteConnector
    import StreamTesting
    import Synchronization
    import Testing
    import Weir

    struct SQLiteSinkTests {
        typealias Sink = SQLiteSink<[SQLValue]>

        @Test(arguments: TransactionalSinkCheck.allCases, [SQLTable.Write.append, .upsert])
        func conforms(check: TransactionalSinkCheck, write: SQLTable.Write) throws {
            let table = SQLTable("numbers", [.integer("number")], key: ["number"], write: write)
            try TransactionalSinkSuite(element: { $0 }) {
                let file = TemporaryDatabase()
                // A serial number says in which order the rows have come.
                _ = try file.rows(
                    "CREATE TABLE numbers (place INTEGER PRIMARY KEY AUTOINCREMENT, number BIGINT UNIQUE)")
                return TransactionalSinkPlace(
                    sink: { SQLiteSink(file.path, table) { [.integer($0)] } },
                    visible: {
                        try file.rows("SELECT number FROM numbers ORDER BY place").compactMap { Int($0[0]) }
                    },
                    leftovers: {
                        let tables = try file.rows(
                            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'weir_staged_%'")
                        return try tables.flatMap { try file.rows("SELECT DISTINCT weir_tx FROM \"\($0[0])\"") }.map {
                            $0[0]
                        }
                    },
                    remove: { file.remove() })
            }
            .run(check)
        }

        @Test func valuesArriveAsTheyWere() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            let table = SQLTable(
                "every kind",
                [
                    .integer("a \"quoted\" name"), .real("real"), .text("text"), .bytes("bytes"), .boolean("boolean"),
                    .timestamp("time"),
                ])
            let sink = Sink(file.path, table) { $0 }
            var committer = try Self.committer(sink)
            try committer.commit(
                Self.prepare(
                    sink,
                    [
                        [
                            .integer(Int64.min), 0.1, "a\t'\"\n🚀", .bytes([0, 255]), true,
                            .timestamp(1_772_366_400_123),
                        ],
                        [nil, nil, nil, nil, nil, nil], [1, 2.0, "12", .bytes([]), false, .timestamp(-1)],
                    ]))
            #expect(
                try file.rows(
                    "SELECT \"a \"\"quoted\"\" name\", real, text, hex(bytes), boolean, time, typeof(real), typeof(text), "
                        + "typeof(bytes) FROM \"every kind\"") == [
                        [
                            "\(Int64.min)", "0.1", "a\t'\"\n🚀", "00FF", "1", "2026-03-01T12:00:00.123Z", "real", "text",
                            "blob",
                        ], ["NULL", "NULL", "NULL", "", "NULL", "NULL", "null", "null", "null"],
                        ["1", "2.0", "12", "", "0", "1969-12-31T23:59:59.999Z", "real", "text", "blob"],
                    ])
        }

        @Test func theLastRowOfAKeyStays() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            let table = SQLTable("totals", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)
            let sink = Sink(file.path, table) { $0 }
            for rows: [[SQLValue]] in [[["ann", 1], ["bob", 7], ["ann", 3], ["ann", 2]], [["bob", 8]]] {
                // Each run's numbers begin at 0 again: these are other transactions.
                var committer = try Self.committer(sink)
                try committer.commit(Self.prepare(sink, rows))
            }
            #expect(try file.rows("SELECT * FROM totals ORDER BY 1") == [["ann", "2"], ["bob", "8"]])
        }

        @Test func oneThatWasReplacedCommitsNoMore() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            let sink = Sink(file.path, SQLTable("t", [.integer("n")])) { $0 }
            var old = try Self.committer(sink)
            let transaction = try Self.prepare(sink, [[1]])
            var writer = try sink.makeWriter(SinkContext(step: "s", worker: 1, parallelism: 2, pipeline: "p"))
            writer.begin(epoch: 1)
            try writer.write(batch([[2]]))
            _ = try Self.committer(sink)
            let error = #expect(throws: CommitError.self) { try old.commit(transaction) }
            #expect(error?.outcome == .impossible)
            let replaced = #expect(throws: SQLSinkError.self) { _ = try writer.prepare() }
            #expect(replaced?.code == .replaced)
            #expect(try file.rows("SELECT * FROM t").isEmpty)
        }

        /// The first record of an old process's worker comes after another process has begun.
        @Test func aWriterBelongsToItsCommittersRun() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            let sink = Sink(file.path, SQLTable("t", [.integer("n")])) { $0 }
            let (oldRun, newRun) = (CommitterRun(), CommitterRun())
            _ = try Self.committer(sink, oldRun)
            var new = try Self.committer(sink, newRun)
            let error = #expect(throws: SQLSinkError.self) { _ = try Self.prepare(sink, [[1]], oldRun) }
            #expect(error?.code == .replaced && error?.isLasting == true)
            try new.commit(Self.prepare(sink, [[2]], newRun))
            #expect(try file.rows("SELECT n FROM t") == [["2"]])
        }

        /// Before a snapshot counts the row, after which nobody could take it back.
        @Test func aRowWithoutAValueFailsWhileItIsWritten() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            _ = try file.rows("CREATE TABLE t (id INTEGER PRIMARY KEY NOT NULL, N BIGINT NOT NULL, x TEXT)")
            let sink = Sink(file.path, SQLTable("t", [.integer("id"), .integer("n"), .text("x")])) { $0 }
            var committer = try Self.committer(sink)
            let error = #expect(throws: SQLSinkError.self) { _ = try Self.prepare(sink, [[1, nil, "x"]]) }
            #expect(error?.code == .badRow)
            #expect(error?.message.contains(".n") == true, "\(error.debugDescription)")
            try committer.commit(Self.prepare(sink, [[nil, 5, nil]]))
            #expect(try file.rows("SELECT id, n, x FROM t") == [["1", "5", "NULL"]])
        }

        @Test func aBusyDatabaseIsTriedAgain() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            let sink = Sink(file.path, SQLTable("t", [.integer("n")]), busyTimeout: .zero) { $0 }
            var committer = try Self.committer(sink)
            let transaction = try Self.prepare(sink, [[1]])
            let other = try DatabaseQueue(path: file.path)
            try other.inTransaction(.immediate) { _ in
                let error = #expect(throws: CommitError.self) { try committer.commit(transaction) }
                #expect(error?.outcome == .notCommitted)
                return .rollback
            }
            for _ in 0..<2 { try committer.commit(transaction) }
            #expect(try file.rows("SELECT * FROM t") == [["1"]])
        }

        @Test func faultsAreNamedWithWhatToDo() throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            _ = try file.rows("CREATE TABLE bare (n INTEGER)")
            func expect(
                _ code: SQLSinkError.Code, _ word: String, path: String? = nil, table: SQLTable,
                sourceLocation: SourceLocation = #_sourceLocation
            ) {
                let error = #expect(throws: SQLSinkError.self, sourceLocation: sourceLocation) {
                    _ = try Self.committer(Sink(path ?? file.path, table) { $0 })
                }
                #expect(error?.code == code, sourceLocation: sourceLocation)
                for word in [word, table.name, path ?? file.path] {
                    #expect(
                        error?.description.contains(word) == true, "\(error as Any)", sourceLocation: sourceLocation)
                }
            }
            let column = [SQLColumn.integer("n")]
            expect(.cannotConnect, "writable", path: "/nowhere/at/all.db", table: SQLTable("t", column))
            expect(.badTable, "schemas", table: SQLTable("t", schema: "s", column))
            expect(.badTable, "missing", table: SQLTable("missing", column, isCreated: false))
            expect(.badTable, "colour", table: SQLTable("bare", [.text("colour")]))
            expect(.badTable, "CONFLICT", table: SQLTable("bare", column, key: ["n"], write: .upsert))
        }

        @Test func aJobThatFailsCommitsOnce() async throws {
            let file = TemporaryDatabase()
            defer { file.remove() }
            let failures = Mutex(3)
            let pipeline = try Pipeline("numbers") { p in
                p.source("numbers", CollectionSource(splits: [Array(0..<2_000), Array(2_000..<4_000)]))
                    .map("check") { number in
                        let mustFail = failures.withLock { left in
                            guard left > 0, number == 1_900 - left * 400 else { return false }
                            left -= 1
                            return true
                        }
                        if mustFail { throw Broken() }
                        return number
                    }
                    .commit("out", to: SQLiteSink(file.path, SQLTable("t", [.integer("n")])) { [.integer($0)] })
            }
            var options = JobOptions(parallelism: 2, batchSize: 16)
            options.logger = JobOptions.silentLogger
            options.snapshots = SnapshotOptions(storage: MemorySnapshotStorage(), interval: .milliseconds(10))
            options.start = .latest
            options.restarts = .fixedDelay(attempts: 5, delay: .zero)
            try await pipeline.run(options)
            #expect(try file.rows("SELECT count(*), count(DISTINCT n) FROM t") == [["4000", "4000"]])
        }

        private static func committer(_ sink: Sink, _ run: CommitterRun = CommitterRun()) throws -> SQLiteCommitter {
            var committer = try sink.makeCommitter(
                CommitterContext(pipeline: "p", step: "s", parallelism: 1, run: run))
            try committer.recover(pending: [])
            return committer
        }

        private static func prepare(
            _ sink: Sink, _ rows: [[SQLValue]], _ run: CommitterRun? = nil
        ) throws -> SQLTransaction {
            var writer = try sink.makeWriter(
                SinkContext(step: "s", worker: 0, parallelism: 1, pipeline: "p", run: run))
            writer.begin(epoch: 0)
            try writer.write(batch(rows))
            return try #require(try writer.prepare())
        }
    }

    private struct Broken: Error {}

    private func batch(_ rows: [[SQLValue]]) -> Batch<[SQLValue]> {
        let batch = Batch<[SQLValue]>(capacity: rows.count)
        for row in rows { batch.append(row, at: 0) }
        return batch
    }

    /// A database in a directory of its own.
    private struct TemporaryDatabase: Sendable {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sqlite-\(UUID().uuidString)")
            .path

        var path: String { directory + "/test.db" }

        init() { try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

        func remove() { try? FileManager.default.removeItem(atPath: directory) }

        /// The rows of a statement's answer as text.
        func rows(_ statement: String) throws -> [[String]] {
            try DatabaseQueue(path: path).write { database in
                try Row.fetchAll(database, sql: statement).map { row in
                    row.databaseValues.map { String.fromDatabaseValue($0) ?? $0.description }
                }
            }
        }
    }
#endif
