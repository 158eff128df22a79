import Foundation
import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The job of README.md.
@Suite struct ReadmeGuide {
    // snippet: record
    struct Click: EventTimed {
        var user = "", campaign = "", eventTime: Timestamp = 0
    }
    // end snippet

    @Test func theJobRuns() async throws {
        try await withDirectory { directory in
            let path = try write(
                """
                {"user":"ann","campaign":"spring","at":"2026-03-01T12:00:01Z"}
                {"user":"bob","campaign":"spring","at":"2026-03-01T12:00:59Z"}
                {"user":"ann","campaign":"spring","at":"2026-03-01T12:00:30Z"}
                {"user":"ann","campaign":"sale","at":1772366460000}

                """, to: "clicks.jsonl", in: directory)

            // snippet: job
            let format = JSONLines<Click> { object, _ throws(DecodeError) in
                var click = Click()
                while let field = try object.nextField() {
                    switch field {
                    case "user": click.user = try object.string()
                    case "campaign": click.campaign = try object.string()
                    case "at": click.eventTime = try object.timestamp()
                    default: try object.skipValue()
                    }
                }
                return click
            }

            let pipeline = try Pipeline("clicks") { p in
                p.source("clicks", FileSource(path, format: format), watermarks: .boundedOutOfOrderness(.seconds(5)))
                    .keyBy(\.campaign)
                    .window(.tumbling(.seconds(60)))
                    .aggregate("per-minute", .count(), .distinct(\.user))
                    .map { "\(formatTimestamp($0.window.start)) \($0.key): \($0.value.0) clicks, \($0.value.1) users" }
                    .write("report", to: ConsoleSink())
            }
            let status = try await pipeline.run()
            // end snippet

            #expect(status["clicks"]?.recordsIn == 4)
            // The third click is 29 s behind, but its window is open.
            #expect(status["per-minute"]?.late == 0)
            #expect(status["report"]?.recordsIn == 2)
        }
    }
}
