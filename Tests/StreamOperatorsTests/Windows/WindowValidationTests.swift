import StreamTesting
import Testing
import Weir

/// Windows, triggers and evictors that can't work are refused when the pipeline is described.
@Suite struct WindowValidationTests {
    private typealias Keyed = KeyedStream<String, Event>

    private func problems(_ describe: (_ timed: Keyed, _ untimed: Keyed) -> Void) throws -> [PipelineError.Problem] {
        do {
            _ = try Pipeline("test") { p in
                let timed = p.source("timed", CollectionSource([Event]()), time: { $0.time }, watermarks: .monotonous())
                let untimed = p.source("untimed", CollectionSource([Event]()))
                describe(timed.keyBy { $0.key }, untimed.keyBy { $0.key })
            }
            return []
        } catch let error as PipelineError { return error.problems }
    }

    static let shapes: [(TestWindowing, String)] = [
        (TestWindowing(CountWindows(0)), "the count window's size is 0 records; it must be 1 to 2^40"),
        (TestWindowing(CountWindows(5, every: -1)), "the count window's step is -1 records; it must be 1 to 2^40"),
        (TestWindowing(CumulatingWindows(upTo: .zero, every: .seconds(1))), "the window's size is 0 ms"),
        (TestWindowing(CumulatingWindows(upTo: .seconds(1), every: .seconds(-1))), "the window's step is -1000 ms"),
        (
            TestWindowing(CumulatingWindows(upTo: .seconds(1), every: .milliseconds(300))),
            "the window's size, 1000 ms, is not a multiple of its step, 300 ms; choose a step that divides it"
        ),
        (
            TestWindowing(CumulatingWindows(upTo: .seconds(1), every: .milliseconds(500), offset: .seconds(1))),
            "the window's offset is 1000 ms; it must be less than the size, 1000 ms, either way"
        ),
        (TestWindowing(BoundedSessionWindows(gap: .zero, maximum: .seconds(1))), "the session gap is 0 ms"),
        (
            TestWindowing(BoundedSessionWindows(gap: .seconds(1), maximum: .seconds(-1))),
            "the session's maximum length is -1000 ms; it must be at least 1 ms"
        ),
        (TestWindowing(CalendarWindows(.day, in: "Europe/Berlim")), "Europe/Berlim"),
        (TestWindowing(CalendarWindows(.day, in: "")), "zone"),
    ]

    @Test(arguments: shapes) func shapesOutOfRange(_ windowing: TestWindowing, message: String) throws {
        let found = try problems { timed, _ in _ = timed.window(windowing).aggregate("windows", .count()) }
        #expect(found.map(\.step) == ["windows"])
        #expect(found.allSatisfy { $0.message.contains(message) }, "\(found)")
    }

    private static let ten = TumblingWindows<Event>(.milliseconds(10))

    @Test func triggersAndEvictorsOutOfRange() throws {
        let found = try problems { timed, _ in
            let windows = timed.window(Self.ten)
            _ = windows.trigger(.early(every: .zero)).aggregate("early", .count())
            _ = windows.trigger(.count(0)).aggregate("count", .count())
            _ = windows.trigger(.processingTime(after: .zero)).aggregate("clock", .count())
            _ = windows.trigger(.any(.eventTime(), .purging(.count(-1)))).aggregate("any", .count())
            _ = windows.evict(CountEvictor(0)).aggregate("evict", .count())
            _ = windows.evict(TimeEvictor(.milliseconds(-1))).process("span", as: Int.self) { _, _ in }
            _ = timed.window(CountWindows(3)).trigger(.eventTime()).aggregate("count windows", .count())
            _ = timed.window(BoundedSessionWindows(gap: .seconds(1), maximum: .seconds(2))).trigger(.count(1))
                .aggregate("bounded", .count())
        }
        #expect(
            found.map(\.description) == [
                "step 'early': the early trigger's interval is 0 ms; it must be at least 1 ms",
                "step 'count': the count trigger's count is 0; it must be at least 1",
                "step 'clock': the processing-time trigger's delay is 0 ms; it must be at least 1 ms",
                "step 'any': the count trigger's count is -1; it must be at least 1",
                "step 'evict': the evictor's count is 0; it must be at least 1",
                "step 'span': the evictor's span is -1 ms; it must be at least 1 ms",
                "step 'count windows': CountWindows<Event> takes no trigger; leave it out, or use another shape such as "
                    + ".global()",
                "step 'bounded': BoundedSessionWindows<Event> takes no trigger; leave it out, or use another shape such "
                    + "as .global()",
            ])
    }

    @Test func aggregatesOutOfRange() throws {
        let found = try problems { timed, _ in
            let windows = timed.window(Self.ten)
            _ = windows.aggregate("top", .top(0, by: \.time))
            _ = windows.aggregate("list", .count(), .collect(\.time, limit: -1))
            _ = windows.evict(CountEvictor(3)).aggregate("set", .count(), .count(), .collectSet(\.key, limit: 0))
            _ = windows.aggregate("quantiles", .quantiles(\.time, [0.5, 1.5]))
            _ = windows.aggregate("no number", .quantiles(\.time, [.nan]))
            _ = windows.aggregate("right", .top(1, by: \.time), .quantiles(\.time, [0, 1]))
        }
        #expect(
            found.map(\.description) == [
                "step 'top': the number of values at the top is 0; it must be at least 1",
                "step 'list': the limit of a list of collected values is -1; it must be at least 1",
                "step 'set': the limit of a set of collected values is 0; it must be at least 1",
                "step 'quantiles': the quantile 1.5 is out of range; give numbers from 0 to 1",
                "step 'no number': the quantile nan is out of range; give numbers from 0 to 1",
            ])
    }

    /// Without watermarks windows of time would never be dropped, nor triggers of event time fire.
    @Test func whatNeedsWatermarks() throws {
        let found = try problems { _, untimed in
            _ = untimed.window(Self.ten).trigger(.count(2)).aggregate("tumbling", .count())
            _ = untimed.window(Self.ten).trigger(.processingTime()).aggregate("clock", .count())
            _ = untimed.window(CumulatingWindows(upTo: .seconds(2), every: .seconds(1))).aggregate(
                "cumulating", .count())
            _ = untimed.window(CalendarWindows(.day, in: "UTC")).aggregate("calendar", .count())
            _ = untimed.window(RecordGapSessionWindows { _ in .seconds(1) }).aggregate("gaps", .count())
            _ = untimed.window(BoundedSessionWindows(gap: .seconds(1), maximum: .seconds(2))).aggregate(
                "bounded", .count())
            _ = untimed.window(.global()).trigger(.early(every: .seconds(1))).aggregate("early", .count())
            _ = untimed.window(.global()).discarding().aggregate("global", .count())
            _ = untimed.window(.global()).trigger(.any(.count(3), .eventTime())).aggregate("any", .count())
            _ = untimed.window(.global()).trigger(.early(every: .seconds(1), in: .processingTime))
                .aggregate("early by the clock", .count())
            _ = untimed.window(.global()).trigger(.purging(.processingTime(after: .seconds(1)))).aggregate(
                "delay", .count())
            _ = untimed.window(CountWindows(3)).aggregate("count", .count())
        }
        #expect(
            found.map(\.step) == ["tumbling", "clock", "cumulating", "calendar", "gaps", "bounded", "early"])
        for problem in found { #expect(problem.message.contains("give the source a watermark strategy"), "\(problem)") }
    }
}
