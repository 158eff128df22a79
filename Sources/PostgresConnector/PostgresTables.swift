internal import SQLConnector

/// The tables that a sink needs.
struct PostgresTables {
    private let settings: PostgresSettings
    private let statements: SQLStatements
    private let connection: PostgresConnection

    init(_ settings: PostgresSettings, _ statements: SQLStatements, _ connection: PostgresConnection) {
        self.settings = settings
        self.statements = statements
        self.connection = connection
    }

    /// Makes what is missing and looks whether the rest will do.
    func ensure() throws(SQLSinkError) {
        if let problem = settings.table.problem { throw error(.badTable, problem) }
        if settings.isPrepared && settings.table.write == .upsert {
            throw error(
                .badTable, "an upsert can't be prepared, as it would keep the next waiting; use commit: .staged")
        }
        do throws(PostgresFailure) {
            if settings.isPrepared {
                let most = try connection.run("SHOW max_prepared_transactions").rows.first?[0]
                guard most != "0" else {
                    throw PostgresFailure(state: "weir", message: "", isLost: false)
                }
            }
            try connection.run("BEGIN")
            // One at a time: two sessions that make a table if there is none get in each other's way.
            try connection.run("SELECT pg_advisory_xact_lock(\(SQLStep(pipeline: "weir", step: "tables").number))")
            try make(statements.runs, statements.createRuns)
            try make(statements.epochs, statements.createEpochs)
            if settings.table.isCreated { try make(statements.target, statements.createTarget(Self.type)) }
            try connection.run("COMMIT")
            try connection.run("SELECT \(statements.columns) FROM \(statements.target) WHERE false")
            if settings.table.write == .upsert { try checkKey() }
        } catch {
            guard error.state != "weir" else {
                throw self.error(
                    .preparedTransactionsDisabled,
                    "the server's max_prepared_transactions is 0; raise it to twice the number of workers of all such "
                        + "sinks and restart the server, or use commit: .staged, which needs no setting")
            }
            throw self.error(
                error.isLost ? .cannotConnect : .badTable,
                "\(error); make the table with the columns and the key that the sink names, or let the sink's user")
        }
    }

    /// An empty staging table in the target's form, whatever was there.
    func renewStaging() throws(PostgresFailure) {
        try connection.run("BEGIN")
        try connection.run("DROP TABLE IF EXISTS \(statements.staging)")
        if !settings.isPrepared {
            try connection.run(
                "CREATE TABLE \(statements.staging) AS SELECT ''::text AS weir_tx, 0::bigint AS weir_row, "
                    + "\(statements.columns) FROM \(statements.target) WITH NO DATA")
            try connection.run("CREATE INDEX ON \(statements.staging) (weir_tx)")
        }
        try connection.run("COMMIT")
    }

    /// Fails where no unique index is on just the key.
    private func checkKey() throws(PostgresFailure) {
        try connection.run("EXPLAIN \(statements.keyProbe)")
    }

    /// Asks first: who may not create tables may use those that are there.
    private func make(_ table: String, _ statement: String) throws(PostgresFailure) {
        let there = try connection.run("SELECT to_regclass($1) IS NOT NULL", [table]).rows.first?[0]
        if there != "t" { try connection.run(statement) }
    }

    private func error(_ code: SQLSinkError.Code, _ message: String) -> SQLSinkError {
        SQLSinkError(code, database: connection.name, table: settings.table.name, message: message)
    }

    private static func type(_ kind: SQLColumn.Kind) -> String {
        switch kind {
        case .integer: "BIGINT"
        case .real: "DOUBLE PRECISION"
        case .text: "TEXT"
        case .bytes: "BYTEA"
        case .boolean: "BOOLEAN"
        case .timestamp: "TIMESTAMPTZ"
        }
    }
}
