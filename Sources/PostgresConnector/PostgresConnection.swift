internal import CLibPQ
internal import Weir

/// What a server or the way to it answered.
struct PostgresFailure: Error, CustomStringConvertible {
    /// The five characters of SQLSTATE; empty where the fault is the connection's.
    let state: String
    let message: String
    /// Whether nothing more can be asked.
    let isLost: Bool

    var description: String { state.isEmpty ? message : "\(message) (SQLSTATE \(state))" }
}

/// A connection to a server, closed when it is let go of.
final class PostgresConnection {
    private let handle: OpaquePointer
    /// The database, with the server's host and port.
    let name: String

    /// Connects.
    ///
    /// - Parameter info: libpq's connection string, `key=value …` or `postgresql://…`; what it leaves out comes from the
    ///   environment (`PGHOST` and so on).
    init(_ info: String) throws(PostgresFailure) {
        // What comes before the string holds unless it says something else; what comes after holds in any case.
        let parameters = [
            ("connect_timeout", "10"), ("fallback_application_name", "weir"),
            // A server that is gone without a word is noticed within a minute, also by a commit that waits for an answer.
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"), ("dbname", info),
            // What is sent, whatever the database's own encoding and the environment say.
            ("client_encoding", "UTF8"),
        ]
        let connection = Self.withCStrings(parameters.map(\.0)) { keys in
            Self.withCStrings(parameters.map(\.1)) { PQconnectdbParams(keys, $0, 1) }
        }
        guard let handle = connection else {
            throw PostgresFailure(state: "", message: "no memory for a connection", isLost: true)
        }
        func text(_ part: UnsafeMutablePointer<CChar>?) -> String { part.map { String(cString: $0) } ?? "" }
        self.handle = handle
        name = "\(text(PQdb(handle))) at \(text(PQhost(handle))):\(text(PQport(handle)))"
        guard PQstatus(handle) == CONNECTION_OK else {
            throw PostgresFailure(state: "", message: Self.trimmed(PQerrorMessage(handle)), isLost: true)
        }
        try run("SET client_min_messages TO warning")
        // What another transaction holds: a clear failure rather than a job that hangs.
        try run("SET lock_timeout TO '30s'")
        // What is prepared or committed must outlast a crash of the server, whatever its default is.
        try run(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
    }

    deinit { PQfinish(handle) }

    /// Runs a statement and returns the rows of its answer as text, and the number of rows that it changed.
    @discardableResult
    func run(
        _ statement: String, _ parameters: [String] = []
    ) throws(PostgresFailure) -> (rows: [[String]], changed: Int) {
        let result = Self.withCStrings(parameters) {
            PQexecParams(handle, statement, Int32(parameters.count), nil, $0, nil, nil, 0)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN: break
        default: throw failure(result)
        }
        var rows: [[String]] = []
        for row in 0..<PQntuples(result) {
            rows.append((0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) })
        }
        return (rows, PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0)
    }

    /// Sends lines of a `COPY … FROM STDIN` that was begun by ``run(_:_:)``.
    func copy(_ bytes: [UInt8]) throws(PostgresFailure) {
        let sent = bytes.withUnsafeBytes { PQputCopyData(handle, $0.baseAddress, Int32($0.count)) }
        if sent != 1 { throw failure(nil) }
    }

    /// Ends the `COPY` and returns how many rows were taken.
    func endCopy() throws(PostgresFailure) -> Int {
        if PQputCopyEnd(handle, nil) != 1 { throw failure(nil) }
        var rows = 0
        var problem: PostgresFailure?
        while let result = PQgetResult(handle) {
            if PQresultStatus(result) == PGRES_COMMAND_OK {
                rows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
            } else {
                problem = failure(result)
            }
            PQclear(result)
        }
        if let problem { throw problem }
        return rows
    }

    private func failure(_ result: OpaquePointer?) -> PostgresFailure {
        let state = result.flatMap { PQresultErrorField($0, Self.stateField) }
        let message = result.flatMap { PQresultErrorMessage($0) }.map { Self.trimmed($0) } ?? ""
        return PostgresFailure(
            state: state.map { String(cString: $0) } ?? "",
            message: message.isEmpty ? Self.trimmed(PQerrorMessage(handle)) : message,
            isLost: PQstatus(handle) != CONNECTION_OK)
    }

    /// `PG_DIAG_SQLSTATE`, a macro that Swift doesn't see: the letter C.
    private static let stateField: Int32 = 0x43

    private static func trimmed(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "" }
        return String(cString: text).split(separator: "\n").joined(separator: "; ")
    }

    /// Pointers to the strings, and a null pointer behind them.
    private static func withCStrings<Value>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
    ) -> Value {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for string in strings {
            starts.append(bytes.count)
            bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
        return bytes.withUnsafeBufferPointer { buffer in
            let pointers = starts.map { start in buffer.baseAddress.map { $0 + start } } + [nil]
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
