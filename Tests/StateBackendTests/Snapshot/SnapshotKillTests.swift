import StateBackend
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct SnapshotKillTests {
    /// A process that writes snapshots is killed again and again; whatever was the moment, the newest snapshot is whole
    /// and has what its number says.
    ///
    /// `WEIR_KILLS` says how often.
    @Test func killedAtRandomMoments() throws {
        let kills = getenv("WEIR_KILLS").flatMap { Int(String(cString: $0)) } ?? 40
        let directory = TemporaryDirectory()
        let store = directory.path + "/snapshots"
        let scratch = directory.path + "/scratch"
        mkdir(scratch, 0o755)
        let repository = SnapshotRepository(LocalSnapshotStorage(directory: store), pipeline: "crash")
        var random = SeededGenerator(seed: 2026)
        var last = 0
        var leftovers = 0
        for kill in 0..<kills {
            try runAndKill([store, scratch], after: 1 + random.below(60), spins: random.below(3_000_000))
            let snapshot = try repository.openLatest()
            let id = snapshot?.manifest.id ?? 0
            try #require(id >= last, "kill \(kill): snapshot \(last) was there, and now \(id) is the newest")
            last = id
            for id in try repository.ids() {
                let snapshot = try repository.open(id)
                #expect(snapshot.verify().isEmpty, "kill \(kill)")
                #expect(try snapshot.model().values == expected(id), "kill \(kill), snapshot \(id)")
                try expectFiles(of: snapshot, directory.path)
            }
            leftovers += try repository.collectOrphans(before: .max).count
            let named = try Set(repository.ids().flatMap { try repository.manifest($0).files.map(\.object) })
            let there = try Set(repository.storage.list("crash/files/").map(\.name))
            #expect(there == named, "kill \(kill): files of no snapshot, or missing ones")
        }
        #expect(last > 0 && leftovers > 0)
        print("\(kills) kills: \(last) snapshots, \(leftovers) leftovers collected")
    }

    private func expected(_ id: Int) -> [UInt64: [UInt8]] {
        var values: [UInt64: [UInt8]] = [:]
        for key in 0..<400 {
            var number = 0
            var isThere = true
            for step in stride(from: 1, through: id, by: 1) where (step + key) % 20 == 0 {
                number = step
                isThere = (step + key) % 5 != 0
            }
            if isThere { values[UInt64(key)] = StateModel.key(UInt64(number)) }
        }
        return values
    }

    private func expectFiles(of snapshot: StoredSnapshot, _ scratch: String) throws {
        let id = snapshot.manifest.id
        guard snapshot.manifest.kind == .snapshot else { return }
        let files = try #require(try snapshot.storeFiles(worker: 0, scratch: scratch))
        #expect(files.map(\.name) == (max(1, id - 3)...id).map { "\($0).sst" })
        for (number, member) in zip(max(1, id - 3)...id, snapshot.manifest.stores[0].members) {
            let bytes = try SnapshotKillTests.read(snapshot, member)
            #expect(bytes == [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 500 + number % 100))
        }
    }

    private static func read(
        _ snapshot: StoredSnapshot, _ member: SnapshotManifest.Store.Member
    ) throws -> [UInt8] {
        let object = snapshot.manifest.files[member.file].object
        return try snapshot.storage.get(object, range: 0..<Int.max)
    }

    /// Starts the program, lets it take some steps and go on for some more turns, and kills it.
    private func runAndKill(_ arguments: [String], after steps: Int, spins: Int) throws {
        var own = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &own, own.count - 1)
        var program = try #require(
            count > 0 ? String(decoding: own[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil)
        // The runner may be the tool chain's, which is given the tests' bundle.
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") { program = argument }
        program = program.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        program += "/SnapshotCrasher"
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        try #require(posix_spawn(&process, program, &actions, nil, words, environ) == 0, "can't start \(program)")
        close(ends[1])
        defer { close(ends[0]) }
        var byte: UInt8 = 0
        for _ in 0..<steps {
            if Glibc.read(ends[0], &byte, 1) != 1 {
                Issue.record("the program has ended by itself")
                break
            }
        }
        var turns = 0
        while turns < spins { turns += 1 }
        Glibc.kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }
}
