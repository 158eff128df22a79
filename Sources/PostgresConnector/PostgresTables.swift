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
            if try hasRowTriggers() {
                // They may put right what the table's constraints would refuse.
                try connection.run(
                    "CREATE TABLE \(statements.staging) AS SELECT ''::text AS weir_tx, 0::bigint AS weir_row, "
                        + "\(statements.columns) FROM \(statements.target) WITH NO DATA")
            } else {
                try makeStagingWithConstraints()
            }
            try connection.run("CREATE INDEX ON \(statements.staging) (weir_tx)")
        }
        try connection.run("COMMIT")
    }

    /// A row that the table wouldn't take is refused while it is written, by the name of its column, and not when a
    /// snapshot counts it already.
    private func makeStagingWithConstraints() throws(PostgresFailure) {
        try connection.run(
            "CREATE TABLE \(statements.staging) (LIKE \(statements.target) INCLUDING CONSTRAINTS)")
        let names = settings.table.columns.map(\.name)
        let places = names.indices.map { "$\($0 + 2)" }.joined(separator: ", ")
        // Those that the table fills by itself.
        let others = try connection.run(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped "
                + "AND attname NOT IN (\(places))", [statements.staging] + names)
        var changes = others.rows.map { "DROP COLUMN \(SQLStatements.quoted($0[0]))" }
        changes += ["ADD COLUMN weir_tx TEXT", "ADD COLUMN weir_row BIGINT"]
        try connection.run("ALTER TABLE \(statements.staging) \(changes.joined(separator: ", "))")
    }

    /// Whether rows pass through triggers before they are looked at.
    private func hasRowTriggers() throws(PostgresFailure) -> Bool {
        let found = try connection.run(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass($1) AND NOT tgisinternal "
                + "AND tgtype & 1 = 1 AND tgtype & \(2 | 64) <> 0", [statements.target])
        return found.rows.first?[0] != "0"
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
