#if SQLite
    internal import Foundation
    internal import GRDB
    internal import SQLConnector
    internal import Weir

    /// Where a sink writes, and how.
    struct SQLiteSettings: Sendable {
        let path: String
        let table: SQLTable
        let busyTimeout: Duration

        func open() throws(SQLSinkError) -> DatabaseQueue {
            var configuration = Configuration()
            let (seconds, attoseconds) = busyTimeout.components
            configuration.busyMode = .timeout(Double(seconds) + Double(attoseconds) * 1e-18)
            configuration.journalMode = .wal
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            do { return try DatabaseQueue(path: path, configuration: configuration) } catch {
                throw self.error(
                    .cannotConnect,
                    "\(error); see to the file and its directory, which must be writable, or wait until "
                        + "nobody else holds it")
            }
        }

        func error(_ code: SQLSinkError.Code, _ message: String) -> SQLSinkError {
            SQLSinkError(code, database: path, table: table.name, message: message)
        }
    }

    extension SQLValue {
        /// The value as SQLite keeps it.
        var databaseValue: DatabaseValue {
            switch self {
            case .null: .null
            case .integer(let number): number.databaseValue
            case .real(let number): number.databaseValue
            case .text(let text): text.databaseValue
            case .bytes(let bytes): Data(bytes).databaseValue
            case .boolean(let isTrue): isTrue.databaseValue
            case .timestamp(let time): formatTimestamp(time).databaseValue
            }
        }
    }
#endif
