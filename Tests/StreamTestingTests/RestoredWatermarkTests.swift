import StreamTesting
import Testing
import Weir

/// After a restart, with whatever parallelism, the watermarks are where they were.
@Suite struct RestoredWatermarkTests {
    static let parallelisms = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2)]

    /// The panes of 10 ms of each number.
    private func counting(_ stream: DataStream<Int>, _ log: OutputLog<Pane<Int, Int>>) {
        stream.keyBy("by number") { $0 }.window(.tumbling(.milliseconds(10))).aggregate("count", .count())
            .logged("log", in: log)
    }

    private func starts(_ log: OutputLog<Pane<Int, Int>>) -> [Timestamp] { log.records.map(\.window.start).sorted() }

    @Test(arguments: parallelisms) func whatWasLateStaysLate(before: Int, after: Int) throws {
        let input = TestInput<Int>("input", splits: 2)
        let log = OutputLog<Pane<Int, Int>>()
        let test = try TestPipeline(parallelism: before) { p in counting(p.input(input), log) }
        input.send(1, at: 5)
        for split in 0..<2 { input.watermark(100, split: split) }
        try test.restart(parallelism: after)
        for split in 0..<2 { input.watermark(3, split: split) }
        input.send(1, at: 5)
        for split in 0..<2 { input.watermark(200, split: split) }
        try test.settle()
        #expect(starts(log) == [0])
    }

    @Test(arguments: parallelisms) func assignedTimesGoOn(before: Int, after: Int) throws {
        let input = TestInput<Int>("input")
        let log = OutputLog<Pane<Int, Int>>()
        let test = try TestPipeline(parallelism: before) { p in
            counting(p.input(input).assignTimestamps(outOfOrderness: .zero) { Timestamp($0) }, log)
        }
        for number in [5, 100] { input.send(number, at: 0) }
        try test.restart(parallelism: after)
        for number in [7, 5] { input.send(number, at: 0) }
        try test.settle()
        #expect(starts(log) == [0])
    }

    @Test(arguments: parallelisms) func aSplitsLatenessIsItsOwn(before: Int, after: Int) throws {
        let input = TestInput<Int>("input", splits: 2)
        let late = OutputLog<Int>()
        let test = try TestPipeline(parallelism: before) { p in
            let stream = p.source(
                "source", TestInputSource(input: input), time: { $0.time },
                watermarks: .boundedOutOfOrderness(.zero, lateness: .atSource))
            // The exchange keeps workers without splits from ending early, so that there are snapshots.
            stream.lateRecords.map { $0.element ?? -1 }.global("one worker").logged("late", in: late)
            stream.write("out", to: CollectSink())
        }
        input.send(1, at: 100)
        input.send(2, at: 50, split: 1)
        try test.restart(parallelism: after)
        input.send(3, at: 60)
        input.send(4, at: 60, split: 1)
        try test.settle()
        #expect(late.records == [3])
    }

    /// Of two inputs the one that was ahead needs to say nothing for the other to be heard.
    @Test(arguments: parallelisms) func theOtherInputsWatermarkIsKept(before: Int, after: Int) throws {
        let (first, second) = (TestInput<Int>("first"), TestInput<Int>("second"))
        let log = OutputLog<Pane<Int, Int>>()
        let test = try TestPipeline(parallelism: before) { p in
            let both = p.input(first).keyBy("first by") { $0 }.join(
                "join", p.input(second).keyBy("second by") { $0 }, within: .after(upTo: .zero)
            ) { left, _ in left }
            counting(both, log)
        }
        for input in [first, second] { input.send(1, at: 5) }
        first.watermark(50)
        second.watermark(8)
        try test.restart(parallelism: after)
        #expect(starts(log) == [])
        second.watermark(20)
        try test.settle()
        #expect(starts(log) == [0])
    }

    /// Also by steps without timers.
    @Test(arguments: parallelisms) func aProcessKnowsTheWatermark(before: Int, after: Int) throws {
        let input = TestInput<Int>("input")
        let log = OutputLog<Timestamp>()
        let test = try TestPipeline(parallelism: before) { p in
            p.input(input).keyBy { $0 }.process("watermark") { _ in Telling() }.logged("log", in: log)
        }
        input.watermark(6)
        try test.restart(parallelism: after)
        input.send(1, at: 7)
        try test.settle()
        #expect(log.records == [6])
    }

    @Test(arguments: parallelisms) func anIdleSplitStaysIdle(before: Int, after: Int) throws {
        let input = TestInput<Int>("input", splits: 2)
        let log = OutputLog<Pane<Int, Int>>()
        let test = try TestPipeline(parallelism: before) { p in counting(p.input(input), log) }
        input.send(1, at: 5)
        input.watermark(6)
        input.idle(split: 1)
        try test.restart(parallelism: after)
        input.watermark(20)
        try test.settle()
        #expect(starts(log) == [0])
    }
}

/// Tells the watermark at which each record comes.
private struct Telling: KeyedProcessor {
    typealias Key = Int
    typealias Input = Int
    typealias Output = Timestamp

    mutating func process(_ input: Int, _ context: borrowing ProcessContext<Telling>) throws {
        try context.emit(context.watermark)
    }
}
