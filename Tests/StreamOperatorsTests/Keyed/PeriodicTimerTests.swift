import StreamTesting
import Testing
import Weir

/// A timer that sets itself again must not keep an advance from ending.
@Suite struct PeriodicTimerTests {
    struct Tick: KeyedProcessor {
        typealias Key = Int
        typealias Input = Timestamp
        typealias Output = Timestamp
        enum TimerID: Sendable { case tick }

        let step: Int64

        mutating func process(_ time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
            context.setTimer(.tick, at: time + 10)
        }

        mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
            try context.emit(time)
            context.setTimer(.tick, at: time + step)
        }
    }

    @Test(arguments: [(Int64(10), [10, 20, 30, 40]), (0, [10, 10]), (-5, [10, 5])] as [(Int64, [Timestamp])])
    func endsWithTheInput(step: Int64, ticks: [Timestamp]) async throws {
        let sink = CollectSink<Timestamp>()
        let pipeline = try Pipeline("periodic") { p in
            // The watermark reaches 34 before the input ends.
            p.source("times", CollectionSource([0, 35]), time: { $0 }, watermarks: .monotonous())
                .filter("once") { $0 == 0 }
                .keyBy { _ in 1 }
                .process("ticks") { _ in Tick(step: step) }
                .write("sink", to: sink)
        }
        try await pipeline.run(JobOptions(parallelism: 1, batchSize: 1))
        #expect(sink.elements == ticks)
    }
}
