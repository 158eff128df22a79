import Foundation
import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The code of Docs/guides/first-job.md.
@Suite struct FirstJobGuide {
    // snippet: click
    struct Click: EventTimed, Equatable {
        var user = ""
        var campaign = ""
        var eventTime: Timestamp = 0

        static let format = JSONLines<Click> { object, _ throws(DecodeError) in
            var click = Click()
            var hasTime = false
            while let field = try object.nextField() {
                switch field {
                case "user": click.user = try object.string()
                case "campaign": click.campaign = try object.string()
                case "at":
                    click.eventTime = try object.timestamp()  // milliseconds, or a string as "2026-03-01T12:00:01Z"
                    hasTime = true
                default: try object.skipValue()
                }
            }
            if click.user.isEmpty { throw DecodeError.missingField("user") }
            if !hasTime { throw DecodeError.missingField("at") }
            return click
        }
    }
    // end snippet

    // snippet: pipeline
    typealias Row = Pane<String, (Int, Int)>

    func clicksPerMinute(_ clicks: DataStream<Click>) -> DataStream<Row> {
        clicks
            .keyBy(\.campaign)
            .window(.tumbling(.seconds(60)))
            .aggregate("per-minute", .count(), .distinct(\.user))
    }

    func clicksPipeline(path: String, directory: String) throws -> Pipeline {
        try Pipeline("clicks") { p in
            let clicks = p.source(
                "clicks", FileSource(path, format: Click.format),
                watermarks: .boundedOutOfOrderness(.seconds(5), lateness: .atSource))

            let rows = FileSink<Row>("\(directory)/per-minute.jsonl") { pane, bytes in
                var line = JSONWriter()
                line.beginObject()
                line.field("campaign", pane.key)
                line.field("start", pane.window.start)
                line.field("clicks", pane.value.0)
                line.field("users", pane.value.1)
                line.endObject()
                line.newline()
                bytes += line.bytes
            }
            clicksPerMinute(clicks).global().write("report", to: rows)

            let letters = FileSink<DeadLetter>("\(directory)/dead-letters.txt") { letter, bytes in
                bytes += "\(letter.offset): \(letter.reason)\n".utf8
            }
            clicks.deadLetters.global("dead-letters-to-one").write("dead-letters", to: letters)

            let late = FileSink<Click>("\(directory)/late.txt") { click, bytes in
                bytes += "\(formatTimestamp(click.eventTime)) \(click.user)\n".utf8
            }
            clicks.lateRecords.global("late-to-one").write("late", to: late)
        }
    }
    // end snippet

    @Test func theFilesAreAsShown() async throws {
        let input = """
            {"user":"a","campaign":"spring","at":"2026-03-01T12:00:01Z"}
            {"user":"b","campaign":"spring","at":1772366402000}
            {"user":"b","campaign":"spring","at":"2026-03-01T12:00:59Z"}
            {"user":"c","at":"yesterday"}
            {"user":"c","campaign":"sale","at":"2026-03-01T12:01:30Z"}
            {"user":"a","campaign":"sale","at":"2026-03-01T12:01:24Z"}
            {"user":"a","campaign":"sa

            """
        try await withDirectory { directory in
            let path = try write(input, to: "clicks.jsonl", in: directory)

            // snippet: run
            let pipeline = try clicksPipeline(path: path, directory: directory)
            let status = try await pipeline.run(JobOptions(parallelism: 2))
            if let source = status["clicks"] {
                print("\(source.recordsIn) read, \(source.recordsOut) counted, \(source.late) late,")
                print("\(source.rejected) dead letters")
            }
            // end snippet

            let source = try #require(status["clicks"])
            try expectShown(input, in: "Docs/guides/first-job.md")
            let printed =
                "\(source.recordsIn) read, \(source.recordsOut) counted, \(source.late) late,\n"
                + "\(source.rejected) dead letters"
            try expectShown(printed, in: "Docs/guides/first-job.md")
            try expectShown(try read("\(directory)/per-minute.jsonl"), in: "Docs/guides/first-job.md")
            try expectShown(try read("\(directory)/dead-letters.txt"), in: "Docs/guides/first-job.md")
            try expectShown(try read("\(directory)/late.txt"), in: "Docs/guides/first-job.md")
            #expect(try read("\(directory)/per-minute-1.jsonl").isEmpty)
        }
    }

    // snippet: test
    @Test(arguments: UInt64(0)..<20)
    func countsUsersOnce(seed: UInt64) async throws {
        let sink = CollectSink<Row>()
        let pipeline = try Pipeline("test") { p in
            let clicks = p.source(
                "clicks",
                CollectionSource(splits: [
                    [
                        Click(user: "a", campaign: "spring", eventTime: 1_000),
                        Click(user: "b", campaign: "spring", eventTime: 59_999),
                    ],
                    [Click(user: "a", campaign: "spring", eventTime: 2_000)],
                ]), watermarks: .monotonous())
            clicksPerMinute(clicks).write("out", to: sink)
        }
        var options = JobOptions(parallelism: 2, batchSize: 1)
        options.scheduler = DeterministicScheduler(seed: seed)
        options.clock = VirtualClock()
        try await pipeline.run(options)
        #expect(sink.elements.map { "\($0.key) \($0.value)" } == ["spring (3, 2)"])
    }
    // end snippet

    @Test func everyWayToRunGivesTheSame() async throws {
        // snippet: matrix
        let clicks = [
            Click(user: "a", campaign: "spring", eventTime: 1_000),
            Click(user: "b", campaign: "spring", eventTime: 59_999),
        ]
        let runs = try await JobMatrix().run { p, sink in
            clicksPerMinute(p.source("clicks", CollectionSource(clicks), watermarks: .monotonous()))
                .write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.map { "\($0.key) \($0.value)" } == ["spring (2, 2)"], "\(run.variant)")
        }
        // end snippet
        #expect(runs.count == 18)
    }

    @Test func lateClicksAreCounted() throws {
        // snippet: late
        let clicks = TestInput<Click>("clicks")
        let rows = OutputLog<Row>()
        let test = try TestPipeline { p in clicksPerMinute(p.input(clicks)).logged("log", in: rows) }
        clicks.send(Click(user: "a", campaign: "spring"), at: 1_000)
        clicks.watermark(59_998)
        clicks.send(Click(user: "b", campaign: "spring"), at: 59_999)
        clicks.watermark(59_999)
        clicks.send(Click(user: "c", campaign: "spring"), at: 2_000)
        try test.settle()
        #expect(rows.take().map(\.value.0) == [2])
        #expect(test.status["per-minute"]?.late == 1)
        // end snippet
    }
}
