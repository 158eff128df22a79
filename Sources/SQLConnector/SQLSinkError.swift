public import Weir

/// Why a sink into a database can't work.
///
/// ``description`` names database, table and what to do.
public struct SQLSinkError: LastingFailure, Sendable, CustomStringConvertible {
    /// The kinds of faults.
    public enum Code: Sendable, Hashable {
        /// The database can't be reached or opened.
        case cannotConnect
        /// Table, columns or key are not as the sink was told.
        case badTable
        /// A row has too few or too many values, or one that the database doesn't take.
        case badRow
        /// The server allows no prepared transactions.
        case preparedTransactionsDisabled
        /// The database refused to take the rows.
        case writeFailed
        /// Another process writes as this pipeline's step now.
        case replaced
    }

    /// The kind of fault.
    public let code: Code
    /// The database: a path, or a name with host and port.
    public let database: String
    /// The table.
    public let table: String
    /// What went wrong and what to do.
    public let message: String

    /// An error.
    public init(_ code: Code, database: String, table: String, message: String) {
        self.code = code
        self.database = database
        self.table = table
        self.message = message
    }

    /// Whether another process has taken over: a new attempt would take over from that one in turn.
    public var isLasting: Bool { code == .replaced }

    /// The database, the table and the message.
    public var description: String { "table \(table) of \(database): \(message)" }
}
