#if SQLite
    internal import GRDB
    public import SQLConnector
    public import Weir

    /// Puts a worker's rows into the staging table.
    public struct SQLiteWriter<Element: Sendable>: TransactionalWriter {
        private let settings: SQLiteSettings
        private let statements: SQLStatements
        private let row: @Sendable (Element) -> [SQLValue]
        private let database: DatabaseQueue
        private let worker: Int
        private let run: Int64
        private var epoch = 0
        private var rows: [[SQLValue]] = []
        private var staged = 0

        /// How many rows wait in memory before they are put into the staging table.
        private var most: Int { 8_192 }

        init(
            _ settings: SQLiteSettings, _ context: SinkContext, _ row: @escaping @Sendable (Element) -> [SQLValue]
        ) throws {
            self.settings = settings
            self.row = row
            worker = context.worker
            let step = SQLStep(pipeline: context.pipeline, step: context.step)
            let statements = SQLStatements(settings.table, step)
            self.statements = statements
            let database = try settings.open()
            self.database = database
            run =
                try context.run?.number
                ?? database.read {
                    try Int64.fetchOne($0, sql: statements.currentRun, arguments: [step.pipeline, step.step])
                } ?? 0
        }

        /// Begins with no rows.
        public mutating func begin(epoch: Int) {
            self.epoch = epoch
            rows.removeAll(keepingCapacity: true)
            staged = 0
        }

        /// Takes the batch's rows.
        public mutating func write(_ batch: Batch<Element>) throws {
            for i in 0..<batch.count {
                let values = row(batch.elements[i])
                guard values.count == settings.table.columns.count else {
                    throw settings.error(
                        .badRow, "a row has \(values.count) values for \(settings.table.columns.count) columns")
                }
                rows.append(values)
            }
            if rows.count >= most { try stage() }
        }

        /// Puts the rows into the staging table.
        public mutating func prepare() throws -> SQLTransaction? {
            try stage()
            return staged == 0
                ? nil : SQLTransaction(form: .staged, run: run, worker: worker, epoch: epoch, rows: staged)
        }

        /// Closes the database.
        public mutating func close() throws { try database.close() }

        private mutating func stage() throws {
            guard !rows.isEmpty else { return }
            let step = statements.step
            let transaction = SQLTransaction(form: .staged, run: run, worker: worker, epoch: epoch, rows: 0)
            let name = transaction.name(in: step).databaseValue
            let places = String(repeating: ", ?", count: settings.table.columns.count)
            do {
                try database.inTransaction(.immediate) { database in
                    let newest = try Int64.fetchOne(
                        database, sql: statements.currentRun, arguments: [step.pipeline, step.step])
                    guard newest == run else {
                        throw settings.error(
                            .replaced,
                            "another process has begun as pipeline \(step.pipeline), step \(step.step); stop one")
                    }
                    let insert = try database.cachedStatement(
                        sql: "INSERT INTO \(statements.staging) (weir_tx, weir_row, \(statements.columns)) "
                            + "VALUES (?, ?\(places))")
                    for (number, values) in rows.enumerated() {
                        let own = [name, (staged + number).databaseValue]
                        try insert.execute(arguments: StatementArguments(own + values.map(\.databaseValue)))
                    }
                    return .commit
                }
            } catch let error as SQLSinkError { throw error } catch let error as DatabaseError
                where error.resultCode == .SQLITE_CONSTRAINT
            {
                throw settings.error(.badRow, "\(error)")
            } catch {
                throw settings.error(.writeFailed, "\(error)")
            }
            staged += rows.count
            rows.removeAll(keepingCapacity: true)
        }
    }
#endif
