/// The statements that SQLite and PostgreSQL have in common.
package struct SQLStatements: Sendable {
    /// The tables of the sinks' own bookkeeping, in the target's schema.
    package static let runs = "weir_sink_runs"
    /// The transactions that were committed.
    package static let epochs = "weir_sink_epochs"
    /// How many epochs back a worker's committed transactions are known.
    package static let retained = 1_000

    /// The table.
    package let table: SQLTable
    /// The step.
    package let step: SQLStep

    package init(_ table: SQLTable, _ step: SQLStep) {
        self.table = table
        self.step = step
    }

    package static func quoted(_ name: String) -> String {
        var result = "\""
        for character in name.unicodeScalars {
            if character == "\"" { result += "\"" }
            result.unicodeScalars.append(character)
        }
        return result + "\""
    }

    /// A name, with its schema.
    package func qualified(_ name: String) -> String {
        (table.schema.map { Self.quoted($0) + "." } ?? "") + Self.quoted(name)
    }

    package var target: String { qualified(table.name) }
    package var staging: String { qualified(step.stagingTable) }
    package var runs: String { qualified(Self.runs) }
    package var epochs: String { qualified(Self.epochs) }

    /// The columns, quoted, with commas.
    package var columns: String { table.columns.map { Self.quoted($0.name) }.joined(separator: ", ") }

    /// Makes the target as it was described.
    package func createTarget(_ type: (SQLColumn.Kind) -> String) -> String {
        var lines = table.columns.map { "\(Self.quoted($0.name)) \(type($0.kind))" }
        if !table.key.isEmpty { lines.append("PRIMARY KEY (\(key))") }
        return "CREATE TABLE IF NOT EXISTS \(target) (\(lines.joined(separator: ", ")))"
    }

    package var createRuns: String {
        "CREATE TABLE IF NOT EXISTS \(runs) (pipeline TEXT NOT NULL, step TEXT NOT NULL, run BIGINT NOT NULL, "
            + "PRIMARY KEY (pipeline, step))"
    }

    package var createEpochs: String {
        "CREATE TABLE IF NOT EXISTS \(epochs) (pipeline TEXT NOT NULL, step TEXT NOT NULL, run BIGINT NOT NULL, "
            + "worker BIGINT NOT NULL, epoch BIGINT NOT NULL, "
            + "PRIMARY KEY (pipeline, step, worker, epoch, run))"
    }

    /// A new run of the step (parameters: pipeline, step), answered with its number.
    package var beginRun: String {
        "INSERT INTO \(runs) (pipeline, step, run) VALUES ($1, $2, 1) "
            + "ON CONFLICT (pipeline, step) DO UPDATE SET run = \(runs).run + 1 RETURNING run"
    }

    /// The number of the step's newest run (parameters: pipeline, step).
    package var currentRun: String { "SELECT run FROM \(runs) WHERE pipeline = $1 AND step = $2" }

    /// Notes a transaction as committed, unless it is (parameters: pipeline, step, run, worker, epoch).
    package var noteEpoch: String {
        "INSERT INTO \(epochs) (pipeline, step, run, worker, epoch) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    }

    /// Forgets what is too long ago to come again (parameters: pipeline, step, run, worker, epoch).
    package var forgetEpochs: String {
        "DELETE FROM \(epochs) WHERE pipeline = $1 AND step = $2 AND run <= $3 AND worker = $4 AND epoch < $5"
    }

    /// Moves a transaction's rows from the staging table to the target (parameter: its name).
    ///
    /// - Parameter isDistinct: whether only the last row of a key may be there, as PostgreSQL wants it.
    package func publish(isDistinct: Bool) -> String {
        let insert = "INSERT INTO \(target) (\(columns)) "
        guard table.write == .upsert else {
            return insert + "SELECT \(columns) FROM \(staging) WHERE weir_tx = $1 ORDER BY weir_row"
        }
        let others = table.columns.filter { !table.key.contains($0.name) }.map { Self.quoted($0.name) }
        let action =
            others.isEmpty
            ? "DO NOTHING" : "DO UPDATE SET " + others.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let rows =
            isDistinct
            ? "SELECT DISTINCT ON (\(key)) \(columns) FROM \(staging) WHERE weir_tx = $1 ORDER BY \(key), weir_row DESC"
            : "SELECT \(columns) FROM \(staging) WHERE weir_tx = $1 ORDER BY weir_row"
        return insert + rows + " ON CONFLICT (\(key)) \(action)"
    }

    /// A statement that can't be understood unless the table has a unique index on just the key.
    package var keyProbe: String {
        "INSERT INTO \(target) (\(columns)) SELECT \(columns) FROM \(target) WHERE 1 = 0 ON CONFLICT (\(key)) DO NOTHING"
    }

    /// Removes a transaction's rows from the staging table (parameter: its name).
    package var unstage: String { "DELETE FROM \(staging) WHERE weir_tx = $1" }

    private var key: String { table.key.map(Self.quoted).joined(separator: ", ") }
}
