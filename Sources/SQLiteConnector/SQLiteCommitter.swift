#if SQLite
    internal import GRDB
    public import SQLConnector
    public import Weir

    /// Commits what the workers of a step have put into the staging table.
    public struct SQLiteCommitter: TransactionCommitter {
        private let settings: SQLiteSettings
        private let statements: SQLStatements
        private let database: DatabaseQueue
        private let shared: CommitterRun
        private var run: Int64 = 0

        private var step: SQLStep { statements.step }

        init(_ settings: SQLiteSettings, _ context: CommitterContext) throws {
            self.settings = settings
            shared = context.run
            let statements = SQLStatements(
                settings.table, SQLStep(pipeline: context.pipeline, step: context.step))
            self.statements = statements
            if let problem = settings.table.problem { throw settings.error(.badTable, problem) }
            if settings.table.schema != nil {
                throw settings.error(.badTable, "SQLite has no schemas; leave the table's at nil")
            }
            database = try settings.open()
            do {
                try database.inTransaction(.immediate) { database in
                    try database.execute(sql: statements.createRuns)
                    try database.execute(sql: statements.createEpochs)
                    if settings.table.isCreated {
                        try database.execute(sql: statements.createTarget(Self.type))
                    }
                    // Both fail where a column or the key's index is missing.
                    _ = try database.makeStatement(sql: "SELECT \(statements.columns) FROM \(statements.target)")
                    if settings.table.write == .upsert { _ = try database.makeStatement(sql: statements.keyProbe) }
                    return .commit
                }
            } catch {
                throw settings.error(
                    .badTable, "\(error); make the table with the columns and the key that the sink names")
            }
        }

        /// Makes a transaction's rows visible.
        ///
        /// - Throws: ``CommitError``.
        public mutating func commit(_ transaction: SQLTransaction) throws {
            let name = transaction.name(in: step)
            var isCommitting = false
            do {
                try database.inTransaction(.immediate) { database in
                    let newest = try Int64.fetchOne(
                        database, sql: statements.currentRun, arguments: [step.pipeline, step.step])
                    guard newest == run else {
                        throw error(
                            .impossible,
                            "another process has begun as pipeline \(step.pipeline), step \(step.step); stop one")
                    }
                    try database.execute(
                        sql: statements.noteEpoch, arguments: parameters(transaction, transaction.epoch))
                    // It was committed before.
                    guard database.changesCount == 1 else { return .rollback }
                    try database.execute(sql: statements.publish(isDistinct: false), arguments: [name])
                    try database.execute(sql: statements.unstage, arguments: [name])
                    let rows = database.changesCount
                    guard rows == transaction.rows else {
                        throw error(
                            .impossible,
                            "of \(transaction.rows) rows that wait in \(step.stagingTable) as \(name), \(rows) are there: "
                                + "someone has removed them; begin the job with an older snapshot or afresh")
                    }
                    if transaction.epoch % 256 == 255 {
                        try database.execute(
                            sql: statements.forgetEpochs,
                            arguments: parameters(transaction, transaction.epoch - SQLStatements.retained))
                    }
                    isCommitting = true
                    return .commit
                }
            } catch let failure as DatabaseError {
                switch failure.resultCode {
                case .SQLITE_BUSY, .SQLITE_LOCKED:
                    throw error(.notCommitted, "\(failure); another process holds the database")
                case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_ERROR: throw error(.impossible, "\(failure)")
                default: throw error(isCommitting ? .unknown : .notCommitted, "\(failure)")
                }
            }
        }

        /// Commits what the snapshot holds, and empties the staging table.
        public mutating func recover(pending: [SQLTransaction]) throws {
            run =
                try database.write {
                    try Int64.fetchOne($0, sql: statements.beginRun, arguments: [step.pipeline, step.step])
                } ?? 0
            shared.number = run
            for transaction in pending { try commit(transaction) }
            try database.inTransaction(.immediate) { database in
                try database.execute(sql: "DROP TABLE IF EXISTS \(statements.staging)")
                // Without types: the values are kept as they come, and become what the target makes of them.
                let columns = try self.columns(database)
                try database.execute(
                    sql: "CREATE TABLE \(statements.staging) (weir_tx, weir_row, \(columns), "
                        + "PRIMARY KEY (weir_tx, weir_row)) WITHOUT ROWID")
                return .commit
            }
        }

        /// Removes the staging table, which is empty then.
        public mutating func finish() throws {
            try database.write { try $0.execute(sql: "DROP TABLE IF EXISTS \(statements.staging)") }
        }

        /// Closes the database.
        public mutating func close() {
            // What it holds is let go of with it; an error changes nothing of what was committed.
            try? database.close()
        }

        /// The staging table's columns, `NOT NULL` where the target's are: a row without a value is refused while it is
        /// written, and not when a snapshot counts it already.
        ///
        /// Not where the target may put something in its place: a default, or the number of a row.
        private func columns(_ database: Database) throws -> String {
            let needed = try String.fetchAll(
                database,
                sql: "SELECT lower(name) FROM pragma_table_info(?) WHERE \"notnull\" AND dflt_value IS NULL "
                    + "AND NOT (pk > 0 AND upper(type) = 'INTEGER')", arguments: [settings.table.name])
            return settings.table.columns.map {
                SQLStatements.quoted($0.name) + (needed.contains($0.name.lowercased()) ? " NOT NULL" : "")
            }
            .joined(separator: ", ")
        }

        private func parameters(_ transaction: SQLTransaction, _ epoch: Int) -> StatementArguments {
            [step.pipeline, step.step, transaction.run, transaction.worker, epoch]
        }

        private func error(_ outcome: CommitError.Outcome, _ message: String) -> CommitError {
            CommitError(outcome, message: "table \(settings.table.name) of \(settings.path): \(message)")
        }

        private static func type(_ kind: SQLColumn.Kind) -> String {
            switch kind {
            case .integer, .boolean: "INTEGER"
            case .real: "REAL"
            case .text, .timestamp: "TEXT"
            case .bytes: "BLOB"
            }
        }
    }
#endif
