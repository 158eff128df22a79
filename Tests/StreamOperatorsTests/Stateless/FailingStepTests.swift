import StreamTesting
import Synchronization
import Testing
import Weir

/// A step's closure that throws in the middle of a batch: the job fails with the step's name, and every record is
/// destroyed just once.
@Suite struct FailingStepTests {
    /// Counts the instances that are alive.
    private final class Tracked: Sendable {
        private static let alive = Mutex<[Int: Int]>([:])
        static func alive(_ test: Int) -> Int { alive.withLock { $0[test] ?? 0 } }

        let test: Int
        let number: Int

        init(_ test: Int, _ number: Int) {
            self.test = test
            self.number = number
            Self.alive.withLock { $0[test, default: 0] += 1 }
        }
        deinit { Self.alive.withLock { $0[test, default: 0] -= 1 } }
    }

    private typealias Stream = DataStream<Tracked>

    private static let steps: [(name: String, attach: @Sendable (Stream, Int) -> Void)] = [
        ("map", { stream, bad in sink(stream.map("fails") { try fail($0, bad) }) }),
        ("filter", { stream, bad in sink(stream.filter("fails") { try fail($0, bad).number % 3 != 1 }) }),
        (
            "flatMap",
            { stream, bad in
                sink(
                    stream.flatMap("fails") {
                        let good = try fail($0, bad); return [good, good]
                    })
            }
        ),
        ("inspect", { stream, bad in sink(stream.inspect("fails") { element, _ in _ = try fail(element, bad) }) }),
        (
            "keyBy",
            { stream, bad in
                let keyed = stream.keyBy("fails") { try fail($0, bad).number % 5 }
                sink(keyed.reduce("reduce") { $1 })
            }
        ),
        (
            "two readers",
            { stream, bad in
                sink(stream.filter("other") { $0.number % 2 == 0 })
                sink(stream.map("fails") { try fail($0, bad) }, "second")
            }
        ),
        (
            "after map",
            { stream, bad in
                sink(stream.map("passes") { $0 }.filter("passes too") { _ in true }.map("fails") { try fail($0, bad) })
            }
        ),
        (
            "process",
            { stream, bad in
                sink(stream.keyBy { $0.number % 5 }.process("fails") { _ in Failing(bad: bad) })
            }
        ),
        ("late records", { stream, bad in sink(stream.lateRecords.map("fails") { try fail($0, bad) }) }),
        ("sink", { stream, bad in stream.write("fails", to: FailingSink(bad: bad)) }),
        (
            "after a window",
            { stream, bad in
                let panes = stream.keyBy { $0.number % 5 }.window(.tumbling(.milliseconds(10))).reduce("largest") { $1 }
                sink(panes.map("fails") { try fail($0.value, bad) })
            }
        ),
    ]

    /// The same for steps that go on without the records that they fail for.
    private static let dropping: [(name: String, attach: @Sendable (Stream, Int) -> Void)] = [
        ("map", { stream, bad in sink(stream.map("drops", onError: .drop) { try some($0, bad) }) }),
        (
            "filter",
            { stream, bad in sink(stream.filter("drops", onError: .drop) { try some($0, bad) === $0 }) }
        ),
        ("flatMap", { stream, bad in sink(stream.flatMap("drops", onError: .drop) { [try some($0, bad)] }) }),
        (
            "inspect",
            { stream, bad in
                sink(stream.inspect("drops", onError: .drop) { one, _ in _ = try some(one, bad) })
            }
        ),
        (
            "keyBy",
            { stream, bad in
                let keyed = stream.keyBy("drops", onError: .drop) { try some($0, bad).number }
                sink(keyed.reduce("reduce") { $1 })
            }
        ),
    ]

    private static func some(_ tracked: Tracked, _ bad: Int) throws -> Tracked {
        if tracked.number % bad == 0 { throw TestFault() }
        return tracked
    }

    /// One of `bad` records fails.
    @Test(arguments: dropping.indices, [1, 2, 7]) func droppedRecordsAreDestroyedOnce(step: Int, bad: Int) async throws
    {
        let test = 100_000 + step * 1_000 + bad
        for variant in JobMatrix(batchSizes: [1, 7, 64]).variants {
            try await Self.run(Self.dropping[step].name, Self.dropping[step].attach, test, bad, variant)
            for _ in 0..<100_000 where Tracked.alive(test) != 0 { await Task.yield() }
            #expect(Tracked.alive(test) == 0, "\(Self.dropping[step].name), \(variant)")
        }
    }

    private static func sink(_ stream: Stream, _ name: String = "sink") { stream.write(name, to: CollectSink()) }

    @discardableResult
    private static func fail(_ tracked: Tracked, _ bad: Int) throws -> Tracked {
        if tracked.number >= bad { throw TestFault() }
        return tracked
    }

    private struct Failing: KeyedProcessor {
        typealias Key = Int
        typealias Output = Tracked
        let bad: Int
        mutating func process(_ element: Tracked, _ context: borrowing ProcessContext<Failing>) throws {
            try context.emit(try FailingStepTests.fail(element, bad))
        }
    }

    private struct FailingSink: Sink {
        struct Writer: SinkWriter {
            let bad: Int
            mutating func write(_ batch: Batch<Tracked>) throws {
                for i in 0..<batch.count { try FailingStepTests.fail(batch.elements[i], bad) }
            }
            mutating func flush() {}
            mutating func close() {}
        }
        let bad: Int
        func makeWriter(_ context: SinkContext) -> Writer { Writer(bad: bad) }
    }

    @Test(arguments: steps.indices, [0, 17, 250]) func everyRecordIsDestroyedOnce(step: Int, bad: Int) async throws {
        let test = step * 1_000 + bad
        for variant in JobMatrix(batchSizes: [1, 7, 64]).variants {
            do {
                let error = await #expect(throws: JobError.self, "\(variant)") {
                    try await Self.run(Self.steps[step].name, Self.steps[step].attach, test, bad, variant)
                }
                #expect(error?.step == "fails", "\(Self.steps[step].name), \(variant)")
                #expect(error?.cause is TestFault)
            }
            // The last worker lets go of its dataflow just after it has reported the end.
            for _ in 0..<100_000 where Tracked.alive(test) != 0 { await Task.yield() }
            #expect(Tracked.alive(test) == 0, "\(Self.steps[step].name), \(variant)")
        }
    }

    private static func run(
        _ step: String, _ attach: @Sendable (Stream, Int) -> Void, _ test: Int, _ bad: Int,
        _ variant: JobMatrix.Variant
    ) async throws {
        let pipeline = try Pipeline("failing") { p in
            // Disorder within the bound, and beyond it.
            let source = p.source(
                "tracked", GeneratorSource(count: 300) { Tracked(test, $0) },
                time: { $0.number % 2 == 0 ? Timestamp($0.number) : Timestamp($0.number) - 100 },
                watermarks: .boundedOutOfOrderness(.milliseconds(200), lateness: .atSource))
            let late = p.source(
                "late", GeneratorSource(count: 300) { Tracked(test, $0) },
                time: { $0.number / 8 % 2 == 0 ? Timestamp($0.number) : -100_000 },
                watermarks: .boundedOutOfOrderness(.milliseconds(20), lateness: .atSource))
            late.lateRecords.write("late sink", to: CollectSink())
            source.write("other sink", to: CollectSink())
            attach(step == "late records" ? late : source.union("all", late), bad)
        }
        try await pipeline.run(variant.options)
    }
}
