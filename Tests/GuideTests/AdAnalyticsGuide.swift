import Testing
// snippet: imports
import AdAnalyticsJob
import Weir
// end snippet

/// The code of Docs/guides/ad-analytics.md.
@Suite struct AdAnalyticsGuide {
    @Test func theJobRunsAsALibrary() async throws {
        try await withDirectory { directory in
            let path = try write(
                """
                {"event_time":"2026-03-01T12:00:00Z","type":"click","tenant":"shop","user":"ann","campaign":"spring"}
                {"event_time":"2026-03-01T12:05:00Z","type":"basket","tenant":"shop","user":"ann","price_micros":7}
                {"event_time":"2026-03-01T12:05:00Z","type":"dance","tenant":"shop","user":"ann"}

                """, to: "events.jsonl", in: directory)

            // snippet: library
            let analytics = AdAnalyticsPipeline(
                paths: [path], format: AdRecordFormat(.json), options: AdAnalyticsOptions(for: .json))
            let output = AdAnalyticsOutput(directory: nil)
            let status = try await analytics.pipeline(to: output).run()
            let report = AdAnalyticsReport(status, output)
            print(report.text())
            // end snippet

            #expect(report.accounting.read == 3)
            #expect(report.accounting.counted == 2)
            #expect(report.accounting.deadLetters == 1)
            #expect(report.conversions["shop"]?.baskets == 1)
        }
    }
}
