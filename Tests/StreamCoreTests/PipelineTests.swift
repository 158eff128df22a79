import StreamConnectors
import StreamCore
import StreamOperators
import Testing

@Suite struct PipelineTests {
    private func problems(_ describe: (PipelineBuilder) throws -> Void) -> [PipelineError.Problem] {
        let error = #expect(throws: PipelineError.self) { try Pipeline("faulty", describe) }
        #expect(error?.pipeline == "faulty")
        #expect(error?.description.contains("faulty") == true)
        return error?.problems ?? []
    }

    private let numbers = CollectionSource(1...3)

    @Test func namesMustBeDistinctAndNotEmpty() {
        let found = problems { p in
            let a = p.source("a", numbers)
            _ = p.source("a", numbers)
            _ = a.filter("") { $0 > 1 }.map("b") { $0 }.map("b") { $0 }
            a.write("b", to: CollectSink())
        }
        #expect(found.map(\.step) == ["a", "", "b", "b"])
    }

    @Test func aSourceIsNeeded() {
        let found = problems { _ in }
        #expect(found.count == 1 && found.first?.message.contains("no source") == true)
    }

    @Test func sideOutputHasOneType() {
        let found = problems { p in
            let a = p.source("a", numbers)
            a.sideOutput(SideOutput<Int>("side")).write("ints", to: CollectSink())
            a.sideOutput(SideOutput<Int>("side")).write("more ints", to: CollectSink())
            a.sideOutput(SideOutput<String>("side")).write("texts", to: CollectSink())
        }
        #expect(found.map(\.step) == ["a"])
        #expect(found.first?.message.contains("'side'") == true)
    }

    /// Types of the same name are different ones.
    @Test func sideOutputsOfNamesakesDiffer() {
        enum Here { struct Record: Sendable {} }
        enum There { struct Record: Sendable {} }
        let found = problems { p in
            let a = p.source("a", numbers)
            a.sideOutput(SideOutput<Here.Record>("side")).write("here", to: CollectSink())
            a.sideOutput(SideOutput<There.Record>("side")).write("there", to: CollectSink())
        }
        #expect(found.map(\.step) == ["a"])
    }

    @Test func anOperatorsSideOutputHasTheTypeThatIsRead() throws {
        let pipeline = try Pipeline("sides") { p in
            let sides = p.source("a", numbers).transform("step") { try Sides($0) }
            sides.sideOutput(SideOutput<String>("negative")).write("sink", to: CollectSink())
        }
        let error = #expect(throws: JobError.self) { try pipeline.start(RunCase.some[0].options) }
        #expect(error?.code == .stepFailed && error?.step == "step")
    }

    /// Passes numbers on, and their negatives to the side.
    struct Sides: StreamOperator {
        static let negative = SideOutput<Int>("negative")
        let side: Collector<Int>?

        init(_ context: OperatorContext) throws { side = try context.collector(for: Self.negative) }

        mutating func process(_ input: Batch<Int>, _ output: Collector<Int>) throws {
            for i in 0..<input.count {
                try output.emit(input.elements[i], at: input.timestamps[i])
                try side?.emit(-input.elements[i], at: input.timestamps[i])
            }
            try side?.flush()
        }

        mutating func advance(to watermark: Timestamp, _ output: Collector<Int>) throws {
            try side?.emit(0, at: watermark)
            try side?.flush()
        }
    }

    @Test(arguments: RunCase.some)
    func sideOutputsCarrySignalsAndEnd(run: RunCase) async throws {
        let logs = (0..<3).map { _ in EventLog<Int>() }
        let sinks = (0..<2).map { _ in FailingSink<Int>(point: .never) }
        let pipeline = try Pipeline("sides") { p in
            let steps = p.source(
                "a", CollectionSource(splits: [Array(1...50), Array(51...80)]), time: { Int64($0) },
                watermarks: .monotonous()
            )
            .transform("step") { try Sides($0) }
            steps.log("main", to: logs[0]).write("main sink", to: sinks[0])
            let side = steps.sideOutput(Sides.negative)
            side.filter { $0 < 0 }.keyBy { $0 }.log("side", to: logs[1]).write("side sink", to: sinks[1])
            _ = side.filter { $0 == 0 }.log("watermarks", to: logs[2])
        }
        try await pipeline.run(run.options)
        #expect(multiset(logs[0].records) == multiset(1...80), "\(run)")
        #expect(multiset(logs[1].records) == multiset(-80...(-1)), "\(run)")
        for log in logs.prefix(2) { log.checkSignals(workers: run.parallelism, "\(run)") }
        // Results of a watermark come before it, at the side too: each watermark follows its record.
        for events in logs[2].workers {
            var announced: Timestamp?
            for event in events {
                switch event {
                case .record(_, let timestamp): announced = timestamp
                case .signal(.watermark(let watermark)): #expect(announced == watermark, "\(run)")
                case .signal: break
                }
            }
        }
        #expect(sinks.map(\.closed.value) == [run.parallelism, run.parallelism], "\(run)")
    }

    @Test func stepsAreNamedAfterTheirKindAndNumber() throws {
        let pipeline = try Pipeline("names") { p in
            let a = p.source("a", numbers)
            a.filter { $0 > 0 }.map("mapped") { $0 }.rebalance().global().broadcast().union(a)
                .write("sink", to: CollectSink())
        }
        #expect(
            pipeline.steps == ["a", "filter-1", "mapped", "rebalance-3", "global-4", "broadcast-5", "union-6", "sink"])
    }

    @Test func keyPathsServeAsFunctions() async throws {
        let items = Item.splits([40], keys: 3, disorder: 0, seed: 1)
        let sink = CollectSink<Int>()
        let pipeline = try Pipeline("key paths") { p in
            p.source("items", CollectionSource(splits: items), time: \.time, watermarks: .monotonous())
                .filter(\.hasKey).keyBy(\.key).log("log", to: EventLog()).map(\.number).write("sink", to: sink)
        }
        try await pipeline.run(RunCase.some[0].options)
        #expect(sink.elements.sorted() == items[0].filter(\.hasKey).map(\.number))
    }

    @Test func whatTheDescriptionThrowsComesOut() {
        #expect(throws: Fault.self) { try Pipeline("throwing") { _ in throw Fault() } }
    }
}
