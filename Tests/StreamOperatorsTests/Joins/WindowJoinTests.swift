import StreamTesting
import Testing
import Weir

/// Records of two streams that meet in windows.
@Suite struct WindowJoinTests {
    typealias Windows = AnyWindowing<WindowJoinRecord<Event, Event>>

    enum Kind: CaseIterable, Sendable {
        case inner, left, full, coGroup
    }

    private static let lateLeft = SideOutput<Event>("late left")
    private static let lateRight = SideOutput<Event>("late right")

    /// Windows of 10 ms: `1-2@9` for the pair of a window whose last millisecond is 9.
    @Sendable private static func text(_ left: Event?, _ right: Event?) -> String {
        let time = left?.time ?? right?.time ?? 0
        return "\(left.map { "\($0.id)" } ?? "_")-\(right.map { "\($0.id)" } ?? "_")@\(time.floored(to: 10) + 9)"
    }

    private static func attach(_ kind: Kind, lateness: Int, to events: DataStream<Event>) -> DataStream<String> {
        let (left, right) = (JoinScript.side("l", of: events), JoinScript.side("r", of: events))
        let lateness = Duration.milliseconds(lateness)
        let late = (left: LateRecords.sideOutput(lateLeft), right: LateRecords.sideOutput(lateRight))
        let joined =
            switch kind {
            case .inner:
                left.join(
                    "join", right, window: .tumbling(.milliseconds(10)), allowedLateness: lateness,
                    lateLeft: late.left, lateRight: late.right
                ) { text($0, $1) }
            case .left:
                left.leftJoin(
                    "join", right, window: .tumbling(.milliseconds(10)), allowedLateness: lateness,
                    lateLeft: late.left, lateRight: late.right
                ) { text($0, $1) }
            case .full:
                left.fullJoin(
                    "join", right, window: .tumbling(.milliseconds(10)), allowedLateness: lateness,
                    lateLeft: late.left, lateRight: late.right
                ) { text($0, $1) }
            case .coGroup:
                left.coGroup(
                    "join", right, window: .tumbling(.milliseconds(10)), allowedLateness: lateness,
                    lateLeft: late.left, lateRight: late.right
                ) { key, window, left, right in
                    let ids = [left, right].map { $0.map { "\($0.id)" }.joined(separator: "+") }
                    return left.count + right.count > 3 ? [] : ["\(key):\(ids[0])-\(ids[1])@\(window.end - 1)"]
                }
            }
        return JoinScript.withLate(joined, lateLeft, lateRight)
    }

    @Test(
        "kind, lateness, input, output",
        arguments: [
            (.inner, 0, "la@1 ra@9 ra@10 la@12 w9 w19", "0-1@9 w9 3-2@19 w19 end"),
            (.inner, 0, "la@1 rb@1 la@11 w9 w19", "w9 w19 end"),
            (.inner, 0, "la@-1 ra@-10 ra@0 la@2", "0-1@-1 3-2@9 end"),
            (.inner, 0, "w9 la@9 ra@10 la@10 ra@9 w19", "w9 late-left-0@9 late-right-3@9 2-1@19 w19 end"),
            // Every pair once, also when the window is emitted again.
            (
                .inner, 5, "la@1 ra@1 w9 la@2 ra@3 w13 la@4 w14 la@5",
                "0-1@9 w9 2-1@9 0-3@9 2-3@9 w13 4-1@9 4-3@9 w14 late-left-5@5 end"
            ),
            (.left, 0, "la@1 lb@2 ra@3 rc@4 w9", "0-2@9 1-_@9 w9 end"),
            (.left, 5, "la@1 w9 ra@2 la@3 w14 la@4", "0-_@9 w9 0-1@9 2-1@9 w14 late-left-3@4 end"),
            (.left, 5, "la@1 w9 la@2 w14 la@11", "0-_@9 w9 1-_@9 w14 2-_@19 end"),
            (.full, 0, "la@1 rb@2 lc@3 rc@3 w9", "0-_@9 _-1@9 2-3@9 w9 end"),
            (.full, 5, "ra@1 w9 la@2 ra@3", "_-0@9 w9 1-0@9 1-2@9 end"),
            (.coGroup, 0, "la@4 la@1 ra@3 rb@2 lc@11 w9", "a:1+0-2@9 b:-3@9 w9 c:4-@19 end"),
            (.coGroup, 5, "la@4 w9 ra@3 la@2", "a:0-@9 w9 a:0-1@9 a:2+0-1@9 end"),
            (.coGroup, 0, "la@1 la@2 la@3 ra@4", "end"),
        ] as [(Kind, Int, String, String)])
    func resultsComeAsInTheTable(_ kind: Kind, _ lateness: Int, _ input: String, _ output: String) throws {
        let expected = JoinScript.sorted(output.split(separator: " ").map(String.init))
        let steps = script(input)
        let describe = { Self.attach(kind, lateness: lateness, to: $0) }
        #expect(try JoinScript.play(steps, batchSize: 1, describe) == expected)
        for restart in steps.indices {
            #expect(try JoinScript.play(steps, restart: restart, describe) == expected, "restart after \(restart)")
        }
    }

    /// Two sessions that were emitted and then become one: only the pairs between them are new.
    @Test func sessionsThatMergeLate() throws {
        let input = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test = try TestPipeline { p in
            let events = p.input(input)
            JoinScript.side("l", of: events).join(
                "join", JoinScript.side("r", of: events), window: .session(gap: .milliseconds(10)),
                allowedLateness: .seconds(1)
            ) { "\($0.id)-\($1.id)" }
            .logged("log", in: log)
        }
        input.play(script("la@0 ra@1 w10 la@18 ra@19 w28"))
        try test.settle()
        #expect(log.take() == ["0-1", "2-3"])
        try test.restart()
        input.play(script("ra@10", firstID: 4))
        try test.settle()
        #expect(log.take().sorted() == ["0-3", "0-4", "2-1", "2-4"])
        input.play(script("la@5", firstID: 5))
        try test.settle()
        #expect(log.take() == ["5-1", "5-4", "5-3"])
    }

    @Test func whatCannotWorkIsRefused() throws {
        let error = #expect(throws: PipelineError.self) {
            _ = try Pipeline("test") { p in
                let timed = p.input(TestInput<Event>("timed")).keyBy { $0.key }
                let timeless = p.source("timeless", CollectionSource([Event]())).keyBy { $0.key }
                _ = timed.join("size", timed, window: .tumbling(.zero)) { a, _ in a }
                _ = timed.join("count", timed, window: CountWindows(3)) { a, _ in a }
                _ = timed.join("late", timed, window: .global(), allowedLateness: .seconds(-1)) { a, _ in a }
                _ = timed.join("time", timeless, window: .tumbling(.seconds(1))) { a, _ in a }
                _ = timed.join("fine", timeless, window: .global()) { a, _ in a }
            }
        }
        #expect(error?.problems.map(\.step) == ["size", "count", "late", "time"])
        #expect(error?.problems[1].message.contains("can't be joined; use windows by time") == true)
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func asByDefinition(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let kind = Kind.allCases[Int(random.next(below: 4))]
        let shapes: [(inout SplitMix64) -> TestWindows] = [
            TestWindows.tumbling(_:), TestWindows.sliding(_:), TestWindows.session(_:),
        ]
        let shape = shapes[Int(random.next(below: 3))](&random)
        let windows: Windows =
            switch shape {
            case .tumbling(let size, let offset):
                Windows(TumblingWindows(.milliseconds(size), offset: .milliseconds(offset)))
            case .sliding(let size, let step, let offset):
                Windows(SlidingWindows(.milliseconds(size), every: .milliseconds(step), offset: .milliseconds(offset)))
            case .session(let gap): Windows(SessionWindows(gap: .milliseconds(gap)))
            default: Windows(GlobalWindows())
            }
        // A few records: with many windows each, pairs are many.
        let left = RandomEvents(&random, splits: 1, keys: 5)
        let right = RandomEvents(&random, splits: 2, keys: 5)
        let results = OutputLog<String>()
        let watermarks = WatermarkCheck()
        let run = try RandomRun(&random, [left, right]) { p, inputs in
            let (left, right) = (p.input(inputs[0]).keyBy { $0.key }, p.input(inputs[1]).keyBy { $0.key })
            let joined =
                switch kind {
                case .inner: left.join("join", right, window: windows) { Self.pair($0, $1) }
                case .left: left.leftJoin("join", right, window: windows) { Self.pair($0, $1) }
                case .full: left.fullJoin("join", right, window: windows) { Self.pair($0, $1) }
                case .coGroup: left.coGroup("join", right, window: windows) { [Self.group($0, $1, $2, $3)] }
                }
            watermarks.attach("check", to: joined).logged("results", in: results)
        }
        let expected = Self.results(kind, shape, left.all, right.all)
        #expect(results.records.sorted() == expected, "seed \(seed), \(kind), \(shape), \(run)")
        #expect(run.late == 0 && watermarks.violations == 0, "seed \(seed), \(kind), \(shape), \(run)")
    }

    @Sendable private static func pair(_ left: Event?, _ right: Event?) -> String {
        "\(left.map { "\($0.id)" } ?? "_")-\(right.map { "\($0.id)" } ?? "_")"
    }

    @Sendable private static func group(
        _ key: String, _ window: TimeWindow, _ left: [Event], _ right: [Event]
    ) -> String {
        "\(key)[\(window.start),\(window.end))=\(left.map(\.id).sorted())-\(right.map(\.id).sorted())"
    }

    /// The windows of both sides' events together, and in each all pairs.
    private static func results(
        _ kind: Kind, _ shape: TestWindows, _ left: [Event], _ right: [Event]
    ) -> [String] {
        var results: [String] = []
        for key in Set((left + right).map(\.key)) {
            // Told apart by their values, which nothing else looks at.
            let own =
                left.filter { $0.key == key }.map { Event(id: $0.id, key: key, time: $0.time, value: 0) }
                + right.filter { $0.key == key }.map { Event(id: $0.id, key: key, time: $0.time, value: 1) }
            for (window, members) in shape.windows(own) {
                let (lefts, rights) = (members.filter { $0.value == 0 }, members.filter { $0.value == 1 })
                if kind == .coGroup {
                    results.append(group(key, window, lefts, rights))
                    continue
                }
                for left in lefts { results += rights.map { pair(left, $0) } }
                if kind != .inner && rights.isEmpty { results += lefts.map { pair($0, nil) } }
                if kind == .full && lefts.isEmpty { results += rights.map { pair(nil, $0) } }
            }
        }
        return results.sorted()
    }
}
