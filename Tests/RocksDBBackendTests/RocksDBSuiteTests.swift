import Foundation
import RocksDBBackend
import StateBackend
import StreamTesting
import Testing

/// The number of seeds by an environment variable; else as many as the normal run has time for.
private let seedCount = ProcessInfo.processInfo.environment["WEIR_STATE_SEEDS"].flatMap { UInt64($0) } ?? 40

/// The states of a job over RocksDB beside plain dictionaries.
@Suite struct RocksDBSuiteTests {
    @Test func suite() throws {
        let directory = try TemporaryDirectory()
        try StateBackendSuite(backend: RocksDBBackend(directory: directory.path)).run(seeds: 0..<seedCount)
    }

    /// Snapshots of either, which the other goes on with.
    @Test(arguments: [true, false]) func suiteWithMemory(_ beginsInMemory: Bool) throws {
        let directory = try TemporaryDirectory()
        let (rocks, memory) = (RocksDBBackend(directory: directory.path), MemoryBackend())
        let suite =
            beginsInMemory
            ? StateBackendSuite(backend: memory, restoringWith: rocks)
            : StateBackendSuite(backend: rocks, restoringWith: memory)
        try suite.run(seeds: 0..<(seedCount + 1) / 2)
    }

    /// Every write a sorted file that the database takes in.
    @Test func suiteWithFiles() throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBBackend.Options()
        options.fileRows = 1
        let backend = RocksDBBackend(directory: directory.path, options: options)
        try StateBackendSuite(backend: backend).run(seeds: 0..<(seedCount + 3) / 4)
    }
}
