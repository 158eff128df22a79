#if SQLite
    public import SQLConnector
    public import Weir

    /// Writes records as rows of a table of an SQLite database, each exactly once.
    ///
    /// ```swift
    /// let totals = SQLTable("totals", [.text("user"), .integer("sum")], key: ["user"], write: .upsert)
    /// stream.commit("totals", to: SQLiteSink("results.db", totals) { [.text($0.user), .integer($0.sum)] })
    /// ```
    /// Rows wait in a staging table. Once the snapshot that counts them is durable, one transaction moves them into the
    /// table and notes that it did (table `weir_sink_epochs`): a commit that is repeated changes nothing. The database is
    /// put into WAL mode, so that others can read it meanwhile; keep it on a local disk.
    ///
    /// Pipeline and step name the sink in its database. A second process that starts as the same ones takes over: commits of
    /// the first are refused from then on.
    ///
    /// Needs the package's trait `SQLite`.
    public struct SQLiteSink<Element: Sendable>: TransactionalSink {
        let settings: SQLiteSettings
        let row: @Sendable (Element) -> [SQLValue]

        /// A sink into a table.
        ///
        /// - Parameters:
        ///   - path: the database's file, made where there is none.
        ///   - table: the table, its columns, and what becomes of rows whose key is there.
        ///   - busyTimeout: how long to wait for another process that writes; 10 seconds by default.
        ///   - row: a record's values, one for each column.
        public init(
            _ path: String, _ table: SQLTable, busyTimeout: Duration = .seconds(10),
            row: @escaping @Sendable (Element) -> [SQLValue]
        ) {
            settings = SQLiteSettings(path: path, table: table, busyTimeout: busyTimeout)
            self.row = row
        }

        /// A worker's writer.
        ///
        /// - Throws: ``SQLSinkError``.
        public func makeWriter(_ context: SinkContext) throws -> SQLiteWriter<Element> {
            try SQLiteWriter(settings, context, row)
        }

        /// The step's committer; makes the tables that are missing.
        ///
        /// - Throws: ``SQLSinkError``.
        public func makeCommitter(_ context: CommitterContext) throws -> SQLiteCommitter {
            try SQLiteCommitter(settings, context)
        }
    }
#endif
