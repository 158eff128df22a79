import Foundation
import RocksDBBackend
import StateBackend
import Testing

/// A job over RocksDB is killed again and again, mostly amid a snapshot.
struct StoreKillTests {
    /// What the job's state holds after some numbers of each split.
    private struct Model {
        var positions: [Int64] = [0, 0]
        var sums: [Int64: Int64] = [:]
        var last: [Int64: Int64] = [:]

        mutating func go(to positions: [Int64]) {
            for split in [0, 1] {
                for number in stride(from: self.positions[split], to: positions[split], by: 1) {
                    let key = number * 7_919 % 3_000 * 2 + Int64(split)
                    sums[key] = number % 7 == 0 ? nil : (sums[key] ?? 0) + number
                    last[key] = number
                }
            }
            self.positions = positions
        }
    }

    /// Whatever was the moment: the newest snapshot is whole and holds what was captured, by itself and to a job that
    /// begins with it, it isn't older than the one before, and nothing is left of those that came to nothing.
    ///
    /// `WEIR_KILLS` says how often.
    @Test func killedAtRandomMoments() throws {
        let kills = ProcessInfo.processInfo.environment["WEIR_KILLS"].flatMap { Int($0) } ?? 10
        let directory = try TemporaryDirectory()
        let snapshots = directory.path + "/snapshots"
        let stores = directory.path + "/stores"
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: snapshots), pipeline: "crash")
        var random = SeededGenerator(seed: 2026)
        var model = Model()
        var last = 0
        var leftovers = 0
        for kill in 0..<kills {
            // The first time not before there is a snapshot or two.
            let steps = (kill == 0 ? 60 : 1) + random.below(120)
            try runAndKill([snapshots, stores, "job"], after: steps, microseconds: random.below(4_000))
            let ids = try repository.ids()
            try #require(ids.last ?? 0 >= last, "kill \(kill): snapshot \(last) was there, and now there are \(ids)")
            last = ids.last ?? 0
            // Those before the newest may have been checked already; their files are shared.
            for id in ids {
                #expect(try repository.open(id).verify().isEmpty, "kill \(kill), snapshot \(id)")
            }
            if let newest = try repository.openLatest() {
                try expect(newest, &model, stores, "kill \(kill), snapshot \(last)")
            }
            leftovers += try repository.collectOrphans(before: .max).count
            let named = try Set(repository.ids().flatMap { try repository.manifest($0).files.map(\.object) })
            let there = try Set(repository.storage.list("crash/files/").map(\.name))
            #expect(there == named, "kill \(kill): files of no snapshot, or missing ones")
            // The look into the snapshot has deleted what the job's stores had left, and its own.
            let left = try FileManager.default.contentsOfDirectory(atPath: stores)
            #expect(last == 0 || left.isEmpty, "kill \(kill): \(left)")
        }
        #expect(last > 0 && leftovers > 0)
        let numbers = model.positions.reduce(0, +)
        print("\(kills) kills of a job over RocksDB: \(last) snapshots, \(numbers) numbers, \(leftovers) leftovers")
    }

    private func expect(_ snapshot: StoredSnapshot, _ model: inout Model, _ stores: String, _ place: String) throws {
        var positions: [Int64] = [0, 0]
        for position in snapshot.manifest.positions {
            positions[try #require(Int(position.split))] = try #require(Int64(position.position), "\(position)")
        }
        // A job goes on from the newest one, so that positions only rise.
        try #require(zip(model.positions, positions).allSatisfy { $0 <= $1 }, "\(place)")
        model.go(to: positions)
        let contents = StoredContents(snapshot, scratch: stores + "-scratch")
        let inspector = SnapshotInspector(contents, backends: [RocksDBBackend(directory: stores)])
        var found: [String: [Int64: Int64]] = ["sum": [:], "last": [:]]
        try inspector.forEachRow(SnapshotInspector.Filter(step: "hold")) { row in
            let key = try #require(row.key.flatMap { Int64($0) })
            #expect(found[row.state]?.updateValue(try #require(Int64(row.value)), forKey: key) == nil)
            return true
        }
        #expect(found["sum"] == model.sums && found["last"] == model.last, "\(place)")
    }

    /// Starts the program, lets it take some steps and go on for some more time, and kills it.
    private func runAndKill(_ arguments: [String], after steps: Int, microseconds: Int) throws {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let own = URL(fileURLWithPath: bundle ?? "/proc/self/exe").resolvingSymlinksInPath()
        let program = Process()
        program.executableURL = own.deletingLastPathComponent().appendingPathComponent("SnapshotCrasher")
        program.arguments = arguments
        let output = Pipe()
        program.standardOutput = output
        try program.run()
        for _ in 0..<steps {
            guard try output.fileHandleForReading.read(upToCount: 1)?.count == 1 else {
                Issue.record("the program has ended by itself")
                break
            }
        }
        usleep(UInt32(microseconds))
        kill(program.processIdentifier, SIGKILL)
        program.waitUntilExit()
    }
}
