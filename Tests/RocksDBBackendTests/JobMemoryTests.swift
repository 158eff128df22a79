import Foundation
import RocksDBBackend
import Testing
import Weir

/// The memory that a job takes, by `JobOptions.memoryBudget`.
@Suite struct JobMemoryTests {
    /// What a job takes beside its budget: code that is loaded, batches, threads, and what the allocator holds back.
    private static let constant = 24 << 20

    /// Values have a budget that is large beside the constant; the others, which take longer by the byte, smaller ones.
    @Test(arguments: [
        ("value", 96 << 20), ("list", 32 << 20), ("window", 32 << 20), ("map", 16 << 20), ("join", 32 << 20),
        ("session", 32 << 20),
    ])
    func residentMemoryStaysWithinTheBudget(kind: String, budget: Int) throws {
        let directory = try TemporaryDirectory()
        let probe = Process()
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let own = URL(fileURLWithPath: bundle ?? "/proc/self/exe").resolvingSymlinksInPath()
        probe.executableURL = own.deletingLastPathComponent().appendingPathComponent("MemoryProbe")
        probe.arguments = [kind, "\(budget)", "\(4 * budget)", directory.path]
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        probe.waitUntilExit()
        #expect(probe.terminationStatus == 0)
        let growth = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        // Else the state wasn't there.
        #expect(growth > budget / 2)
        #expect(growth <= budget / 10 * 13 + Self.constant)
    }

    @Test func windowsInMemoryThatExceedTheBudgetEndTheJob() async throws {
        func run(budget: Int, windows: Int) async throws {
            let count = 40_000
            let pipeline = try Pipeline("exceeding") { p in
                p.source(
                    "numbers", GeneratorSource(count: count) { Int64($0) }, time: { $0 % Int64(windows) },
                    // So that none is over before the end.
                    watermarks: .boundedOutOfOrderness(.milliseconds(windows))
                )
                .keyBy { $0 }.window(.tumbling(.milliseconds(1))).aggregate("hold", .count())
                .write("nowhere", to: CollectSink<Pane<Int64, Int>>())
            }
            var options = JobOptions()
            options.memoryBudget = budget
            options.logger = JobOptions.silentLogger
            _ = try await pipeline.run(options)
        }
        // 40,000 keys of 17 bytes in one table, or in many.
        for windows in [1, 400] {
            try await run(budget: 4 << 20, windows: windows)
            let error = await #expect(throws: JobError.self) { try await run(budget: 1 << 19, windows: windows) }
            let text = "\(try #require(error))"
            #expect(text.contains("budgetExceeded: state 'windows' of step 'hold'"), "\(text)")
        }
    }

    @Test func stateInMemoryThatExceedsTheBudgetEndsTheJob() async throws {
        func run(budget: Int) async throws {
            let pipeline = try Pipeline("exceeding") { p in
                p.source("numbers", GeneratorSource(count: 20_000) { Int64($0) })
                    .keyBy { $0 }
                    .process("hold") { try Holder($0) }
                    .write("nowhere", to: CollectSink<Int64>())
            }
            var options = JobOptions()
            options.memoryBudget = budget
            options.logger = JobOptions.silentLogger
            _ = try await pipeline.run(options)
        }
        // 20,000 values of 100 bytes, with their arrays' headers and slots.
        try await run(budget: 8 << 20)
        let error = await #expect(throws: JobError.self) { try await run(budget: 2 << 20) }
        let text = "\(try #require(error))"
        #expect(text.contains("budgetExceeded: state 'value' of step 'hold'"), "\(text)")
        #expect(text.contains("raise JobOptions.memoryBudget, or use a backend with a store"), "\(text)")
    }
}

private struct Holder: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Int64
    typealias Output = Int64
    typealias TimerID = Never

    let value: ValueState<Int64, [UInt8]>

    init(_ state: KeyedStateStore<Int64>) throws { value = try state.value("value") }

    mutating func process(_ element: Int64, _ context: borrowing ProcessContext<Self>) throws {
        value.value = [UInt8](repeating: 1, count: 100)
    }
}
