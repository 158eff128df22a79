import Foundation
import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// Every operator that holds state, with hardly any memory for it: nearly every row is fetched and evicted at each use,
/// while snapshots, crashes and other parallelisms come in between.
///
/// What was committed is what the same job gives undisturbed and in memory; also whether results come before the
/// watermark that they belong to.
@Suite struct EvictionTests {
    @Test(arguments: EvictionShape.allCases, 0..<5 as Range<UInt64>)
    func rowsThatComeAndGoChangeNothing(_ shape: EvictionShape, seed: UInt64) throws {
        let splits = EvictionEvent.draw(seed: seed)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("evictions-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let describe: @Sendable (PipelineBuilder, EpochLog<String>) throws -> Void = { p, log in
            let events = p.source(
                "events", CollectionSource(splits: splits), time: { $0.time },
                watermarks: .boundedOutOfOrderness(.milliseconds(30)))
            shape.attach(to: events).endedOnTime("out", in: log)
        }
        var undisturbed = CrashRun(seed: seed, describe)
        undisturbed.takesSnapshots = false
        let expected = try undisturbed.run(crashes: 0, maximumParallelism: 1).sorted()
        #expect(!expected.isEmpty)
        let backends: [any StateBackend] =
            [MemoryBackend(), ReferenceBackend(directory: directory.path)]
            + (seed == 0 ? [RocksDBBackend(directory: directory.path)] : [])
        for backend in backends {
            for crashes in [0, 3] {
                var run = CrashRun(seed: seed, backend: backend, describe)
                run.takesSnapshots = crashes > 0
                run.longestLife = 120
                let found = try run.run(crashes: crashes).sorted()
                let difference = found.difference(from: expected)
                #expect(
                    difference.isEmpty,
                    "\(shape), \(backend.name), seed \(seed), \(run.snapshots) snapshots, \(run.crashes) crashes")
            }
        }
    }
}
