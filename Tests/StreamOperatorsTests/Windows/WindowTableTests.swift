import StreamTesting
import Testing
import Weir

/// One case: windows, input, and what must come out, in this order.
struct WindowCase: Sendable, CustomTestStringConvertible {
    let title: String
    let windowing: TestWindowing
    var lateness = 0
    let input: String
    let output: String

    init(_ title: String, _ windowing: TestWindowing, lateness: Int = 0, _ input: String, _ output: String) {
        self.title = title
        self.windowing = windowing
        self.lateness = lateness
        self.input = input
        self.output = output
    }

    var testDescription: String { title }

    /// Where no record is behind the watermark, results don't depend on how the job runs.
    ///
    /// Elsewhere they may depend on how far other workers have come, so that only one is to be had.
    var matrix: JobMatrix {
        hasRecordsBehindTheWatermark(script(input)) ? JobMatrix(parallelisms: [1]) : JobMatrix()
    }

    /// Attaches the windows; the late records come out as words among the panes.
    ///
    /// - Parameter isGeneral: by the general operator and not by the shape's own.
    func attach(to events: DataStream<Event>, isGeneral: Bool = false) -> DataStream<String> {
        let late = SideOutput<Event>("late")
        let windowing = isGeneral ? TestWindowing(GeneralWindowing(base: windowing)) : windowing
        let panes = events.keyBy { $0.key }
            .window(windowing, allowedLateness: .milliseconds(lateness), late: .sideOutput(late))
            .aggregate("windows", CollectIDs())
        return panes.map { text($0) }.union("all", panes.sideOutput(late).map { "late \($0.id)" })
    }
}

@Suite struct WindowTableTests {
    @Test(arguments: WindowCase.tumbling + WindowCase.sliding + WindowCase.session + WindowCase.global, [false, true])
    func panesComeAsInTheTable(_ table: WindowCase, byTheGeneralOperator isGeneral: Bool) async throws {
        let harness = OperatorHarness<Event, String> { table.attach(to: $0, isGeneral: isGeneral) }
        let expected = table.output.split(separator: " & ").flatMap { part in
            part.hasPrefix("late") ? [String(part)] : part.split(separator: " ").map(String.init)
        }
        for batchSize in [1, 2, 1_024] {
            let result = try await harness.run(script(table.input), batchSize: batchSize)
            #expect(words(result.events) == expected, "batches of \(batchSize)")
            let late = expected.count { $0.hasPrefix("late") }
            #expect(result.status["windows"]?.late == late)
        }
        #expect(words(try harness.verify(script(table.input))) == expected)
        let panes = expected.filter { $0.contains("=") || $0.hasPrefix("late") }.sorted()
        let runs: [JobMatrix.Run<String>] = try await table.matrix.run { p, sink in
            table.attach(to: p.script("script", [script(table.input)]), isGeneral: isGeneral).write("out", to: sink)
        }
        for run in runs { #expect(run.elements.sorted() == panes, "\(run.variant)") }
    }

    @Test func aDroppedLateRecordIsCounted() async throws {
        let harness = OperatorHarness<Event, String> { events in
            events.keyBy { $0.key }.window(.tumbling(.milliseconds(10))).aggregate("windows", CollectIDs())
                .map { text($0) }
        }
        let result = try await harness.run(script("a@5 w9 a@6 b@7 a@10 a@0"))
        #expect(words(result.events) == ["a[0,10)=0", "w9", "a[10,20)=3", "end"])
        #expect(result.status["windows"]?.late == 3)
    }

    @Test func aResultHasTheTimeOfItsWindowsLastMillisecond() async throws {
        let all: [(TestWindowing, Timestamp)] = [
            (.tumbling(.milliseconds(10)), 9), (.sliding(.milliseconds(10), every: .milliseconds(10)), 9),
            (.session(gap: .milliseconds(10)), 14), (.global, .max),
        ]
        for (windowing, time) in all {
            let harness = OperatorHarness<Event, [Int]> {
                $0.keyBy { $0.key }.window(windowing).aggregate("windows", CollectIDs()).map { $0.value }
            }
            let result = try await harness.run(script("a@5"))
            #expect(result.events.contains(.record([0], at: time)), "\(windowing)")
        }
    }

    @Test func aThousandSlidingWindowsHoldOneRecord() async throws {
        let runs: [JobMatrix.Run<Pane<String, Int>>] = try await JobMatrix().run { p, sink in
            p.script("script", [script("a@0 b@7 w400 a@401 w5000 a@9000")]).keyBy { $0.key }
                .window(.sliding(.milliseconds(1_000), every: .milliseconds(1)))
                .aggregate("windows", .count()).write("out", to: sink)
        }
        for run in runs {
            for key in ["a", "b"] {
                let times: [Timestamp] = key == "a" ? [0, 401, 9_000] : [7]
                let counts = Dictionary(grouping: times.flatMap { time in (time - 999...time).map { $0 } }, by: { $0 })
                let panes = run.elements.filter { $0.key == key }
                #expect(panes.map(\.window.start) == counts.keys.sorted(), "\(run.variant)")
                #expect(panes.allSatisfy { counts[$0.window.start]?.count == $0.value }, "\(run.variant)")
            }
        }
    }

    @Test func aGlobalWindowNeedsNoWatermarks() async throws {
        let runs: [JobMatrix.Run<Pane<Int, Int>>] = try await JobMatrix().run { p, sink in
            p.source("numbers", CollectionSource(splits: [Array(0..<50), Array(50..<100)])).keyBy { $0 % 3 }
                .window(.global()).aggregate("sums", Sum { $0 }).write("out", to: sink)
        }
        for run in runs {
            let sums = Dictionary(uniqueKeysWithValues: run.elements.map { ($0.key, $0.value) })
            #expect(sums == [0: 1_683, 1: 1_617, 2: 1_650], "\(run.variant)")
        }
    }
}
