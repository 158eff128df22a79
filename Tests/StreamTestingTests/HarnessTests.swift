import StreamTesting
import Testing
import Weir

/// The harness must find operators that depend on batches, lose state, or are upset by a full downstream.
@Suite struct HarnessTests {
    private func script(_ text: String) throws -> [ScriptStep<String>] { try Marble.script(text) { $0.label } }

    @Test func aWindowIsTheSameFourWays() throws {
        let harness = OperatorHarness<String, Pane<String, Int>> {
            $0.keyBy { $0 }.window(.tumbling(.milliseconds(10)), allowedLateness: .milliseconds(20))
                .aggregate("count", .count())
        }
        let events = try harness.verify(try script("a@1 b@2 a@3 w9 | a@4 a@12 w50 b@70"))
        let text = Marble.text(of: events, isSorted: true) { "\($0.key)\($0.window.start)=\($0.value)~\($0.revision)" }
        #expect(text == "a0=2~0 b0=1~0 w9 a0=3~1 a10=1~0 w50 b70=1~0 end")
    }

    @Test func anOperatorThatDependsOnBatchesIsFound() throws {
        let harness = OperatorHarness<String, Int> { $0.transform("size") { _ in BatchSizes() } }
        let error = #expect(throws: HarnessDisagreement.self) {
            try harness.verify(try script("a@1 b@2 w9 c@10"))
        }
        #expect(error?.way == "all in one batch")
    }

    @Test func theOrderOfAKeyIsComparedWhenAskedFor() throws {
        let harness = OperatorHarness<String, String> { $0.transform("reversed") { _ in Reversed() } }
        let steps = try script("a@1 b@2")
        // Between two watermarks anything goes …
        try harness.verify(steps)
        // … but not within a key.
        #expect(throws: HarnessDisagreement.self) { try harness.verify(steps, inOrderOf: { _ in "all" }) }
        try harness.verify(steps, inOrderOf: { $0 })
    }

    @Test func stateThatNoSnapshotKnowsIsFound() throws {
        let harness = OperatorHarness<String, Int> { $0.transform("numbers") { _ in Numbers() } }
        let error = #expect(throws: HarnessDisagreement.self) {
            try harness.verify(try script("a@1 b@2 w9 c@10"))
        }
        #expect(error?.way == "snapshot and restore after every step")
        #expect(error?.segment == 0)
    }

    @Test func stateWithoutACodecIsNamed() throws {
        let harness = OperatorHarness<String, Box> {
            $0.keyBy { $0 }.reduce("boxed") { a, _ in a }.map { _ in Box() }.keyBy { _ in 0 }.reduce("boxes") { a, _ in
                a
            }
        }
        let error = #expect(throws: JobError.self) { try harness.verify(try script("a@1 b@2")) }
        #expect(error?.code == .snapshotFailed)
        #expect(error?.step == "boxes")
        #expect(error?.message.contains("Codable") == true)
    }
}

/// A record that can't be saved.
private final class Box: Sendable, Equatable {
    static func == (a: Box, b: Box) -> Bool { true }
}

/// Emits each batch's records in reverse.
private struct Reversed: StreamOperator {
    typealias Input = Batch<String>
    mutating func process(_ input: Batch<String>, _ output: Collector<String>) throws {
        for i in (0..<input.count).reversed() { try output.emit(input.elements[i], at: 0) }
    }
}

/// Emits how many records each batch had.
private struct BatchSizes: StreamOperator {
    typealias Input = Batch<String>
    mutating func process(_ input: Batch<String>, _ output: Collector<Int>) throws {
        for i in 0..<input.count { try output.emit(input.count, at: input.timestamps[i]) }
    }
}

/// Numbers the records, in a field that nobody saves.
private struct Numbers: StreamOperator {
    typealias Input = Batch<String>
    var next = 0
    mutating func process(_ input: Batch<String>, _ output: Collector<Int>) throws {
        for i in 0..<input.count {
            try output.emit(next, at: input.timestamps[i])
            next += 1
        }
    }
}
