import StreamTesting
import Synchronization
import Testing
import Weir

@Suite struct StatelessTests {
    private static func numbers(_ p: PipelineBuilder) -> DataStream<Int> {
        p.source(
            "numbers", CollectionSource(splits: [Array(0..<40), Array(40..<100), []]), time: { Timestamp($0) },
            watermarks: .monotonous())
    }

    @Test func eachStepDoesWhatItSays() async throws {
        let runs: [JobMatrix.Run<String>] = try await JobMatrix().run { p, sink in
            let numbers = Self.numbers(p)
            numbers.map { "map \($0)" }.write("a", to: sink)
            numbers.filter { $0 % 3 == 0 }.map { "filter \($0)" }.write("b", to: sink)
            numbers.map { "text \($0)" }.filter { $0.hasSuffix("7") }.write("c", to: sink)
            numbers.flatMap { number in (0..<number % 4).map { "flat \(number) \($0)" } }.write("d", to: sink)
            numbers.filter { _ in false }.map { "none \($0)" }.write("e", to: sink)
        }
        var expected: [String] = (0..<100).map { "map \($0)" }
        expected += stride(from: 0, to: 100, by: 3).map { "filter \($0)" }
        expected += stride(from: 7, to: 100, by: 10).map { "text \($0)" }
        expected += (0..<100).flatMap { number in (0..<number % 4).map { "flat \(number) \($0)" } }
        for run in runs { #expect(run.elements.sorted() == expected.sorted(), "\(run.variant)") }
    }

    @Test func timestampsStay() async throws {
        for batchSize in [1, 7, 1_024] {
            let harness = OperatorHarness<Int, String> {
                $0.map { $0 * 2 }.filter { $0 != 4 }.flatMap { [$0, $0 + 1] }.inspect { _, _ in }.map { "\($0)" }
            }
            let result = try await harness.run(
                [.record(1, at: 11), .record(2, at: 12), .record(3, at: 10), .watermark(9), .record(4, at: 40)],
                batchSize: batchSize)
            let records = result.events.compactMap { event -> String? in
                if case .record(let text, let time) = event { "\(text)@\(time)" } else { nil }
            }
            #expect(records == ["2@11", "3@11", "6@10", "7@10", "8@40", "9@40"])
            #expect(result.records(before: 9) == ["2", "3", "6", "7"])
        }
    }

    @Test func inspectSeesRecordsAndTimes() async throws {
        let seen = Mutex<[String]>([])
        let runs: [JobMatrix.Run<Int>] = try await JobMatrix().run { p, sink in
            Self.numbers(p).inspect("look") { number, time in seen.withLock { $0.append("\(number)@\(time)") } }
                .write("out", to: sink)
        }
        for run in runs { #expect(run.elements.sorted() == Array(0..<100), "\(run.variant)") }
        #expect(seen.withLock { $0.count } == runs.count * 100)
        #expect(Set(seen.withLock { $0 }) == Set((0..<100).map { "\($0)@\($0)" }))
    }

    @Test func assignTimestampsReplacesTimesAndWatermarks() async throws {
        let harness = OperatorHarness<Int64, Int64> {
            $0.assignTimestamps("times", outOfOrderness: .milliseconds(5)) { $0 * 10 }
        }
        let result = try await harness.run(
            [.record(3, at: 0), .batchEnd, .record(1, at: 1), .watermark(70), .record(6, at: 2)])
        #expect(
            result.events == [
                .record(3, at: 30), .signal(.watermark(24)), .record(1, at: 10), .record(6, at: 60),
                .signal(.watermark(54)), .signal(.watermark(.max)), .signal(.end),
            ])
        #expect(result.status["times"]?.watermark == .max)
    }

    @Test func assignedTimesDriveWindows() async throws {
        let runs: [JobMatrix.Run<Int>] = try await JobMatrix().run { p, sink in
            p.source("numbers", CollectionSource(0..<100))
                .assignTimestamps(outOfOrderness: .milliseconds(0)) { Timestamp($0) }
                .keyBy { _ in true }.window(.tumbling(.milliseconds(10))).aggregate("count", .count())
                .map { $0.value }.write("out", to: sink)
        }
        for run in runs { #expect(run.elements == Array(repeating: 10, count: 10), "\(run.variant)") }
    }

    @Test func unionHoldsAllAndTheLowestWatermark() async throws {
        let log = OutputLog<String>()
        let pipeline = try Pipeline("union") { p in
            let a = p.script("a", [[.record("a1", at: 5), .watermark(10), .record("a2", at: 11), .watermark(20)]])
            let b = p.script("b", [[.record("b1", at: 1), .watermark(4), .record("b2", at: 15), .watermark(18)]])
            a.union("both", b, a).logged("log", in: log)
        }
        try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options)
        let records = log.events.compactMap { if case .record(let text, _) = $0 { text } else { nil } }
        #expect(records.sorted() == ["a1", "a1", "a2", "a2", "b1", "b2"])
        let watermarks = log.events.compactMap { event -> Timestamp? in
            if case .signal(.watermark(let time)) = event, time > -1_000 { time } else { nil }
        }
        #expect(watermarks == watermarks.sorted())
        #expect(Set(watermarks).isSubset(of: [4, 10, 18, 20, .max]) && watermarks.last == .max)
        #expect(log.events.last == .signal(.end))
        #expect(log.events.filter { $0 == .signal(.end) }.count == 1)
        // Nobody was overtaken by a watermark.
        var watermark = Timestamp.min
        for event in log.events {
            if case .signal(.watermark(let time)) = event { watermark = time }
            if case .record(let text, let time) = event { #expect(time > watermark, "\(text)") }
        }
    }
}
