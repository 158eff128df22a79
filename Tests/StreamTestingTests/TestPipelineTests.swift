import StreamTesting
import Testing
import Weir

@Suite struct TestPipelineTests {
    @Test func nothingRunsUntilTheTestSaysSo() throws {
        let input = TestInput<String>("words")
        let output = OutputLog<String>()
        let test = try TestPipeline { p in p.input(input).map { $0.uppercased() }.logged("log", in: output) }
        input.send("a", at: 1)
        #expect(output.records == [])
        try test.settle()
        #expect(output.take() == ["A"])
        #expect(output.take() == [])
        input.send("b", at: 2)
        input.end()
        #expect(!test.isFinished)
        try test.settle()
        #expect(output.records == ["B"])
        #expect(test.isFinished)
    }

    @Test(arguments: [1, 2, 4], [1, 3, 4]) func aRestartKeepsTheState(before: Int, after: Int) throws {
        let input = TestInput<Int>("numbers", splits: 2)
        let output = OutputLog<Pane<Int, Int>>()
        let test = try TestPipeline(parallelism: before) { p in
            p.input(input).keyBy { $0 % 10 }.window(.tumbling(.milliseconds(100))).aggregate("count", .count())
                .logged("log", in: output)
        }
        for i in 0..<50 { input.send(i, at: Int64(i), split: i % 2) }
        try test.restart(parallelism: after)
        for i in 50..<100 { input.send(i, at: Int64(i), split: i % 2) }
        for split in 0..<2 { input.watermark(150, split: split) }
        try test.settle()
        let counts = Dictionary(uniqueKeysWithValues: output.records.map { ($0.key, $0.value) })
        #expect(counts == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, 10) }))
    }

    @Test func aSnapshotWithStateOfAnotherPipelineIsRefused() throws {
        let input = TestInput<Int>("numbers")
        func describe(_ step: String) -> (PipelineBuilder) -> Void {
            { p in p.input(input).keyBy { $0 }.reduce(step, +).write("out", to: CollectSink()) }
        }
        let test = try TestPipeline(describe("sum"))
        input.send(1, at: 0)
        let snapshot = try test.snapshot()
        let error = #expect(throws: JobError.self) { try TestPipeline(restoring: snapshot, describe("total")) }
        #expect(error?.code == .restoreFailed)
        #expect(error?.step == "sum")
        #expect(error?.message.contains("old name") == true)
    }

    @Test func stateIsReadByKey() throws {
        let input = TestInput<String>("words")
        let test = try TestPipeline(parallelism: 2) { p in
            p.input(input).keyBy { $0 }.process("seen") { try Counting($0) }.write("out", to: CollectSink())
        }
        for word in ["a", "b", "a"] { input.send(word, at: 0) }
        #expect(try test.state(of: "seen", "count") == ["a": 2, "b": 1])
        let wrong = #expect(throws: JobError.self) {
            let _: [String: String] = try test.state(of: "seen", "count")
        }
        #expect(wrong?.code == .unknownState)
        #expect(wrong?.message == "state 'count' maps String to Int, not String to String")
        let missing = #expect(throws: JobError.self) { let _: [String: Int] = try test.state(of: "seen", "sum") }
        #expect(missing?.message.contains("count") == true)
        #expect(throws: JobError.self) { let _: [String: Int] = try test.state(of: "nothing", "sum") }
    }

    @Test func aFailureIsThrown() throws {
        struct Fault: Error {}
        let input = TestInput<Int>("numbers")
        let test = try TestPipeline { p in
            p.input(input).map("dividing") { number throws(Fault) -> Int in
                if number == 0 { throw Fault() }
                return 10 / number
            }
            .write("out", to: CollectSink())
        }
        input.send(0, at: 0)
        let error = #expect(throws: JobError.self) { try test.settle() }
        #expect(error?.step == "dividing")
    }
}

private struct Counting: KeyedProcessor {
    typealias Key = String
    typealias Input = String
    typealias Output = String
    let count: ValueState<String, Int>
    init(_ state: KeyedStateStore<String>) throws { count = try state.value("count") }
    mutating func process(_ element: String, _ context: borrowing ProcessContext<Self>) throws {
        count.update(default: 0) { $0 += 1 }
    }
}
