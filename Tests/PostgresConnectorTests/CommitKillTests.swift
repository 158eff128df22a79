import Foundation
import Testing
import Weir

@testable import PostgresConnector

@Suite(.enabled(if: PostgresServer.isThere, "no PostgreSQL server"))
struct CommitKillTests {
    /// What a finished job has left.
    private struct Results: Equatable {
        var tables: [String: [[String]]] = [:]
    }

    /// A job with transactional sinks is killed again and again, whatever it is at, and started again until it has ended:
    /// its results are those of a job that nobody disturbs.
    ///
    /// `WEIR_COMMIT_KILLS` says how often, `WEIR_COMMIT_RECORDS` how many records the job has.
    @Test func killedAtRandomMoments() throws {
        let server = try #require(PostgresServer.shared)
        let environment = ProcessInfo.processInfo.environment
        let kills = environment["WEIR_COMMIT_KILLS"].flatMap { Int($0) } ?? 15
        let records = environment["WEIR_COMMIT_RECORDS"].flatMap { Int($0) } ?? 40_000
        let seed: UInt64 = 2026
        let expected = try round(server, records: records, pace: 0) { program in
            #expect(program.status() == 0)
            return true
        }
        #expect(expected.tables["history"]?.count == records)
        #expect(expected.tables["totals"]?.count == 998)
        // An undisturbed round takes some six seconds, so that most of its kills hit a job that has got somewhere.
        let pace = max(1, records / 12_000)
        var random = SplitMix64(seed: seed)
        var done = 0
        var rounds = 0
        while done < kills {
            rounds += 1
            let found = try round(server, records: records, pace: pace) { program in
                let moment = done < kills ? 20 + Int32(random.next(below: 900)) : -1
                if program.hasEnded(within: moment) {
                    #expect(program.status() == 0)
                    return true
                }
                program.kill()
                done += 1
                return false
            }
            try #require(found == expected, "seed \(seed), round \(rounds), \(done) kills")
        }
        print("\(done) kills in \(rounds) rounds of \(records) records: the results of an undisturbed run each time")
    }

    /// Runs the job in a new place, again and again until `wait` says that it has ended, and reads what it has left.
    private func round(
        _ server: PostgresServer, records: Int, pace: Int, until wait: (ChildProgram) throws -> Bool
    ) throws -> Results {
        let database = try server.makeDatabase()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let program = try ChildProgram.productsDirectory() + "/CommitCrasher"
        repeat {} while try !wait(ChildProgram(program, [database.info, directory, "\(records)", "\(pace)"]))
        var results = Results()
        results.tables["history"] = try database.run("SELECT * FROM history ORDER BY key, count")
        results.tables["totals"] = try database.run("SELECT * FROM totals ORDER BY key")
        #expect(try database.leftovers().isEmpty)
        return results
    }
}
