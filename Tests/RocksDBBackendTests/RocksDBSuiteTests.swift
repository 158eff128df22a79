import Foundation
import RocksDBBackend
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

    /// Every write a sorted file that the database takes in.
    @Test func suiteWithFiles() throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBBackend.Options()
        options.fileRows = 1
        let backend = RocksDBBackend(directory: directory.path, options: options)
        try StateBackendSuite(backend: backend).run(seeds: 0..<(seedCount + 3) / 4)
    }
}
