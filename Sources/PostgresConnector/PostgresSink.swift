public import SQLConnector
public import Weir

/// Writes records as rows of a table of a PostgreSQL server, each exactly once.
///
/// ```swift
/// let totals = SQLTable("totals", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)
/// stream.commit("totals", to: PostgresSink("host=db dbname=shop", totals) { [.text($0.user), .integer($0.sum)] })
/// ```
/// Each worker sends its rows by `COPY` as they come. At a barrier they are made safe on the server, and once the
/// snapshot is durable they are committed, together with a row that says so (table `weir_sink_epochs`): a commit that is
/// repeated changes nothing.
///
/// Pipeline and step name the sink in its database. A second process that starts as the same ones takes over: it ends the
/// connections of the first, whose commits are refused from then on. PostgreSQL 14 or newer.
public struct PostgresSink<Element: Sendable>: TransactionalSink {
    /// How rows wait for their commit.
    public enum Commit: Sendable, Hashable {
        /// In a staging table, from which the commit moves them.
        ///
        /// Works on any server, and with upserts. Each row is written twice.
        case staged
        /// In a prepared transaction (`PREPARE TRANSACTION`), which the commit ends by `COMMIT PREPARED`.
        ///
        /// Rows are written once. For ``SQLTable/Write/append`` only, since an upsert that is prepared would keep the next
        /// one of the same key waiting. The server's `max_prepared_transactions` has to be twice the number of workers of
        /// all such sinks at least (its default is 0).
        case prepared
    }

    let settings: PostgresSettings
    let row: @Sendable (Element) -> [SQLValue]

    /// A sink into a table.
    ///
    /// - Parameters:
    ///   - connection: libpq's connection string, `host=… dbname=…` or `postgresql://…`; what it leaves out comes from the
    ///     environment (`PGHOST`, `PGPASSWORD`, …).
    ///   - table: the table, its columns, and what becomes of rows whose key is there.
    ///   - commit: how rows wait for their commit.
    ///   - row: a record's values, one for each column.
    public init(
        _ connection: String, _ table: SQLTable, commit: Commit = .staged,
        row: @escaping @Sendable (Element) -> [SQLValue]
    ) {
        settings = PostgresSettings(connection: connection, table: table, isPrepared: commit == .prepared)
        self.row = row
    }

    /// A worker's writer.
    ///
    /// - Throws: ``SQLSinkError``.
    public func makeWriter(_ context: SinkContext) throws -> PostgresWriter<Element> {
        try PostgresWriter(settings, context, row)
    }

    /// The step's committer; makes the tables that are missing.
    ///
    /// - Throws: ``SQLSinkError``.
    public func makeCommitter(_ context: CommitterContext) throws -> PostgresCommitter {
        try PostgresCommitter(settings, context)
    }
}

/// Where a sink writes, and how.
struct PostgresSettings: Sendable {
    let connection: String
    let table: SQLTable
    let isPrepared: Bool

    func connect() throws(SQLSinkError) -> PostgresConnection {
        do { return try PostgresConnection(connection) } catch {
            throw SQLSinkError(
                .cannotConnect, database: "PostgreSQL", table: table.name,
                message: "\(error); see to the server, and to the sink's connection string")
        }
    }

    /// The step, with the place where it writes: database and schema, by their numbers on the server, since the names of
    /// prepared transactions are known to all of its databases.
    func locate(_ step: SQLStep, _ connection: PostgresConnection) throws(PostgresFailure) -> SQLStep {
        let place = try connection.run(
            "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || '.' || relnamespace "
                + "FROM pg_class WHERE oid = to_regclass($1)", [SQLStatements(table, step).target])
        return SQLStep(pipeline: step.pipeline, step: step.step, place: place.rows.first?[0] ?? "")
    }

    /// Every connection of a step holds a lock in common, by which a new run finds and ends those of an older one.
    func lock(_ step: SQLStep, _ connection: PostgresConnection) throws(PostgresFailure) {
        try connection.run("SELECT pg_advisory_lock_shared(\(step.number))")
    }
}
