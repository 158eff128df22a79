import StreamTesting
import Testing
import Weir

@Suite struct MemoryConnectorTests {
    @Test(arguments: [0, 1, 3, 100, 2_500]) func aGeneratorMakesEachRecordOnce(count: Int) async throws {
        let runs: [JobMatrix.Run<Int>] = try await JobMatrix(batchSizes: [7, 1_024]).run { p, sink in
            p.source("numbers", GeneratorSource(count: count) { $0 * 2 }).write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.sorted() == (0..<count).map { $0 * 2 }, "\(run.variant)")
            #expect(run.status["numbers"]?.recordsOut == count)
        }
    }

    @Test func aCollectionKeepsItsSplitsOrder() async throws {
        let splits = [["a0", "a1", "a2", "a3"], [], ["b0"], ["c0", "c1"]]
        let runs: [JobMatrix.Run<String>] = try await JobMatrix().run { p, sink in
            p.source("texts", CollectionSource(splits: splits)).write("out", to: sink)
        }
        for run in runs {
            for split in splits {
                let own = run.elements.filter { $0.first == split.first?.first }
                #expect(own == split, "\(run.variant)")
            }
            #expect(run.elements.count == 7)
        }
    }

    @Test func noSplitsNoRecords() async throws {
        let runs: [JobMatrix.Run<String>] = try await JobMatrix().run { p, sink in
            p.source("texts", CollectionSource(splits: [[String]]())).write("out", to: sink)
        }
        for run in runs { #expect(run.elements == [], "\(run.variant)") }
    }

    @Test func theCollectSinkKeepsTimestamps() async throws {
        let sink = CollectSink<Int>()
        let pipeline = try Pipeline("collect") { p in
            p.source("numbers", CollectionSource(0..<5), time: { Timestamp($0) * 10 }, watermarks: .monotonous())
                .write("out", to: sink)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 2, seed: 1).options)
        #expect(sink.elements == [0, 1, 2, 3, 4])
        #expect(sink.timestamped.map(\.timestamp) == [0, 10, 20, 30, 40])
    }

    @Test func aPipelineRunsAgainFromTheBeginning() async throws {
        let sink = CollectSink<Int>()
        let pipeline = try Pipeline("again") { p in
            p.source("numbers", CollectionSource(0..<5)).write("out", to: sink)
        }
        for _ in 0..<2 { try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 2, seed: 1).options) }
        #expect(sink.elements == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    }
}
