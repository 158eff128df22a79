import StreamTesting
import Testing
import Weir

@Suite struct RankingTests {
    /// `5@1 7@2`: scores with event times, all of one key; what comes out: `5 75`.
    @Test(arguments: [
        ("5@1 7@2 6@3 1@4 9@5", "5 75 765 976"),
        ("1@1 2@2 3@3 4@4", "1 21 321 432"),
        ("5@9 5@8 5@7 5@1", "9 89 789 178"),
        ("5@1 5@1 5@1 5@1", "1 11 111"),
        ("5@1 5@2 5@3 5@4", "1 12 123"),
    ])
    func changesAreEmitted(input: String, output: String) throws {
        // Of equal scores the time tells them apart.
        let pairs = input.split(separator: " ").map { word in
            word.split(separator: "@").compactMap { Int64($0) }
        }
        let isEqual = Set(pairs.map { $0[0] }).count == 1
        let steps = pairs.enumerated().map { index, pair in
            ScriptStep.record(Event(id: index, key: "a", time: pair[1], value: Int(pair[0])), at: pair[1])
        }
        for restarts in [[], [1], [2, 3]] {
            let events = try playScript(steps, restarts: restarts) {
                $0.keyBy { $0.key }.topN("best", 3, by: \.value)
            }
            let rankings = events.compactMap(\.record).map { ranking in
                ranking.elements.map { isEqual ? "\($0.time)" : "\($0.value)" }.joined()
            }
            #expect(rankings.joined(separator: " ") == output, "restarts \(restarts)")
        }
    }

    @Test func equalOnesStayInTheOrderOfArrival() throws {
        let events = try playScript(script("a@1 a@1 b@1 a@1"), restarts: [1]) {
            $0.keyBy { $0.key }.topN("best", 2) { _ in 0 }
        }
        #expect(events.compactMap(\.record).map { $0.elements.map(\.id) } == [[0], [0, 1], [2]])
    }

    @Test(arguments: 0..<500 as Range<UInt64>) func endAsASortOfAllEvents(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let n = Int(random.next(below: 5)) + 1
        let events = RandomEvents(&random)
        let expected = Dictionary(grouping: events.all, by: \.key).mapValues { own in
            Array(own.map { [$0.value, -Int($0.time)] }.sorted { ($0[0], $0[1]) > ($1[0], $1[1]) }.prefix(n))
        }
        let runs: [JobMatrix.Run<Ranking<String, Event>>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.topN("best", n, by: \.value).write("out", to: sink)
        }
        for run in runs {
            let last = Dictionary(run.elements.map { ($0.key, $0.elements) }, uniquingKeysWith: { $1 })
            #expect(
                last.mapValues { $0.map { [$0.value, -Int($0.time)] } } == expected, "seed \(seed), \(run.variant)")
            for (key, changes) in Dictionary(grouping: run.elements, by: \.key) {
                for (a, b) in zip(changes, changes.dropFirst()) { #expect(a != b, "seed \(seed), \(key)") }
            }
        }
    }

    @Test func reductionsSurviveRestarts() throws {
        for restarts in [[1], [2, 1, 3]] {
            let events = try playScript(script("a@1 b@2 a@3 w9 b@14 a@15"), restarts: restarts) {
                $0.keyBy { $0.key }.reduce("sums") { a, b in
                    Event(id: a.id * 10 + b.id, key: a.key, time: b.time, value: 0)
                }
            }
            #expect(events.compactMap(\.record).map(\.id) == [0, 1, 2, 13, 24])
        }
    }

    @Test func aggregatingStateFolds() throws {
        struct Mean: KeyedProcessor {
            typealias Key = String
            typealias Input = Event
            typealias Output = String
            let mean: AggregatingState<String, Average<Event>>

            init(_ store: KeyedStateStore<String>) throws {
                mean = try store.aggregating("mean", Average<Event> { Double($0.id) })
            }
            mutating func process(_ event: Event, _ context: borrowing ProcessContext<Mean>) throws {
                if event.time == 0 { mean.remove() } else { mean.add(event) }
                try context.emit(mean.value.map { "\($0)" } ?? "none")
            }
        }
        for restarts in [[], [1], [2, 3]] {
            let events = try playScript(script("a@1 a@2 b@3 a@4 a@0 a@5"), restarts: restarts) {
                $0.keyBy { $0.key }.process("mean") { try Mean($0) }
            }
            #expect(events.compactMap(\.record) == ["0.0", "0.5", "2.0", "\(4.0 / 3)", "none", "5.0"])
        }
    }
}
