import ArgumentParser
import RocksDBBackend
import StreamTesting
import Weir

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Simulates jobs of all shapes under seeds, and says what the runs came to.
@main
struct SimulationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Runs jobs with crashes, faults and restarts under seeds, and compares what they commit with an oracle.")

    @Option(name: .shortAndLong, help: "The number of seeds.")
    var number = 2_000

    @Option(help: "The first seed.")
    var seed: UInt64 = 1

    @Option(help: "Only this shape: \(SimulatedShape.allCases.map(\.rawValue).joined(separator: ", ")).")
    var shape: String?

    @Option(help: "Of how many seeds one may use RocksDB; 0 for none.")
    var rocksdbEvery = 16

    @Flag(help: "Stop at the first failure without making it smaller.")
    var noShrinking = false

    func run() throws {
        let shapes = SimulatedShape.allCases.filter { shape == nil || $0.rawValue == shape }
        guard !shapes.isEmpty else { throw ValidationError("there is no shape '\(shape ?? "")'") }
        let directory = try Self.makeScratch()
        defer { Self.remove(directory) }
        var options = SimulationOptions()
        options.shrinks = !noShrinking
        var report = SimulationReport()
        var byShape: [SimulatedShape: SimulationReport] = [:]
        for offset in 0..<UInt64(max(number, 0)) {
            let shape = shapes[Int(offset % UInt64(shapes.count))]
            options.backends = [MemoryBackend(), ReferenceBackend(directory: directory)]
            if rocksdbEvery > 0 && offset / UInt64(shapes.count) % UInt64(rocksdbEvery) == 0 {
                options.backends = [MemoryBackend(), RocksDBBackend(directory: directory)]
            }
            do {
                let one = try shape.simulation(options).run(seed: seed &+ offset)
                report.add(one)
                byShape[shape, default: SimulationReport()].add(one)
            } catch let failure as SimulationFailure {
                print(failure)
                throw ExitCode(1)
            }
        }
        for shape in shapes { print("\(shape.rawValue): \(byShape[shape] ?? SimulationReport())") }
        print("all, seeds \(seed) to \(seed &+ UInt64(max(number, 1)) - 1), no violation: \(report)")
    }

    private static func makeScratch() throws -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/weir-simulation-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ValidationError("no directory can be made in \(base)") }
        return String(cString: made)
    }

    private static func remove(_ directory: String) {
        // The backends have removed their stores; what a failure left is the system's to clear away.
        rmdir(directory)
    }
}
