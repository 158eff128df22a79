import StateBackend
import StreamCore
import StreamOperators
import Testing

/// A sink that fails where it is told to.
struct FailingSink<Element: Sendable>: Sink {
    enum Point: Sendable { case open, write, flush, close, never }
    var point: Point
    /// What was closed, and how often.
    var closed = Tally()

    func makeWriter(_ context: SinkContext) throws -> Writer {
        if point == .open { throw Fault("open") }
        return Writer(point: point, closed: closed)
    }

    struct Writer: SinkWriter {
        let point: Point
        let closed: Tally

        mutating func write(_ batch: Batch<Element>) throws { if point == .write { throw Fault("write") } }
        mutating func flush() throws { if point == .flush { throw Fault("flush") } }
        mutating func close() throws {
            closed.add()
            if point == .close { throw Fault("close") }
        }
    }
}

/// An operator that fails in `process` or `advance`.
struct FailingOperator: StreamOperator {
    var point: FailureTests.Point

    mutating func process(_ input: KeyedBatch<Int, LiveItems.Item>, _ output: Collector<LiveItems.Item>) throws {
        for i in 0..<input.count {
            if point == .process && input.records.elements[i].number == 50 { throw Fault("process") }
            try output.emit(input.records.elements[i], at: input.records.timestamps[i])
        }
    }

    mutating func advance(to watermark: Timestamp, _ output: Collector<LiveItems.Item>) throws {
        if point == .advance && watermark >= 50 { throw Fault("advance") }
    }
}

@Suite struct FailureTests {
    enum Point: String, CaseIterable, Sendable {
        case splits, makeReader, read
        case map, filter, flatMap, key, make, process, advance, lateSide
        case sinkOpen, sinkWrite, sinkFlush, sinkClose

        var expected: (code: JobError.Code, step: String) {
            switch self {
            case .splits, .makeReader, .read: (.sourceFailed, "items")
            case .map, .filter, .flatMap, .key, .make: (.stepFailed, rawValue)
            case .process, .advance: (.stepFailed, "keyed")
            case .lateSide: (.sinkFailed, "late")
            case .sinkOpen, .sinkWrite, .sinkFlush, .sinkClose: (.sinkFailed, "sink")
            }
        }
    }

    /// A pipeline of every kind of step that fails at one place.
    private func pipeline(failingAt point: Point, _ live: LiveItems) throws -> Pipeline {
        typealias Record = LiveItems.Item
        var script: [ScriptedSource<Record>.Action] = [.emit((0..<90).map { live.item($0) })]
        // A late one, and a rest during which sinks are flushed.
        script += [.emit([live.item(1)]), .caughtUp, .caughtUp, .caughtUp, .emit((90..<120).map { live.item($0) })]
        if point == .read { script.insert(.run { throw Fault("read") }, at: 1) }
        var source = ScriptedSource(script, [.emit((0..<60).map { live.item($0) })])
        if point == .splits { source.splitsFault = Fault("splits") }
        if point == .makeReader { source.makeReaderFault = Fault("makeReader") }
        let sinkPoint: FailingSink<Record>.Point =
            switch point {
            case .sinkOpen: .open
            case .sinkWrite: .write
            case .sinkFlush: .flush
            case .sinkClose: .close
            default: .never
            }
        return try Pipeline("failing") { [source] p in
            let items = p.source(
                "items", source, time: { Int64($0.number) }, watermarks: .monotonous(lateness: .atSource))
            items.lateRecords.write("late", to: FailingSink(point: point == .lateSide ? .write : .never))
            items
                .map("map") { (record) throws(Fault) in
                    if point == .map && record.number == 50 { throw Fault("map") }
                    return record
                }
                .filter("filter") { (record) throws(Fault) in
                    if point == .filter && record.number == 50 { throw Fault("filter") }
                    return true
                }
                .flatMap("flatMap") { (record) throws(Fault) in
                    if point == .flatMap && record.number == 50 { throw Fault("flatMap") }
                    return [record]
                }
                .transform("make") { _ in
                    if point == .make { throw Fault("make") }
                    return PassThrough()
                }
                .keyBy("key") { (record) throws(Fault) in
                    if point == .key && record.number == 50 { throw Fault("key") }
                    return record.number
                }
                .transform("keyed") { _ in FailingOperator(point: point) }
                .write("sink", to: FailingSink(point: sinkPoint))
        }
    }

    struct PassThrough: StreamOperator {
        mutating func process(_ input: Batch<LiveItems.Item>, _ output: Collector<LiveItems.Item>) throws {
            for i in 0..<input.count { try output.emit(input.elements[i], at: input.timestamps[i]) }
        }
    }

    @Test(arguments: Point.allCases, RunCase.some)
    func errorNamesTheStep(point: Point, run: RunCase) async throws {
        let live = LiveItems()
        do {
            let pipeline = try pipeline(failingAt: point, live)
            let error = await #expect(throws: JobError.self, "\(point), \(run)") {
                try await pipeline.run(run.options)
            }
            #expect(error?.code == point.expected.code, "\(point), \(run): \(String(describing: error))")
            #expect(error?.step == point.expected.step, "\(point), \(run): \(String(describing: error))")
            #expect(error?.cause is Fault, "\(point), \(run)")
            #expect(error?.description.contains("'\(point.expected.step)'") == true)
        }
        // Whatever was on its way is destroyed once, with the workers.
        #expect(await eventually { live.count == 0 }, "\(live.count) records are left, \(point), \(run)")
    }

    @Test func aJobErrorOfTheUsersStaysAsItIs() async throws {
        let own = JobError(code: JobError.Code(rawValue: "quota"), step: "elsewhere", message: "no more")
        let pipeline = try Pipeline("own") { p in
            _ = p.source("items", ScriptedSource([.emit([1])])).map("map") { (_: Int) throws(JobError) -> Int in
                throw own
            }
        }
        let error = await #expect(throws: JobError.self) { try await pipeline.run(RunCase.some[0].options) }
        #expect(error?.code.rawValue == "quota" && error?.step == "elsewhere")
        #expect(error?.description == "quota: step 'elsewhere': no more")
    }
}

/// Waits for something that is bound to happen soon.
func eventually(within limit: Duration = .seconds(1_200), _ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        await Task.yield()
    }
    return true
}
