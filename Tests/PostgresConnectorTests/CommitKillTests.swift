import Foundation
import Testing
import Weir

@testable import PostgresConnector

@Suite(.enabled(if: PostgresServer.isThere, "no PostgreSQL server"))
struct CommitKillTests {
    /// What a finished job has left, as text.
    private struct Results: Equatable {
        var files: [String] = []
        var tables: [String: [[String]]] = [:]
    }

    /// A job with sinks into files and PostgreSQL is killed again and again, whatever it is at, and started again until it
    /// has ended: its results are those of a job that nobody disturbs.
    ///
    /// `WEIR_KILLS` says how often, `WEIR_RECORDS` how many records the job has, `WEIR_SEED` what the moments begin with.
    @Test func killedAtRandomMoments() throws {
        let server = try #require(PostgresServer.shared)
        func setting(_ name: String, _ standard: Int) -> Int {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
        }
        let kills = setting("WEIR_KILLS", 12)
        let records = setting("WEIR_RECORDS", 40_000)
        let seed = setting("WEIR_SEED", 2026)
        let expected = try run(server, records: records, pace: 0) { _ in
        } until: { program in
            #expect(program.status() == 0)
            return true
        }
        #expect(expected.files.count == records)
        #expect(expected.tables["history"]?.count == records)
        #expect(expected.tables["totals"]?.count == 998)
        // Read at this pace the records take about as long as the program lives until all kills are done.
        let pace = max(1, records / 2 / (kills * 400))
        var random = SplitMix64(seed: UInt64(seed))
        var counts = KillCounts()
        var jobs = 0
        while counts.kills < kills {
            jobs += 1
            let found = try run(server, records: records, pace: pace) { journal in
                try counts.add(journal: journal)
            } until: { program in
                let moment = counts.kills < kills ? 20 + Int32(random.next(below: 1_500)) : -1
                if program.hasEnded(within: moment) {
                    #expect(program.status() == 0)
                    return true
                }
                program.kill()
                counts.kills += 1
                return false
            }
            try #require(found == expected, "seed \(seed), job \(jobs), \(counts.kills) kills")
        }
        print("seed \(seed): \(jobs) jobs of \(records) records as undisturbed; \(counts)")
    }

    /// Runs the job in a new place, again and again until `wait` says that it has ended, and reads what it has left; each
    /// run's journal goes to `note`.
    private func run(
        _ server: PostgresServer, records: Int, pace: Int, note: (String) throws -> Void,
        until wait: (ChildProgram) throws -> Bool
    ) throws -> Results {
        let database = try server.makeDatabase()
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("crash-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let program = try ChildProgram.productsDirectory() + "/CommitCrasher"
        var hasEnded = false
        while !hasEnded {
            hasEnded = try wait(ChildProgram(program, [database.info, directory, "\(records)", "\(pace)"]))
            let journal = directory + "/journal"
            try note((try? String(contentsOfFile: journal, encoding: .utf8)) ?? "")
            try? FileManager.default.removeItem(atPath: journal)
        }
        #expect(try database.leftovers().isEmpty)
        var results = Results()
        results.files = try lines(of: directory + "/files")
        results.tables["history"] = try database.run("SELECT * FROM history ORDER BY key, count")
        results.tables["totals"] = try database.run("SELECT * FROM totals ORDER BY key")
        return results
    }

    /// The files' lines by key, each key's in the order in which they were written: workers may take turns differently.
    private func lines(of directory: String) throws -> [String] {
        var byKey: [Int: [String]] = [:]
        // By worker, and each worker's in the order of writing.
        for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
            #expect(name.hasPrefix("part-"), "left behind")
            for line in try String(contentsOfFile: directory + "/" + name, encoding: .utf8).split(separator: "\n") {
                byKey[try #require(Int(line.prefix { $0 != "," })), default: []].append(String(line))
            }
        }
        return byKey.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}

/// What was killed, and when.
private struct KillCounts: CustomStringConvertible {
    var kills = 0
    /// How many kills came within an action, by the action's name.
    private var within: [String: Int] = [:]
    /// How many transactions were prepared, committed, and handed to a start as in doubt.
    private var transactions: [String: Int] = [:]

    /// Counts what the program has noted from its start to its end.
    mutating func add(journal: String) throws {
        var open: [String: Set<Substring>] = [:]
        for line in journal.split(separator: "\n") {
            let words = line.split(separator: " ")
            try #require(words.count == 4, "journal: \(line)")
            let action = String(words[1])
            if words[0] == "begin" {
                open[action, default: []].insert(words[2])
            } else {
                open[action]?.remove(words[2])
                transactions[action, default: 0] += try #require(Int(words[3]))
            }
        }
        for (action, steps) in open where !steps.isEmpty { within[action, default: 0] += 1 }
    }

    var description: String {
        func count(_ counts: [String: Int], _ action: String) -> Int { counts[action, default: 0] }
        return "\(kills) kills, of which \(count(within, "prepare")) while preparing, \(count(within, "commit")) while "
            + "committing, \(count(within, "recover")) while recovering; \(count(transactions, "prepare")) transactions "
            + "prepared, \(count(transactions, "commit")) committed at once, \(count(transactions, "recover")) in doubt at a "
            + "start and committed by it"
    }
}
