import RocksDBBackend
import StreamTesting
import Testing
import Weir

@testable import SimulationRunner

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A few seeds of every shape; `make sim` runs as many as one likes.
@Suite struct ShapeTests {
    @Test(arguments: SimulatedShape.allCases)
    func seeds(of shape: SimulatedShape) throws {
        let report = try Self.inScratch { directory in
            var options = SimulationOptions()
            options.backends = [MemoryBackend(), ReferenceBackend(directory: directory)]
            return try shape.simulation(options).run(seeds: 1_000_001...1_000_024)
        }
        #expect(report.runs == 24)
        #expect(report.crashes > 0 && report.restores > 0 && report.snapshots > 0 && report.commits > 0)
        #expect(report.faults.count > 5)
    }

    @Test(arguments: SimulatedShape.allCases)
    func seedsOnRocksDB(of shape: SimulatedShape) throws {
        let report = try Self.inScratch { directory in
            var options = SimulationOptions()
            options.backends = [RocksDBBackend(directory: directory)]
            return try shape.simulation(options).run(seeds: 2_000_001...2_000_008)
        }
        #expect(report.runs == 8)
        #expect(report.restores > 0)
    }

    /// Runs with a directory for stores, of which nothing may be left.
    private static func inScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/weir-simulation-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer { #expect(rmdir(directory) == 0, "stores are left in \(directory)") }
        return try body(directory)
    }
}
