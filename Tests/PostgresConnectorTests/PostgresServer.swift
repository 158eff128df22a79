import Synchronization
import Testing

@testable import PostgresConnector

#if canImport(Glibc)
    import Glibc
#endif

/// A server of the tests' own, which goes when this process does.
final class PostgresServer: Sendable {
    let port: String
    private let count = Atomic(0)

    /// The server of most tests; nil where none can be had.
    static let shared: PostgresServer? = {
        let server = try? PostgresServer()
        if server == nil {
            let line = String(repeating: "=", count: 78)
            let text = "\n\(line)\nNO POSTGRESQL SERVER: NOT TESTED. Scripts/postgres says why.\n\(line)\n\n"
            _ = write(2, text, text.utf8.count)
        }
        return server
    }()

    static var isThere: Bool { shared != nil }

    /// Starts one with settings of its own, as `name=value`.
    init(_ settings: [String] = []) throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let script = root.joined(separator: "/") + "/Scripts/postgres"
        let program = try ChildProgram(script, ["run"] + settings.flatMap { ["-c", $0] })
        port = try #require(program.readLine(), "Scripts/postgres has started no server")
        // Its input must stay open as long as this process lives.
        _ = Unmanaged.passRetained(program)
    }

    /// A database of its own, for tests that run side by side.
    func makeDatabase(_ options: String = "") throws -> TestDatabase {
        let name = "test\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
        try PostgresConnection(info("postgres")).run("CREATE DATABASE \(name) \(options)")
        return TestDatabase(info: info(name))
    }

    func info(_ database: String) -> String { "host=127.0.0.1 port=\(port) user=postgres dbname=\(database)" }
}

/// A database on the tests' server.
struct TestDatabase: Sendable {
    /// libpq's connection string.
    let info: String

    @discardableResult
    func run(_ statement: String) throws -> [[String]] { try PostgresConnection(info).run(statement).rows }

    /// Removes a schema, and before it the prepared transactions that hold it.
    func remove(schema: String) {
        let prepared = try? run("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")
        for row in prepared ?? [] { _ = try? run("ROLLBACK PREPARED '\(row[0])'") }
        _ = try? run("DROP SCHEMA \(schema) CASCADE")
    }

    /// What neither is visible nor was removed.
    func leftovers(schema: String = "public") throws -> [String] {
        var found = try run("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()").map { $0[0] }
        let tables = try run(
            "SELECT tablename FROM pg_tables WHERE schemaname = '\(schema)' AND tablename LIKE 'weir_staged_%'")
        for table in tables {
            found += try run("SELECT DISTINCT weir_tx FROM \"\(schema)\".\"\(table[0])\"").map { $0[0] }
        }
        return found
    }
}
