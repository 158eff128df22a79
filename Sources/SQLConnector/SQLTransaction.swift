internal import Weir

/// Rows that wait in a database for their commit.
public struct SQLTransaction: Sendable, Hashable, Codable {
    /// How the rows wait.
    public enum Form: String, Sendable, Hashable, Codable {
        /// In a staging table.
        case staged
        /// In a transaction that was prepared on the server.
        case prepared
    }

    /// How the rows wait.
    public let form: Form
    /// The number of the job's start, among all of this pipeline's step in this database.
    public let run: Int64
    /// The worker.
    public let worker: Int
    /// The number of the transaction on its worker.
    public let epoch: Int
    /// The number of rows.
    public let rows: Int

    package init(form: Form, run: Int64, worker: Int, epoch: Int, rows: Int) {
        self.form = form
        self.run = run
        self.worker = worker
        self.epoch = epoch
        self.rows = rows
    }

    /// The name of the run's transaction among all of its database.
    package func name(in step: SQLStep) -> String { step.prefix + "\(run):\(worker):\(epoch)" }
}

/// A pipeline's step as databases know it.
package struct SQLStep: Sendable {
    /// The pipeline's name.
    package let pipeline: String
    /// The step's name.
    package let step: String

    /// Where it writes, among all places whose transactions have their names in common.
    package let place: String

    package init(pipeline: String, step: String, place: String = "") {
        self.pipeline = pipeline
        self.step = step
        self.place = place
    }

    /// What the names of its transactions begin with, and those of no other step do.
    ///
    /// Short enough for PostgreSQL, whose names of transactions have at most 199 bytes.
    package var prefix: String { "weir:\(Self.encode(pipeline)):\(Self.encode(step)):\(place):" }

    /// A number for locks.
    package var number: Int64 {
        Int64(bitPattern: StableHash.combine(pipeline.stableHash, (step + ":" + place).stableHash))
    }

    /// The name of the table where its rows wait.
    package var stagingTable: String {
        let digits = String(UInt64(bitPattern: number), radix: 16)
        return "weir_staged_" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Letters, digits and a few signs as they are, others as `%3A`; a hash in place of the end of what is long.
    private static func encode(_ name: String) -> String {
        var result = ""
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: result.unicodeScalars.append(.init(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        guard result.utf8.count > 60 else { return result }
        return result.prefix(40) + "~" + String(name.stableHash, radix: 16)
    }
}
