import StreamTesting
import Synchronization
import Testing
public import Weir

// snippet: operator
/// Passes on the records that differ from the one before.
@frozen
public struct Changes<Element: Equatable & Sendable>: StreamOperator {
    @usableFromInline var last: Element?

    /// Nothing has come yet.
    @inlinable
    public init() {}

    /// Passes on what differs.
    @inlinable
    public mutating func process(_ input: Batch<Element>, _ output: Collector<Element>) throws {
        for i in 0..<input.count where input.elements[i] != last {
            last = input.elements[i]
            try output.emit(input.elements[i], at: input.timestamps[i])
        }
    }
}

extension DataStream where Element: Equatable {
    /// The records that differ from the one before, by worker.
    @inlinable
    public func changes(_ name: String) -> DataStream<Element> { transform(name) { _ in Changes<Element>() } }
}
// end snippet

/// The code of Docs/guides/operators.md.
@Suite struct OperatorsGuide {
    // snippet: event
    struct Event: EventTimed, Codable, Equatable {
        var user = "", campaign = ""
        var isClick = true, isPurchase = false
        var price: Int64 = 0
        var eventTime: Timestamp = 0
    }
    // end snippet

    private let options = JobMatrix.Variant(parallelism: 1, batchSize: 8, seed: 1).options

    private let format = CSVRecords<Event>(columns: ["user", "at"]) { row, column, _, emit throws(DecodeError) in
        emit(Event(user: try row.string(column[0]), eventTime: try row.int64(column[1])))
    }

    @Test func sources() async throws {
        try await withDirectory { directory in
            let monday = try write("user,at\nann,1000\nbob,no\n", to: "monday.csv", in: directory)
            let tuesday = try write("user,at\neve,2000\n", to: "tuesday.csv", in: directory)
            let log = TextLog()
            let pipeline = try Pipeline("sources") { p in
                // snippet: sources
                let events = p.source(
                    "events", FileSource([monday, tuesday], format: format),
                    watermarks: .boundedOutOfOrderness(.seconds(5)))
                let numbers = p.source(
                    "numbers", GeneratorSource(count: 1_000) { $0 }, time: { Int64($0) }, watermarks: .monotonous())
                let lines = p.source("lines", CollectionSource(["1000", "2000"]))
                // end snippet
                events.texts("events", in: log, \.user)
                events.deadLetters.texts("letters", in: log) { "rejected at \($0.offset)" }
                numbers.filter { $0 > 998 }.texts("numbers", in: log)
                lines.texts("lines", in: log)
            }
            try await pipeline.run(options)
            #expect(log.records.sorted() == ["1000", "2000", "999", "ann", "eve", "rejected at 17"])
        }
    }

    @Test func statelessSteps() async throws {
        let log = TextLog()
        let audit = Mutex<[String]>([])
        let pipeline = try Pipeline("stateless") { p in
            let given = [Event(user: "ann", campaign: "spring sale"), Event(user: "bob", isClick: false)]
            let events = p.source("events", CollectionSource(given), watermarks: .monotonous())
            let lines = p.source("lines", CollectionSource(["1000", "2000"]))
            // snippet: stateless
            let users = events.map(\.user)
            let clicks = events.filter("clicks") { $0.isClick }
            let words = events.flatMap { $0.campaign.split(separator: " ").map(String.init) }
            let seen = clicks.inspect { event, time in audit.withLock { $0.append("\(event.user) at \(time)") } }
            let timed = lines.assignTimestamps(outOfOrderness: .seconds(5)) { Timestamp($0) ?? 0 }
            let all = users.union("all", words)
            // end snippet
            all.texts("all", in: log)
            seen.texts("seen", in: log) { "click of \($0.user)" }
            timed.texts("timed", in: log)
        }
        try await pipeline.run(options)
        #expect(audit.withLock { $0 } == ["ann at 0"])
        #expect(log.records.sorted() == ["1000", "2000", "ann", "bob", "click of ann", "sale", "spring"])
    }

    @Test func exchanges() throws {
        let log = TextLog()
        let input = TestInput<Event>("events")
        let test = try TestPipeline(parallelism: 2) { p in
            let events = p.input(input)
            // snippet: exchange
            let byUser = events.keyBy(\.user)
            let byBoth = events.keyBy("by-campaign-and-user") { Pair($0.campaign, $0.user) }
            let spread = events.rebalance()  // batch by batch over the workers
            let copies = events.broadcast()  // everything to everyone
            let one = events.global()  // everything to the first worker: one file, one ranking
            // end snippet
            byUser.reduce("newest") { $1 }.texts("user", in: log) { "user \($0.user)" }
            byBoth.reduce("newest of both") { $1 }.texts("both", in: log) { "both \($0.user)" }
            spread.texts("spread", in: log) { "spread \($0.user)" }
            copies.texts("copies", in: log) { "copy \($0.user)" }
            one.texts("one", in: log) { "one \($0.user)" }
        }
        input.send(Event(user: "ann"), at: 1)
        try test.settle()
        #expect(log.take().sorted() == ["both ann", "copy ann", "copy ann", "one ann", "spread ann", "user ann"])
    }

    @Test func windows() throws {
        let log = TextLog()
        let input = TestInput<Event>("events")
        let lateFile = CollectSink<Event>()
        let test = try TestPipeline { p in
            let byUser = p.input(input).keyBy(\.user)
            // snippet: windows
            let perMinute = byUser.window(.tumbling(.seconds(60))).aggregate("per-minute", .count())
            let lastMinute = byUser.window(.sliding(.seconds(60), every: .seconds(20)))
                .aggregate("last-minute", .sum(\.price), .maximum(\.price))
            let sessions = byUser.window(.session(gap: .seconds(1_800)))
                .aggregate("sessions", Count(), DistinctCount { $0.campaign })
            let dearest = byUser.window(.global()).reduce("dearest") { $0.price < $1.price ? $1 : $0 }
            // end snippet
            perMinute.texts("minute", in: log) { "minute \($0.window.start): \($0.value)" }
            lastMinute.texts("last", in: log) { "last \($0.window.end): \($0.value.0), \($0.value.1)" }
            sessions.texts("session", in: log) { "session to \($0.window.end): \($0.value.0), \($0.value.1)" }
            dearest.texts("dearest", in: log) { "dearest: \($0.value.price)" }
            // snippet: late
            let late = SideOutput<Event>("late")
            let counts =
                byUser
                .window(.tumbling(.seconds(60)), allowedLateness: .seconds(30), late: .sideOutput(late))
                .aggregate("counts", .count())
            counts.sideOutput(late).write("late-events", to: lateFile)
            // end snippet
            counts.texts("count", in: log) { "count \($0.value), \($0.kind), revision \($0.revision)" }
        }
        input.send(Event(user: "ann", campaign: "spring", price: 3), at: 1_000)
        input.send(Event(user: "ann", campaign: "sale", price: 5), at: 45_000)
        input.watermark(59_999)
        try test.settle()
        let first = log.take().sorted()
        #expect(
            first == [
                "count 2, onTime, revision 0", "last 20000: 3, 3", "last 40000: 3, 3", "last 60000: 8, 5",
                "minute 0: 2",
            ])
        input.send(Event(user: "ann"), at: 59_000)
        try test.settle()
        #expect(log.take() == ["count 3, late, revision 1"])
        input.watermark(89_999)
        input.send(Event(user: "ann", price: 1), at: 2_000)
        input.end()
        try test.settle()
        #expect(lateFile.elements.map(\.price) == [1])
        #expect(test.status["counts"]?.late == 1)
        let rest = log.take().sorted()
        #expect(rest == ["dearest: 5", "last 100000: 5, 5", "last 80000: 5, 5", "session to 1859000: 4, 3"])
    }

    @Test func keyedSteps() throws {
        let log = TextLog()
        let input = TestInput<Event>("events")
        let test = try TestPipeline { p in
            let events = p.input(input)
            let byUser = events.keyBy(\.user)
            // snippet: aggregate
            let figures = byUser.window(.tumbling(.seconds(60)))
                .aggregate("figures", .count(), .distinct(\.campaign), .average(\.price))  // values: (Int, Int, Double)
            // end snippet
            figures.texts("figures", in: log) { "\($0.value)" }
            // snippet: reduce
            let totals = byUser.reduce("running-total") { total, event in
                var total = total
                total.price += event.price
                return total
            }
            // end snippet
            totals.texts("totals", in: log) { "total \($0.price)" }
            // snippet: top
            let dearest = byUser.topN("dearest", 3, by: \.price)
            // end snippet
            dearest.texts("dearest", in: log) { "dearest \($0.elements.map(\.price))" }
            // snippet: deduplicate
            let repeated = SideOutput<Event>("repeated")
            let once = events.keyBy("by-campaign", \.campaign)
                .deduplicate("once", within: .seconds(3_600), duplicates: repeated)
            // end snippet
            once.texts("once", in: log) { "once \($0.campaign)" }
            once.sideOutput(repeated).texts("repeated", in: log) { "again \($0.campaign)" }
            // snippet: pattern
            let pattern = Pattern<Event>.begin("click") { $0.isClick }
                .notFollowedBy("purchase") { $0.isPurchase }
                .within(.seconds(1_800))
            let left = byUser.match("clicked and left", pattern).map { $0["click"][0].campaign }
            // end snippet
            left.texts("left", in: log) { "left \($0)" }
        }
        input.send(Event(user: "ann", campaign: "spring", price: 3), at: 1_000)
        input.send(Event(user: "ann", campaign: "spring", isClick: false, price: 5), at: 2_000)
        try test.settle()
        let first = log.take().sorted()
        #expect(first == ["again spring", "dearest [3]", "dearest [5, 3]", "once spring", "total 3", "total 8"])
        input.watermark(1_801_000)
        try test.settle()
        #expect(log.take().sorted() == ["(2, 1, 4.0)", "left spring"])
    }

    struct Profiles: Sendable {
        func country(of user: String) async throws -> String { "CH" }
    }

    @Test func joins() throws {
        let log = TextLog()
        let input = TestInput<Event>("events")
        let priceInput = TestInput<Pair<String, Int64>>("prices")
        let profiles = Profiles()
        let test = try TestPipeline { p in
            let events = p.input(input)
            let prices = p.input(priceInput)
            // snippet: joins
            let clicks = events.filter("clicks", \.isClick).keyBy("clicks-by-user", \.user)
            let buys = events.filter("buys", \.isPurchase).keyBy("buys-by-user", \.user)

            let pairs = clicks.join("pairs", buys, within: .after(upTo: .seconds(1_800))) { ($0, $1) }
            let orAlone = clicks.leftJoin("or-alone", buys, within: .after(upTo: .seconds(1_800))) { ($0, $1) }
            let byWindow = clicks.join("by-window", buys, window: .tumbling(.seconds(60))) { ($0, $1) }
            let byVersion = events.keyBy("by-campaign", \.campaign)
                .join("by-version", versions: prices.keyBy("prices-by-campaign", \.first)) { ($0, $1.second) }
            let everything = clicks.join("everything", buys, keepFor: .seconds(86_400)) { ($0, $1) }
            let table = events.join("table", broadcast: prices, by: { $0.first }, on: { $0.campaign }) { ($0, $1) }
            let located = events.lookup("service", timeout: .seconds(2)) { event in
                (event, try await profiles.country(of: event.user))
            }
            // end snippet
            pairs.texts("pairs", in: log) { "pair \($0.1.price)" }
            orAlone.texts("or alone", in: log) { "or alone \($0.1?.price ?? 0)" }
            byWindow.texts("by window", in: log) { "window \($0.1.price)" }
            byVersion.texts("by version", in: log) { "version \($0.1)" }
            everything.texts("everything", in: log) { "everything \($0.1.price)" }
            table.texts("table", in: log) { "table \($0.1?.second ?? 0)" }
            located.texts("located", in: log) { "in \($0.1)" }
        }
        priceInput.send(Pair("spring", 9), at: 500)
        try test.settle()
        input.send(Event(user: "ann", campaign: "spring"), at: 1_000)
        input.send(Event(user: "ann", isClick: false, isPurchase: true, price: 7), at: 2_000)
        input.end()
        priceInput.end()
        try test.settle()
        let expected = [
            "everything 7", "in CH", "in CH", "or alone 7", "pair 7", "table 0", "table 9", "version 9", "window 7",
        ]
        #expect(log.take().sorted() == expected)
    }

    @Test func anOperatorOfOnesOwn() async throws {
        let harness = OperatorHarness<Int, Int> { $0.changes("changes") }
        let output = try await harness.run([1, 1, 2, 2, 1].map { .record($0, at: 0) })
        #expect(output.records == [1, 2, 1])
    }

    @Test func sinks() async throws {
        try await withDirectory { directory in
            let input = CollectionSource([Event(user: "ann", eventTime: 1_000)])
            let pipeline = try Pipeline("sinks") { p in
                let counts = p.source("events", input, watermarks: .monotonous()).keyBy(\.user)
                    .window(.tumbling(.seconds(60))).aggregate("counts", .count())
                // snippet: sinks
                let report = FileSink<Pane<String, Int>>("\(directory)/report.txt") { pane, bytes in
                    bytes += "\(pane.key) \(pane.value)\n".utf8
                }
                counts.write("report", to: report)
                counts.write("table", to: CollectSink())
                counts.write("screen", to: ConsoleSink { "\($0.key): \($0.value)" })
                // end snippet
            }
            var options = options
            options.parallelism = 2
            try await pipeline.run(options)
            let files = try [read("\(directory)/report.txt"), read("\(directory)/report-1.txt")]
            #expect(files.sorted() == ["", "ann 1\n"])
        }
    }
}
