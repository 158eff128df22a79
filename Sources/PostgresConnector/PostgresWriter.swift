public import SQLConnector
public import Weir

/// Sends a worker's rows to the server.
public struct PostgresWriter<Element: Sendable>: TransactionalWriter {
    private let settings: PostgresSettings
    private let statements: SQLStatements
    private let row: @Sendable (Element) -> [SQLValue]
    private let connection: PostgresConnection
    private let worker: Int
    private let run: Int64
    private var transaction: SQLTransaction
    private var bytes: [UInt8] = []
    private var rows = 0

    init(
        _ settings: PostgresSettings, _ context: SinkContext, _ row: @escaping @Sendable (Element) -> [SQLValue]
    ) throws {
        self.settings = settings
        self.row = row
        worker = context.worker
        connection = try settings.connect()
        let step = try settings.locate(SQLStep(pipeline: context.pipeline, step: context.step), connection)
        statements = SQLStatements(settings.table, step)
        try settings.lock(step, connection)
        // A transaction is open from one snapshot to the next, and a COPY may wait for records all that time.
        try connection.run(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN "
                + "('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')")
        if let number = context.run?.number {
            run = number
        } else {
            let newest = try connection.run(statements.currentRun, [step.pipeline, step.step]).rows
            run = newest.first.flatMap { Int64($0[0]) } ?? 0
        }
        transaction = SQLTransaction(form: .staged, run: run, worker: worker, epoch: 0, rows: 0)
    }

    /// Begins a transaction on the server.
    public mutating func begin(epoch: Int) throws {
        transaction = SQLTransaction(
            form: settings.isPrepared ? .prepared : .staged, run: run, worker: worker, epoch: epoch, rows: 0)
        rows = 0
        bytes.removeAll(keepingCapacity: true)
        try wrapped {
            try connection.run("BEGIN ISOLATION LEVEL READ COMMITTED")
            let copy =
                settings.isPrepared
                ? "\(statements.target) (\(statements.columns))"
                : "\(statements.staging) (weir_tx, weir_row, \(statements.columns))"
            try connection.run("COPY \(copy) FROM STDIN")
        }
    }

    /// Sends the batch's rows.
    public mutating func write(_ batch: Batch<Element>) throws {
        let name = transaction.name(in: statements.step)
        for i in 0..<batch.count {
            let values = row(batch.elements[i])
            guard values.count == settings.table.columns.count else {
                throw badRow("a row has \(values.count) values for \(settings.table.columns.count) columns")
            }
            if !settings.isPrepared {
                bytes.append(contentsOf: name.utf8)
                bytes.append(0x09)
                bytes.append(contentsOf: String(rows).utf8)
                bytes.append(0x09)
            }
            for (number, value) in values.enumerated() {
                if number > 0 { bytes.append(0x09) }
                if let problem = CopyText.append(value, to: &bytes) { throw badRow(problem) }
            }
            bytes.append(0x0A)
            rows += 1
            if bytes.count >= 1 << 16 { try send() }
        }
    }

    /// Makes the rows safe on the server.
    public mutating func prepare() throws -> SQLTransaction? {
        try send()
        return try wrapped {
            let taken = try connection.endCopy()
            let step = statements.step
            let newest = try connection.run(statements.currentRun, [step.pipeline, step.step]).rows
            guard newest.first?[0] == String(run) else {
                try connection.run("ROLLBACK")
                throw replaced
            }
            let prepared = SQLTransaction(
                form: transaction.form, run: run, worker: worker, epoch: transaction.epoch, rows: taken)
            if settings.isPrepared {
                // The proof of the commit is a part of it.
                try connection.run(
                    statements.noteEpoch, [step.pipeline, step.step, "\(run)", "\(worker)", "\(prepared.epoch)"])
                try connection.run("PREPARE TRANSACTION '\(prepared.name(in: step))'")
            } else {
                try connection.run("COMMIT")
            }
            return prepared
        }
    }

    private mutating func send() throws {
        guard !bytes.isEmpty else { return }
        try wrapped { try connection.copy(bytes) }
        bytes.removeAll(keepingCapacity: true)
    }

    private func badRow(_ problem: String) -> SQLSinkError {
        SQLSinkError(.badRow, database: connection.name, table: settings.table.name, message: problem)
    }

    private var replaced: SQLSinkError {
        let step = statements.step
        return SQLSinkError(
            .replaced, database: connection.name, table: settings.table.name,
            message: "another process has begun as pipeline \(step.pipeline), step \(step.step); stop one")
    }

    /// Whether a lost connection was ended by another process that has taken over.
    private var wasReplaced: Bool {
        let step = statements.step
        // Without an answer it is taken for a fault of the network or the server, after which the job may begin again.
        let newest = try? settings.connect().run(statements.currentRun, [step.pipeline, step.step]).rows
        return newest?.first.map { $0[0] != String(run) } ?? false
    }

    private func wrapped<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let failure as PostgresFailure {
            if failure.isLost && wasReplaced { throw replaced }
            let remedy =
                switch failure.state {
                case "53200" where settings.isPrepared, "55000" where settings.isPrepared:
                    "; raise the server's max_prepared_transactions, or use commit: .staged"
                case "55P03": "; another transaction holds rows of the same key: use commit: .staged"
                default: ""
                }
            throw SQLSinkError(
                ["22", "23"].contains(failure.state.prefix(2)) ? .badRow : .writeFailed, database: connection.name,
                table: settings.table.name, message: "\(failure)\(remedy)")
        }
    }
}
