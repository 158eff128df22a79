import StreamTesting
import Testing
import Weir

@Suite struct ProcessingTimerTests {
    @Test(arguments: [
        ("a:~x@10 c9 c10 c11", "c9 c10 a-x~10 c11 end"),
        ("c5 a:~x@5", "c5 a-x~5 end"),
        ("c5 a:~x@3", "c5 a-x~3 end"),
        ("a:x@10,~x@10 w10 c10", "w10 a-x@10 c10 a-x~10 end"),
        ("a:x@10,~x@10 a:-x w10 c10", "w10 c10 a-x~10 end"),
        ("a:x@10,~x@10 a:-~x w10 c10", "w10 a-x@10 c10 end"),
        ("a:~x@10 a:~x@20 c19 c20", "c19 c20 a-x~20 end"),
        ("a:~x@20 a:~x@10 c10 c20", "c10 a-x~10 c20 end"),
        ("a:~p@7,~q@7 a:~p@8 a:~p@7 c7", "c7 a-q~7 a-p~7 end"),
        ("a:~z@30,~x@10,~y@20 c100", "c100 a-x~10 a-y~20 a-z~30 end"),
        ("a:~chain1@10 c25 c30", "c25 a-chain1~10 a-chain2~20 c30 a-chain3~30 end"),
        ("a:~again@10 c100", "c100 a-again~10 a-again~20=1 a-again~30=2 a-again~40=3 end"),
        ("a:~past@20 c20", "c20 a-past~20 a-past~-80=1 end"),
        ("a:~killer@10,~victim@10 c10", "c10 a-killer~10 end"),
        ("a:+3,~x@10 b:+4,~x@10 c10", "c10 a-x~10=3 b-x~10=4 end"),
        ("a:~x@50,y@70", "end a-y@70 a-x~50"),
        ("a:~again@10", "end a-again~10"),
        ("a:~ping@10", "end a-ping~10 a-pong~20"),
        ("a:cross@10", "end a-cross@10 a-cross~20"),
        ("a:~cross@10 b:x@3", "end a-cross~10 a-cross@20 b-x@3"),
        ("a:~x@9223372036854775807 c100", "c100 end a-x~9223372036854775807"),
    ])
    func goOffWhenTheClockReachesThem(input: String, output: String) throws {
        for restarts in [[], [1], [2, 1, 4]] {
            #expect(try playPuppet(input, restarts: restarts) == output, "restarts \(restarts)")
        }
    }

    /// Results are never behind the watermark: they have the time at which the timer was set, or one just after it.
    @Test(arguments: [
        ("a:+0 a:~x@10 w0 c10", "w0 c10 a-x~10=0/1 end"),
        ("a:~x@10 w0 c10", "w0 c10 a-x~10/1 end"),
        ("a:~x@10 w50 c10", "w50 c10 a-x~10/51 end"),
        ("a:~x@10 c10", "c10 a-x~10/0 end"),
        ("w50 a:~chain1@10 c20 w60 c30", "w50 c20 a-chain1~10/51 a-chain2~20/51 w60 c30 a-chain3~30/61 end"),
        ("a:~x@10,y@90 w50", "w50 end a-y@90/90 a-x~10/51"),
    ])
    func resultsAreNotLate(input: String, output: String) throws {
        for restarts in [[], [1], [2]] {
            #expect(try playPuppet(input, restarts: restarts, time: true) == output, "restarts \(restarts)")
        }
    }

    struct Timeout: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = String
        enum TimerID: Sendable { case timeout }
        static let needsEventTime = false
        var misuses = false

        mutating func process(_ element: Int, _ context: borrowing ProcessContext<Timeout>) throws {
            context.setTimer(.timeout, at: context.processingTime + 100, in: misuses ? .eventTime : .processingTime)
        }
        mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Timeout>) throws {
            try context.emit("\(context.key)~\(time) at \(context.processingTime)")
        }
    }

    @Test(arguments: [1, 2]) func needNoEventTime(parallelism: Int) throws {
        let log = OutputLog<String>()
        let input = TestInput<Int>("numbers")
        let test = try TestPipeline(parallelism: parallelism) { p in
            p.source("numbers", TestInputSource(input: input)).flatMap("elements") { $0.element.map { [$0] } ?? [] }
                .keyBy { $0 }.process("timeout") { _ in Timeout() }.logged("log", in: log)
        }
        input.send(1, at: 0)
        try test.advanceProcessingTime(to: 30)
        input.send(2, at: 0)
        try test.advanceProcessingTime(to: 99)
        #expect(log.take() == [])
        try test.restart()
        #expect(
            try test.timers(of: "timeout") == [
                1: [PendingTimer("timeout", at: 100, in: .processingTime)],
                2: [PendingTimer("timeout", at: 130, in: .processingTime)],
            ])
        try test.advanceProcessingTime(to: 100)
        #expect(log.take() == ["1~100 at 100"])
        input.send(1, at: 0)
        try test.advanceProcessingTime(to: 150)
        #expect(log.take() == ["2~130 at 150"])
        #expect(try test.timers(of: "timeout") == [1: [PendingTimer("timeout", at: 200, in: .processingTime)]])
        input.end()
        try test.settle()
        #expect(log.take() == ["1~200 at 150"])
    }

    @Test func aTimerThatCanNeverGoOffIsRefused() async throws {
        let pipeline = try Pipeline("untimed") { p in
            p.source("numbers", CollectionSource([1])).keyBy { $0 }
                .process("timeout") { _ in Timeout(misuses: true) }.write("sink", to: CollectSink())
        }
        let error = await #expect(throws: JobError.self) {
            try await pipeline.run(JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options)
        }
        #expect(error?.step == "timeout")
        #expect(error?.message.contains("give the source a watermark strategy") == true, "\(error as Any)")
    }
}
