@testable import AdAnalyticsJob
import Foundation
import StreamTesting
import Testing
import Weir

/// The job's whole state can be saved at any moment, and loaded at another parallelism.
struct RestartTests {
    @Test(arguments: [201, 202] as [UInt64])
    func restartsMakeNoDifference(seed: UInt64) async throws {
        let events = try await generated(seed: seed)
        #expect(events.count > 1_000)
        let expected = try run(events, restarts: false)
        #expect(expected.allSatisfy { !$0.isEmpty })
        #expect(try run(events, restarts: true) == expected, "seed \(seed)")
    }

    private func generated(seed: UInt64) async throws -> [AdEvent] {
        try await withDirectory { directory in
            let paths = try JobResultTests.generate(seed: seed, events: 1_500, in: directory)
            let sink = CollectSink<AdEvent>()
            let pipeline = try Pipeline("read") { p in
                p.source("events", FileSource(paths, format: AdRecordFormat(.json)), watermarks: .none)
                    .write("collected", to: sink)
            }
            try await pipeline.run(JobResultTests.single.options)
            return sink.elements
        }
    }

    /// The final tables, a text per row.
    private func run(_ events: [AdEvent], restarts: Bool) throws -> [[String]] {
        let input = TestInput<AdEvent>("events")
        let output = AdAnalyticsOutput(directory: nil)
        let analytics = AdAnalyticsPipeline(
            paths: [], format: AdRecordFormat(.json), options: AdAnalyticsOptions(for: .json))
        let test = try TestPipeline(parallelism: 2) { p in analytics.writeResults(of: p.input(input), to: output) }
        var highest = Timestamp.min
        for (index, event) in events.enumerated() {
            highest = max(highest, event.time)
            input.send(event, at: event.time)
            guard index % 150 == 149 else { continue }
            // What comes later than that is late in both runs.
            input.watermark(highest - 600_000)
            try test.settle()
            if restarts { try test.restart(parallelism: [1, 3, 2, 5][index / 150 % 4]) }
        }
        input.end()
        try test.settle()
        return [
            output.campaignTotals.elements.map { "\($0)" }.sorted(),
            output.sessionTotals.elements.map { "\($0)" }.sorted(),
            output.funnel.elements.map { "\($0)" }.sorted(),
            output.conversions.elements.map { "\($0)" }.sorted(),
        ]
    }
}
