public import SQLConnector
public import Weir

/// Commits what the workers of a step have sent to the server.
public struct PostgresCommitter: TransactionCommitter {
    private let settings: PostgresSettings
    private let statements: SQLStatements
    private var connection: PostgresConnection?
    private let shared: CommitterRun
    private var run: Int64 = 0

    private var step: SQLStep { statements.step }
    private var identity: [String] { [step.pipeline, step.step] }

    init(_ settings: PostgresSettings, _ context: CommitterContext) throws {
        self.settings = settings
        shared = context.run
        let step = SQLStep(pipeline: context.pipeline, step: context.step)
        let connection = try settings.connect()
        self.connection = connection
        try PostgresTables(settings, SQLStatements(settings.table, step), connection).ensure()
        statements = SQLStatements(settings.table, try settings.locate(step, connection))
    }

    /// Makes a transaction's rows visible.
    ///
    /// - Throws: ``CommitError``.
    public mutating func commit(_ transaction: SQLTransaction) throws {
        let connection = try connected()
        // What is known if the connection is lost now.
        var lost = CommitError.Outcome.notCommitted
        do {
            switch transaction.form {
            case .prepared: try commitPrepared(transaction, connection, &lost)
            case .staged: try commitStaged(transaction, connection, &lost)
            }
        } catch let failure as PostgresFailure {
            if failure.isLost { self.connection = nil } else { _ = try? connection.run("ROLLBACK") }
            let outcome: CommitError.Outcome =
                switch failure.state.prefix(2) {
                case _ where failure.isLost: lost
                // Constraints, values and names: the same again would come of it.
                case "22", "23", "42": .impossible
                default: .notCommitted
                }
            throw error(outcome, "\(failure)")
        }
    }

    /// Commits what the snapshot holds, rolls back the rest, and ends the connections of an older run.
    public mutating func recover(pending: [SQLTransaction]) throws {
        let connection = try connected()
        do {
            run = Int64(try connection.run(statements.beginRun, identity).rows.first?[0] ?? "") ?? 0
            shared.number = run
            // A killed process's last statement may still be at work on the server.
            let lock = UInt64(bitPattern: step.number)
            try connection.run(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
                    + "AND classid = \(lock >> 32) AND objid = \(lock & 0xFFFF_FFFF) AND pid <> pg_backend_pid() "
                    + "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
            try settings.lock(step, connection)
        } catch { throw wrap(error) }
        for transaction in pending { try commit(transaction) }
        do {
            let left = try connection.run(
                "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND starts_with(gid, $1)",
                [step.prefix])
            for row in left.rows { try connection.run("ROLLBACK PREPARED '\(row[0])'") }
            try PostgresTables(settings, statements, connection).renewStaging()
        } catch { throw wrap(error) }
    }

    /// Removes the staging table, which is empty then.
    public mutating func finish() throws {
        let connection = try connected()
        do { try connection.run("DROP TABLE IF EXISTS \(statements.staging)") } catch {
            // The next try makes another one.
            if error.isLost { self.connection = nil }
            throw wrap(error)
        }
    }

    /// Closes the connection.
    public mutating func close() { connection = nil }

    private mutating func connected() throws -> PostgresConnection {
        if let connection { return connection }
        do {
            let connection = try settings.connect()
            try settings.lock(step, connection)
            self.connection = connection
            return connection
        } catch { throw CommitError(.notCommitted, message: "\(error)") }
    }

    private mutating func commitPrepared(
        _ transaction: SQLTransaction, _ connection: PostgresConnection, _ lost: inout CommitError.Outcome
    ) throws {
        try checkRun(connection)
        let name = transaction.name(in: step)
        lost = .unknown
        do { try connection.run("COMMIT PREPARED '\(name)'") } catch {
            switch error.state {
            case "42704":
                // No such transaction. Its row among the epochs came with it, if it was committed.
                guard try isNoted(transaction, connection) else {
                    throw self.error(
                        .impossible,
                        "the server has no prepared transaction \(name), and it was not committed: someone has rolled it "
                            + "back; begin the job with an older snapshot or afresh")
                }
            // Busy: a connection that was lost is at it still. Or another user's.
            case "55000", "42501": throw self.error(.notCommitted, "\(error)")
            default: throw error
            }
        }
        // It is committed, whatever becomes of the notes on older ones: they are removed another time.
        do { try forget(transaction, connection) } catch { if error.isLost { self.connection = nil } }
    }

    private func isNoted(_ transaction: SQLTransaction, _ connection: PostgresConnection) throws -> Bool {
        let proof = try connection.run(
            "SELECT 1 FROM \(statements.epochs) WHERE pipeline = $1 AND step = $2 AND run = $3 AND worker = $4 "
                + "AND epoch = $5", parameters(transaction))
        return !proof.rows.isEmpty
    }

    private func commitStaged(
        _ transaction: SQLTransaction, _ connection: PostgresConnection, _ lost: inout CommitError.Outcome
    ) throws {
        let name = transaction.name(in: step)
        try connection.run("BEGIN ISOLATION LEVEL READ COMMITTED")
        try checkRun(connection)
        guard try connection.run(statements.noteEpoch, parameters(transaction)).changed == 1 else {
            // It was committed before.
            try connection.run("ROLLBACK")
            return
        }
        try connection.run(statements.publish(isDistinct: true), [name])
        let rows = try connection.run(statements.unstage, [name]).changed
        guard rows == transaction.rows else {
            try connection.run("ROLLBACK")
            throw error(
                .impossible,
                "of \(transaction.rows) rows that wait in \(step.stagingTable) as \(name), \(rows) are there: someone has "
                    + "removed them; begin the job with an older snapshot or afresh")
        }
        try forget(transaction, connection)
        lost = .unknown
        try connection.run("COMMIT")
    }

    private func checkRun(_ connection: PostgresConnection) throws {
        let newest = try connection.run(statements.currentRun, identity).rows
        guard newest.first?[0] == String(run) else {
            throw error(
                .impossible,
                "another process has begun as pipeline \(step.pipeline), step \(step.step); stop one of them")
        }
    }

    private func forget(_ transaction: SQLTransaction, _ connection: PostgresConnection) throws(PostgresFailure) {
        guard transaction.epoch % 256 == 255 else { return }
        let limit = transaction.epoch - SQLStatements.retained
        try connection.run(
            statements.forgetEpochs,
            identity + ["\(transaction.run)", "\(transaction.worker)", "\(limit)"])
    }

    private func parameters(_ transaction: SQLTransaction) -> [String] {
        identity + ["\(transaction.run)", "\(transaction.worker)", "\(transaction.epoch)"]
    }

    private func error(_ outcome: CommitError.Outcome, _ message: String) -> CommitError {
        CommitError(
            outcome, message: "table \(settings.table.name) of \(connection?.name ?? "PostgreSQL"): \(message)")
    }

    private func wrap(_ error: any Error) -> any Error {
        guard let failure = error as? PostgresFailure else { return error }
        let remedy = failure.state == "42501" ? "; the sink's user must be the one that wrote before" : ""
        return SQLSinkError(
            .writeFailed, database: connection?.name ?? "PostgreSQL", table: settings.table.name,
            message: "\(failure)\(remedy)")
    }
}
