import SQLConnector
import StreamTesting
import Synchronization
import Testing
import Weir

@testable import PostgresConnector

/// The published suite of transactional sinks, on a real server.
@Suite(.enabled(if: PostgresServer.isThere, "no PostgreSQL server"))
struct PostgresSuiteTests {
    typealias Form = (commit: PostgresSink<Int>.Commit, write: SQLTable.Write)

    @Test(
        arguments: TransactionalSinkCheck.allCases,
        [Form(.staged, .append), Form(.staged, .upsert), Form(.prepared, .append)])
    func conforms(check: TransactionalSinkCheck, form: Form) throws {
        let server = try #require(PostgresServer.shared)
        let database = try server.makeDatabase()
        let schemas = Mutex(0)
        var suite = TransactionalSinkSuite(element: { $0 }) {
            let schema = schemas.withLock { count in
                count += 1
                return "place\(count)"
            }
            try database.run("CREATE SCHEMA \(schema)")
            // A serial number says in which order the rows have come.
            try database.run("CREATE TABLE \(schema).numbers (place BIGSERIAL, number BIGINT UNIQUE)")
            let table = SQLTable("numbers", schema: schema, [.integer("number")], key: ["number"], write: form.write)
            return TransactionalSinkPlace(
                sink: { PostgresSink(database.info, table, commit: form.commit) { [.integer($0)] } },
                visible: {
                    try database.run("SELECT number FROM \(schema).numbers ORDER BY place").compactMap { Int($0[0]) }
                },
                leftovers: { try database.leftovers(schema: schema) },
                remove: { database.remove(schema: schema) })
        }
        // An upsert sorts a transaction by key, to find the last row of each.
        suite.keepsOrder = form.write == .append
        // Each in a schema of its own, over connections of its own.
        suite.seeds = 0..<5
        suite.steps = 40
        try suite.run(check)
    }
}
