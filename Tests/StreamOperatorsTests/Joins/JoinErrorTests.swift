import StreamTesting
import Testing
import Weir

/// Joins whose function throws: who is disposed of, and what stays.
@Suite struct JoinErrorTests {
    struct Unlucky: Error {}

    enum Kind: CaseIterable, Sendable {
        case inner, left, right, full, regular, temporal, temporalLeft, broadcast
        case windowInner, windowLeft, windowFull, coGroup
    }

    /// A pair as its numbers; those with a record whose time ends in 3 fail.
    @Sendable private static func pair(_ left: Event?, _ right: Event?) throws -> String {
        for event in [left, right] { if let event, event.time % 10 == 3 { throw Unlucky() } }
        return "\(left.map { "\($0.id)" } ?? "_")-\(right.map { "\($0.id)" } ?? "_")"
    }

    private static func join(_ kind: Kind, _ policy: ErrorPolicy, _ events: DataStream<Event>) -> DataStream<String> {
        let (left, right) = (JoinScript.side("l", of: events), JoinScript.side("r", of: events))
        let bounds = JoinBounds.between(.milliseconds(-5), .milliseconds(5))
        let windows = TumblingWindows<WindowJoinRecord<Event, Event>>(.milliseconds(10))
        return switch kind {
        case .inner: left.join("join", right, within: bounds, onError: policy) { try pair($0, $1) }
        case .left: left.leftJoin("join", right, within: bounds, onError: policy) { try pair($0, $1) }
        case .right: left.rightJoin("join", right, within: bounds, onError: policy) { try pair($0, $1) }
        case .full: left.fullJoin("join", right, within: bounds, onError: policy) { try pair($0, $1) }
        case .regular: left.join("join", right, keepFor: nil, onError: policy) { try pair($0, $1) }
        case .temporal: left.join("join", versions: right, onError: policy) { try pair($0, $1) }
        case .temporalLeft: left.leftJoin("join", versions: right, onError: policy) { try pair($0, $1) }
        case .broadcast:
            left.join(
                "join", broadcast: events.filter { $0.key.first == "r" }, by: { String($0.key.dropFirst()) },
                on: { String($0.key.dropFirst()) }, onError: policy
            ) { try pair($0, $1) }
        case .windowInner: left.join("join", right, window: windows, onError: policy) { try pair($0, $1) }
        case .windowLeft: left.leftJoin("join", right, window: windows, onError: policy) { try pair($0, $1) }
        case .windowFull: left.fullJoin("join", right, window: windows, onError: policy) { try pair($0, $1) }
        case .coGroup:
            left.coGroup("join", right, window: windows, onError: policy) { _, _, left, right in
                for event in left + right { _ = try pair(event, nil) }
                return ["\(left.map(\.id))-\(right.map(\.id))"]
            }
        }
    }

    /// Results and dead letters, the latter as `dead-1@3`, sorted, and the number of rejected records.
    private static func play(
        _ kind: Kind, _ policy: ErrorPolicy, _ steps: [ScriptStep<Event>], restart: Int? = nil
    ) throws -> (words: [String], rejected: Int?) {
        let input = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test = try TestPipeline { p in
            let out = join(kind, policy, p.input(input))
            let letters = out.deadLetters.map { letter in
                var decoder = StateDecoder(letter.bytes)
                let event = try StateCodec<Event>.automatic.decode(&decoder)
                let place = letter.reason.dropLast("Unlucky()".count)
                return "dead-\(event.id)\(place.isEmpty ? "" : " \(place)")"
            }
            out.union("all", letters).logged("log", in: log)
        }
        for (index, step) in steps.enumerated() {
            if index == restart { try test.restart() }
            input.play([step])
            try test.settle()
        }
        input.end()
        try test.settle()
        let words = log.events.compactMap { event in
            if case .record(let word, let time) = event { "\(word)@\(time)" } else { nil }
        }
        return (words.sorted(), test.status["join"]?.rejected)
    }

    @Test(
        "kind, input, results, dead letters",
        arguments: [
            // The one that arrives is disposed of, and kept for other pairs.
            (.inner, "la@1 ra@3 ra@4 la@2", ["0-2@4", "3-2@4"], ["dead-1@3", "dead-3@2"]),
            (.inner, "ra@1 la@3 la@4 ra@2", ["2-0@4", "2-3@4"], ["dead-1@3", "dead-3@2"]),
            (.inner, "la@1 la@2 ra@3", [], ["dead-2@3", "dead-2@3"]),
            // A pair that fails is one; a record without a match is disposed of itself.
            (.left, "la@13 lb@1 ra@14 lc@23 rd@1", ["1-_@1"], ["dead-2@14", "dead-3@23"]),
            (.right, "la@13 rb@1 ra@14 rc@23 ld@1", ["_-1@1"], ["dead-2@14", "dead-3@23"]),
            (.full, "la@13 rb@1 rc@23 ld@4", ["3-_@4", "_-1@1"], ["dead-0@13", "dead-2@23"]),
            // Those that match nothing that is still to come.
            (.left, "w23 la@23", [], ["dead-0@23"]),
            (.regular, "la@1 ra@93 ra@4", ["0-2@4"], ["dead-1@93"]),
            (.regular, "ra@93 la@1", [], ["dead-1@1"]),
            // The record, whichever comes first, when its version is known.
            (.temporal, "ra@1 la@3 la@4 lb@13 w10", ["2-0@4"], ["dead-1@3"]),
            (.temporal, "la@4 ra@3 w10", [], ["dead-0@4"]),
            (.temporalLeft, "w13 la@13 lb@14", ["1-_@14"], ["dead-0@13"]),
            (.broadcast, "ra@1 la@3 la@4 lb@5", ["2-0@4", "3-_@5"], ["dead-1@3"]),
            (.broadcast, "ra@3 la@4", [], ["dead-1@4"]),
            // The left one, with the window's time.
            (.windowInner, "la@1 ra@3 ra@4 la@2 w9", ["0-2@9", "3-2@9"], ["dead-0@9", "dead-3@9"]),
            (.windowLeft, "la@3 lb@1 w9", ["1-_@9"], ["dead-0@9"]),
            (.windowFull, "la@3 rb@3 lc@1 rc@2 rd@1 w9", ["2-3@9", "_-4@9"], ["dead-0@9", "dead-1@9"]),
            // One record stands for the group.
            (
                .coGroup, "la@3 la@1 ra@2 rb@3 rb@4 lc@1 w9", ["[5]-[]@9"],
                ["dead-1 window 0..<10 of key a: @9", "dead-3 window 0..<10 of key b: @9"]
            ),
        ] as [(Kind, String, [String], [String])])
    func policiesAreThoseOfTheTable(_ kind: Kind, _ input: String, _ results: [String], _ letters: [String]) throws {
        let steps = script(input)
        let all = (results + letters).sorted()
        let run = try Self.play(kind, .deadLetter, steps)
        #expect(run.words == all)
        #expect(run.rejected == letters.count)
        for restart in steps.indices {
            #expect(try Self.play(kind, .deadLetter, steps, restart: restart).words == all, "restart after \(restart)")
        }
        let dropping = try Self.play(kind, .drop, steps)
        #expect(dropping.words == results)
        #expect(dropping.rejected == letters.count)
        let error = #expect(throws: JobError.self) { try Self.play(kind, .fail, steps) }
        #expect(error?.step == "join")
        #expect(error?.cause is Unlucky)
    }

    /// What a test sends, with a position that tells its split.
    private struct PositionedSource: Source {
        struct Reader: SplitReader {
            var inner: TestInputReader<Event>
            let split: Int
            var position: Int64 { Int64(split * 100 + 7) }

            mutating func read(into output: SourceOutput<ScriptedRecord<Event>>) -> ReadStatus {
                inner.read(into: output)
            }
        }

        let inner: TestInputSource<Event>
        func splits(parallelism: Int) -> [Int] { inner.splits(parallelism: parallelism) }
        func makeReader(for split: Int) -> Reader { Reader(inner: inner.makeReader(for: split), split: split) }
    }

    /// Steps after a look-up know where a record was read, also one that was looked up again after a restart.
    @Test(arguments: [true, false], [nil, 1, 2]) func originsComeThroughLookups(ordered: Bool, restart: Int?) throws {
        let gate = LookupGate()
        let log = OutputLog<DeadLetter>()
        let input = TestInput<Event>("events", splits: 2)
        for id in 0..<6 { input.send(Event(id: id, key: "a", time: 0), at: 0, split: id % 2) }
        let test = try TestPipeline(batchSize: 2) { p in
            let out = p.source("events", PositionedSource(inner: TestInputSource(input: input)))
                .flatMap("records") { [$0.element].compactMap { $0 } }.lookup("lookup", ordered: ordered, gate.find)
                .map("later", onError: .deadLetter) { _ -> String in throw Unlucky() }
            out.deadLetters.logged("letters", in: log)
        }
        try test.settle()
        for (index, id) in [4, 0, 2, 1, 5, 3].enumerated() {
            if index == restart { try test.restart() }
            gate.answer(id)
            try test.settle()
        }
        // What had an answer before the restart, but could not leave.
        for id in gate.waiting {
            gate.answer(id)
            try test.settle()
        }
        let places = log.take().map { "\(String(decoding: $0.bytes, as: UTF8.self)) of \($0.source) at \($0.offset)" }
        #expect(places.sorted() == (0..<6).map { "\($0) of \($0 % 2) at \($0 % 2 * 100 + 7)" })
    }
}
