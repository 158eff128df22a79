import StreamTesting
import Testing
import Weir

/// The ends of time: nothing traps, nothing runs for ever, no record is lost.
@Suite struct WindowLimitTests {
    private static let times: [Timestamp] = [
        .min, .min + 1, .min + 4, .min + 9, .min + 10, .min + 15, .min + 1_000, -1, 0, .max - 1_000, .max - 15,
        .max - 10, .max - 2, .max - 1, .max,
    ]
    private static let windowings: [TestWindowing] = [
        .tumbling(.milliseconds(10)), .tumbling(.milliseconds(7), offset: .milliseconds(-3)),
        .tumbling(.milliseconds(1 << 60)), .sliding(.milliseconds(10), every: .milliseconds(5)),
        .sliding(.milliseconds(10), every: .milliseconds(4), offset: .milliseconds(3)),
        .sliding(.milliseconds(1 << 50), every: .milliseconds(1 << 48)), .session(gap: .milliseconds(10)),
        .session(gap: .milliseconds(1 << 60)), .global,
        TestWindowing(CumulatingWindows(upTo: .milliseconds(20), every: .milliseconds(5), offset: .milliseconds(-3))),
        TestWindowing(CumulatingWindows(upTo: .milliseconds(1 << 50), every: .milliseconds(1 << 48))),
        TestWindowing(RecordGapSessionWindows { .milliseconds($0.gap) }),
        TestWindowing(BoundedSessionWindows(gap: .milliseconds(10), maximum: .milliseconds(30))),
        TestWindowing(BoundedSessionWindows(gap: .milliseconds(1 << 60), maximum: .milliseconds(1 << 60))),
        TestWindowing(CalendarWindows(.month, in: "Europe/Berlin")), TestWindowing(CountWindows(1)),
    ]

    @Test(arguments: windowings, [0, 30])
    func everyRecordIsInAResultOrLate(_ windowing: TestWindowing, lateness: Int) async throws {
        for order in [Self.times, Self.times.reversed(), [0] + Self.times] {
            let events = order.enumerated().map { Event(id: $0.offset, key: "a", time: $0.element) }
            let late = SideOutput<Event>("late")
            let matrix = JobMatrix(parallelisms: [1, 2], batchSizes: [1, 4, 64])
            let runs: [JobMatrix.Run<[Int]>] = try await matrix.run { p, sink in
                let panes = p.source(
                    "events", CollectionSource(events), time: { $0.time },
                    watermarks: .boundedOutOfOrderness(.milliseconds(20))
                )
                .keyBy { $0.key }
                .window(windowing, allowedLateness: .milliseconds(lateness), late: .sideOutput(late))
                .aggregate("windows", CollectIDs())
                panes.map { $0.value }.write("out", to: sink)
                panes.sideOutput(late).map { [$0.id] }.write("late", to: sink)
            }
            for run in runs {
                #expect(Set(run.elements.joined()) == Set(events.map(\.id)), "\(run.variant), \(order)")
            }
        }
    }

    @Test(arguments: windowings) func resultsDoNotDependOnBatches(_ windowing: TestWindowing) async throws {
        let events = Self.times.dropLast().enumerated().map { Event(id: $0.offset, key: "a", time: $0.element) }
        let runs: [JobMatrix.Run<String>] = try await JobMatrix().run { p, sink in
            p.source("events", CollectionSource(events), time: { $0.time }, watermarks: .monotonous())
                .keyBy { $0.key }.window(windowing).aggregate("windows", CollectIDs()).map { text($0) }
                .write("out", to: sink)
        }
        for run in runs { #expect(run.elements.sorted() == runs[0].elements.sorted(), "\(run.variant)") }
    }

    @Test func timestampsSaturate() {
        #expect(Timestamp.max.advanced(byMilliseconds: -1) == .max)
        #expect((Timestamp.max - 5).advanced(byMilliseconds: 10) == .max)
        #expect((Timestamp.min + 5).advanced(byMilliseconds: -10) == .min)
    }
}
