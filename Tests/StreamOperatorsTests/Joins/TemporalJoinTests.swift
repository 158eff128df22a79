import StreamTesting
import Testing
import Weir

/// Records with the versions valid at their times.
@Suite struct TemporalJoinTests {
    /// A left join: `1-2@9` for record 1 with version 2; versions of keys such as `da` delete.
    private static func attach(to events: DataStream<Event>) -> DataStream<String> {
        let lateLeft = SideOutput<Event>("late left")
        let lateVersions = SideOutput<Event>("late versions")
        let versions = events.filter { $0.key.first != "l" }.keyBy { String($0.key.dropFirst()) }
        let joined = JoinScript.side("l", of: events).leftJoin(
            "join", versions: versions, lateLeft: .sideOutput(lateLeft), lateVersions: .sideOutput(lateVersions),
            isDeletion: { $0.key.first == "d" }
        ) { text($0, $1) }
        return JoinScript.withLate(joined, lateLeft, lateVersions)
    }

    @Sendable private static func text(_ record: Event, _ version: Event?) -> String {
        "\(record.id)-\(version.map { "\($0.id)" } ?? "_")@\(record.time)"
    }

    @Test(
        "input, output",
        arguments: [
            ("ra@10 la@10 la@9 la@11 w11", "1-0@10 2-_@9 3-0@11 w11 end"),
            ("la@15 ra@10 ra@20 w14 w15", "w14 0-1@15 w15 end"),
            ("la@15 w10 ra@12 ra@11 w15", "w10 0-1@15 w15 end"),
            // The latest of the same time counts.
            ("ra@10 ra@10 la@10 ra@10 w10", "2-3@10 w10 end"),
            ("ra@10 w10 la@10", "w10 1-0@10 end"),
            // A record at the watermark waits for nothing; one behind it is late, as is a version at it.
            ("ra@9 w10 la@10 la@9 ra@10 w11", "w10 1-0@10 late-left-2@9 late-right-3@10 w11 end"),
            ("ra@5 da@10 la@7 la@10 la@12 ra@13 la@14 w20", "2-0@7 3-_@10 4-_@12 6-5@14 w20 end"),
            ("ra@5 w5 da@10 w10 ra@12 w11 la@11 la@12 w12", "w5 w10 w11 3-_@11 4-2@12 w12 end"),
            ("ra@5 lb@5 rb@6 w9", "1-_@5 w9 end"),
            ("ra@-20 la@-3 ra@-3 la@-4 w-1", "1-2@-3 3-0@-4 w-1 end"),
            // Long after the last version.
            ("ra@5 w5 w1000 la@2000 w3000", "w5 w1000 1-0@2000 w3000 end"),
            ("la@5 ra@5", "0-1@5 end"),
        ])
    func versionsByEventTime(_ input: String, _ output: String) throws {
        let expected = output.split(separator: " ").map(String.init)
        let steps = script(input)
        #expect(try JoinScript.play(steps, Self.attach) == expected)
        #expect(try JoinScript.play(steps, batchSize: 1, Self.attach) == expected)
        for restart in steps.indices {
            #expect(try JoinScript.play(steps, restart: restart, Self.attach) == expected, "restart after \(restart)")
        }
    }

    @Test func withoutAVersionAnInnerJoinGivesNothing() throws {
        let words = try JoinScript.play(script("la@9 ra@10 la@10 lb@10 w12")) { events in
            JoinScript.side("l", of: events).join("join", versions: JoinScript.side("r", of: events)) {
                Self.text($0, $1)
            }
        }
        #expect(words == ["2-1@10", "w12", "end"])
    }

    /// The results of a key come in the order of their times, and a version per key is kept.
    @Test func resultsInOrderAndNoMoreStateThanNeeded() throws {
        let input = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test = try TestPipeline { p in Self.attach(to: p.input(input)).logged("log", in: log) }
        input.play(script("ra@1 ra@4 ra@2 ra@9 la@8 la@3 la@8 la@5 rb@2 db@3 rc@1"))
        try test.settle()
        func rows() throws -> Int { try test.snapshot().steps["join"]?.parts["rows"]?.rows.count ?? 0 }
        #expect(try rows() == 3)
        input.watermark(8)
        try test.settle()
        #expect(log.take() == ["5-2@3", "7-1@5", "4-1@8", "6-1@8"])
        // Key b's version is deleted; a has the version of 4 and the one of 9 to come.
        #expect(try rows() == 2)
        input.watermark(9)
        try test.settle()
        #expect(try rows() == 2)
        input.end()
        try test.settle()
        #expect(test.isFinished)
    }

    /// The highest time is reached at the end only.
    @Test(arguments: [false, true]) func theLastMomentCounts(restarts: Bool) throws {
        let input = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test = try TestPipeline { p in Self.attach(to: p.input(input)).logged("log", in: log) }
        input.play(script("ra@5"))
        input.send(Event(id: 1, key: "la", time: .max, value: 0), at: .max)
        if restarts { try test.restart() }
        input.end()
        try test.settle()
        #expect(log.take() == ["1-0@\(Timestamp.max)"])
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func asByDefinition(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let keys = [1, 5][Int(random.next(below: 2))] as UInt64
        let left = RandomEvents(&random, keys: keys)
        var right = RandomEvents(&random, keys: keys)
        // Of versions of the same time the last to arrive counts, which between splits is not defined.
        var seen: Set<String> = []
        for split in right.splits.indices {
            right.splits[split].removeAll { !seen.insert("\($0.key) \($0.time)").inserted }
        }
        let inner = random.next(below: 2) == 0
        let expected = left.all.compactMap { record -> String? in
            let valid = right.all.filter { $0.key == record.key && $0.time <= record.time }.max { $0.time < $1.time }
            let version = valid.flatMap { $0.value % 4 == 0 ? nil : $0 }
            return inner && version == nil ? nil : Self.text(record, version)
        }
        let results = OutputLog<String>()
        let watermarks = WatermarkCheck()
        let run = try RandomRun(&random, [left, right]) { p, inputs in
            let records = p.input(inputs[0]).keyBy { $0.key }
            let versions = p.input(inputs[1]).keyBy { $0.key }
            let joined =
                inner
                ? records.join("join", versions: versions, isDeletion: { $0.value % 4 == 0 }) { Self.text($0, $1) }
                : records.leftJoin("join", versions: versions, isDeletion: { $0.value % 4 == 0 }) { Self.text($0, $1) }
            watermarks.attach("check", to: joined).logged("results", in: results)
        }
        #expect(results.records.sorted() == expected.sorted(), "seed \(seed), \(run)")
        #expect(run.late == 0 && watermarks.violations == 0, "seed \(seed), \(run)")
        for case .record(let word, let time) in results.events { #expect(word.hasSuffix("@\(time)"), "seed \(seed)") }
        let keyOf = Dictionary(uniqueKeysWithValues: left.all.map { ("\($0.id)", $0.key) })
        var last: [String: Timestamp] = [:]
        for case .record(let word, let time) in results.events {
            let key = keyOf[String(word.prefix { $0 != "-" })] ?? ""
            #expect(last[key, default: .min] <= time, "seed \(seed), key \(key), \(run)")
            last[key] = time
        }
    }
}
