import StreamTesting
import Testing
// snippet: import
import Weir
// end snippet

/// The code of Docs/guides/time.md.
@Suite struct TimeGuide {
    // snippet: reading
    struct Reading: EventTimed, Codable {
        var sensor = ""
        var value = 0.0
        var isLastOfItsHour = false
        var eventTime: Timestamp = 0
    }
    // end snippet

    // snippet: generator
    /// A lone record from the future doesn't count until a second one is as far: the watermark follows the second
    /// newest time, less five seconds.
    struct TwoWitnesses: WatermarkGenerator {
        var newest = Timestamp.min
        var second = Timestamp.min

        mutating func watermark(after reading: Reading, at time: Timestamp) -> Timestamp? {
            if time > newest { (second, newest) = (newest, time) } else { second = max(second, time) }
            return second.advanced(byMilliseconds: -5_001)
        }
    }
    // end snippet

    private func watermarks<Element>(_ log: OutputLog<Element>) -> [Timestamp] {
        log.events.compactMap { if case .signal(.watermark(let time)) = $0, time < .max { time } else { nil } }
    }

    private let readings = [
        Reading(eventTime: 60_000), Reading(eventTime: 58_000), Reading(isLastOfItsHour: true, eventTime: 3_599_000),
        Reading(eventTime: 62_000),
    ]

    @Test func strategies() async throws {
        let logs = (0..<5).map { _ in OutputLog<Reading>() }
        let records = CollectionSource(readings)
        let pipeline = try Pipeline("strategies") { p in
            // snippet: strategies
            let bounded = p.source("bounded", records, watermarks: .boundedOutOfOrderness(.seconds(5)))
            let rising = p.source("rising", records, watermarks: .monotonous())
            let marked = p.source(
                "marked", records, watermarks: .punctuated { $0.isLastOfItsHour ? $1.floored(to: 3_600_000) - 1 : nil })
            let own = p.source("own", records, watermarks: .custom { TwoWitnesses() })
            let clock = p.source("clock", records, watermarks: .processingTime)
            let none = p.source("none", records, time: { _ in 0 }, watermarks: .none)
            // end snippet
            for (index, stream) in [bounded, rising, marked, own, clock].enumerated() {
                stream.logged("log \(index)", in: logs[index])
            }
            none.write("nowhere", to: CollectSink())
        }
        var options = JobMatrix.Variant(parallelism: 1, batchSize: 1, seed: 1).options
        options.clock = VirtualClock(start: 1_000)
        try await pipeline.run(options)
        #expect(watermarks(logs[0]) == [54_999, 3_593_999])
        #expect(watermarks(logs[1]) == [59_999, 3_598_999])
        #expect(watermarks(logs[2]) == [-1])
        #expect(watermarks(logs[3]) == [52_999, 54_999, 56_999])
        #expect(watermarks(logs[4]).last == 999)
        let times = logs[4].events.compactMap { if case .record(_, let time) = $0 { time } else { nil } }
        #expect(times == [1_000, 1_000, 1_000, 1_000])
    }

    @Test func idleness() throws {
        let input = TestInput<Reading>("readings", splits: 2)
        let log = OutputLog<Reading>()
        let test = try TestPipeline { p in
            // snippet: idle
            let readings = p.input(input, idleness: .after(.seconds(30)))
            // end snippet
            readings.logged("log", in: log)
        }
        // snippet: idle-test
        input.watermark(60_000, split: 0)
        input.watermark(10_000, split: 1)
        try test.settle()
        #expect(watermarks(log) == [10_000])
        try test.advanceProcessingTime(by: .seconds(20))
        input.send(Reading(), at: 61_000, split: 0)
        try test.advanceProcessingTime(by: .seconds(10))
        #expect(watermarks(log) == [10_000, 60_000])  // split 1 has given nothing for 30 s
        // end snippet
        input.watermark(50_000, split: 1)
        input.watermark(70_000, split: 0)
        try test.settle()
        #expect(watermarks(log) == [10_000, 60_000, 70_000])  // it has not caught up yet
        input.watermark(75_000, split: 1)
        input.watermark(80_000, split: 0)
        try test.settle()
        #expect(watermarks(log) == [10_000, 60_000, 70_000, 75_000])
    }

    @Test func alignment() async throws {
        let days = [("slow", 1_000), ("fast", 10_000)].map { sensor, step in
            (0..<100).map { Reading(sensor: sensor, eventTime: Timestamp($0 * step)) }
        }
        let log = OutputLog<Reading>()
        let pipeline = try Pipeline("aligned") { p in
            // snippet: aligned
            let readings = p.source(
                "readings", CollectionSource(splits: days), watermarks: .monotonous().aligned(within: .seconds(60)))
            // end snippet
            readings.logged("log", in: log)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 1, seed: 1).options)
        // Until the slow split has ended, the fast one is at most 60 s and one batch ahead.
        var slow: Timestamp = 0
        for reading in log.records {
            if reading.sensor == "slow" { slow = reading.eventTime }
            let isAhead = reading.eventTime > slow + 60_000 + 10_000
            #expect(!isAhead || slow == 99_000, "\(reading)")
        }
        #expect(log.records.count == 200)
    }

    @Test func latenessAtTheSource() async throws {
        let log = TextLog()
        let given = [60_000, 55_000, 54_999, 54_998].map { Reading(eventTime: $0) }
        let pipeline = try Pipeline("late") { p in
            // snippet: late
            let readings = p.source(
                "readings", CollectionSource(given),
                watermarks: .boundedOutOfOrderness(.seconds(5), lateness: .atSource))
            let late = readings.lateRecords
            // end snippet
            readings.texts("on time", in: log) { "on time \($0.eventTime)" }
            late.texts("late", in: log) { "late \($0.eventTime)" }
        }
        let status = try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options)
        #expect(log.records.sorted() == ["late 54998", "late 54999", "on time 55000", "on time 60000"])
        #expect(status["readings"]?.late == 2)
    }

    @Test func theWatermarkIsExplained() throws {
        let doors = TestInput<Reading>("doors", splits: 2)
        let windows = TestInput<Reading>("windows")
        let test = try TestPipeline(time: 1_000) { p in
            p.input(doors).union("all", p.input(windows)).keyBy("by-sensor", \.sensor)
                .window(.tumbling(.seconds(60))).aggregate("per-minute", .count()).write("out", to: CollectSink())
        }
        doors.watermark(70_000, split: 0)
        windows.watermark(65_000)
        try test.advanceProcessingTime(to: 2_000)
        doors.watermark(40_000, split: 1)
        try test.settle()
        // snippet: explain
        let explanation = try test.explainWatermark()
        let step = try #require(explanation["per-minute"])
        #expect(step.watermark == 40_000)
        #expect(step.source == "doors" && step.split == "1")
        // end snippet
        try expectShown(explanation.description, in: "Docs/guides/time.md")
    }
}
