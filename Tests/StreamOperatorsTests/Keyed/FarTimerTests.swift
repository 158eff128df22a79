import StateBackend
import StreamConnectors
import StreamCore
import StreamOperators
import Testing

/// Gives one number, then has nothing for many polls, then ends: its worker sleeps meanwhile.
private struct SleepySource: Source {
    func splits(parallelism: Int) -> [Int] { [0] }
    func makeReader(for split: Int) -> Reader { Reader() }

    struct Reader: SplitReader {
        private var polls = 0

        mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
            polls += 1
            if polls == 1 { output.emit(7) }
            return polls < 300 ? .waiting : .end
        }
    }
}

/// Sets its timer for a time that no clock shows.
private struct FarTimer: KeyedProcessor {
    typealias Key = Int
    typealias Input = Int
    typealias Output = Int
    enum TimerID { case never }
    static var needsEventTime: Bool { false }
    let time: Timestamp

    mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
        context.setTimer(.never, at: time, in: .processingTime)
        try context.emit(number)
    }
    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
        try context.emit(-1)
    }
}

struct FarTimerTests {
    /// Sleeping workers work out how long it is until the next timer.
    ///
    /// At the end of the input each goes off.
    @Test(arguments: [253_402_300_800_000, .max - 1, .min + 1] as [Timestamp])
    func aTimerMayBeSetForAnyTime(time: Timestamp) async throws {
        let sink = CollectSink<Int>()
        try await Pipeline("far") { p in
            p.source("numbers", SleepySource()).keyBy { $0 }.process("timer") { _ in FarTimer(time: time) }
                .write("out", to: sink)
        }.run()
        #expect(sink.elements.sorted() == [-1, 7])
    }
}
