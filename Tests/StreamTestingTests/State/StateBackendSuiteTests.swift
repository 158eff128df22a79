#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import StreamTesting
import Testing
import Weir

/// The number of seeds by an environment variable; else as many as the normal run has time for.
private let seedCount = UInt64(getenv("WEIR_STATE_SEEDS").map { String(cString: $0) } ?? "") ?? 500

@Suite struct StateBackendSuiteTests {
    @Test func memory() throws {
        try StateBackendSuite(backend: MemoryBackend()).run(seeds: 0..<seedCount)
    }

    @Test func reference() throws {
        var template = Array("/tmp/weir-suite-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { rmdir(directory) }
        try StateBackendSuite(backend: ReferenceBackend(directory: directory)).run(seeds: 0..<seedCount)
    }

    /// What either writes the other goes on with.
    @Test func memoryAndReference() throws {
        var template = Array("/tmp/weir-suite-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { rmdir(directory) }
        let reference = ReferenceBackend(directory: directory)
        try StateBackendSuite(backend: MemoryBackend(), restoringWith: reference).run(seeds: 0..<(seedCount + 4) / 5)
    }
}
