import Synchronization
import Testing
// snippet: import
import StreamTesting
import Weir
// end snippet

/// The code of Docs/guides/simulation.md.
@Suite struct SimulationGuide {
    // snippet: subject
    struct Visit: EventTimed, Codable {
        var user = "", eventTime: Timestamp = 0
    }

    struct Total: Codable, Hashable {
        var user: String, minute: Int64, visits: Int
    }

    static func totals(_ visits: DataStream<Visit>, _ output: some TransactionalSink<Total>) {
        visits.keyBy(\.user).window(.tumbling(.seconds(60))).aggregate("per-minute", .count())
            .map { Total(user: $0.key, minute: $0.window.start / 60_000, visits: $0.value) }
            .commit("totals", to: output)
    }
    // end snippet

    // snippet: simulation
    static let simulation = Simulation<Visit, Total>("visits") { random in
        // Two splits of visits, in order; the seed draws who came.
        (0..<2).map { _ in
            (0..<30).map { Visit(user: "user \(random.next(below: 4))", eventTime: Timestamp($0) * 7_000) }
        }
    } pipeline: { p, visits, output in
        totals(p.source("visits", visits, time: \.eventTime, watermarks: .monotonous()), output)
    } expected: { splits in
        Dictionary(grouping: splits.joined()) { Pair($0.user, $0.eventTime / 60_000) }
            .map { Total(user: $0.key.first, minute: $0.key.second, visits: $0.value.count) }
            .sorted { $0.minute < $1.minute }
    }

    @Test func visitsSurviveAnything() throws { try Self.simulation.run(seeds: 1...40) }
    // end snippet

    @Test func aMistake() throws {
        // snippet: mistake
        let simulation = Simulation<Int, String>("numbered") { _ in
            [Array(1...20)]
        } pipeline: { p, events, output in
            let counter = Mutex(0)  // not state: a restart doesn't take it back
            p.source("events", events, time: { _ in 0 }, watermarks: .monotonous())
                .map { event in "\(counter.withLock { $0 += 1; return $0 }): \(event)" }
                .commit("numbered", to: output)
        } expected: { splits in
            splits[0].enumerated().map { "\($0 + 1): \($1)" }
        }
        let failure = #expect(throws: SimulationFailure.self) { try simulation.run(seeds: 1...40) }
        print(failure.map(String.init(describing:)) ?? "")
        // end snippet
        try show(try #require(failure))
    }

    /// The page shows what was found, the crash and the end.
    private func show(_ failure: SimulationFailure) throws {
        let page = "Docs/guides/simulation.md"
        let lines = "\(failure)".split(separator: "\n")
        let first = try #require(lines.firstIndex(of: "attempt 1"))
        let crash = try #require(lines.firstIndex { $0.contains("<- crash") })
        try expectShown(lines[...first].joined(separator: "\n"), in: page)
        try expectShown(lines[(crash - 1)...(crash + 1)].joined(separator: "\n"), in: page)
        try expectShown("\(try #require(lines.last))", in: page)
    }

    @Test func more() throws {
        // snippet: more
        var checked = Self.simulation.ordered(by: \.user)  // per user, in the order of the expected ones
        checked.options.parallelism = 1...8
        checked.options.backends = [MemoryBackend(), ReferenceBackend()]
        checked.options.maximumFailures = 8
        try checked.run(seed: 17)
        print(try checked.trace(seed: 17).joined(separator: "\n"))
        // end snippet
    }
}
