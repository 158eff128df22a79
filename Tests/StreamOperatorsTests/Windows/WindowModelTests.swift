import StreamTesting
import Testing
import Weir

/// Random input against a step-by-step model, and against the definition with restarts in between.
@Suite struct WindowModelTests {
    private static func draw(_ random: inout SplitMix64) -> TestWindows {
        switch random.next(below: 5) {
        case 0: .tumbling(&random)
        case 1: .sliding(&random)
        case 2: .session(&random)
        case 3: .cumulating(&random)
        default: .recordGap
        }
    }

    /// One split with watermarks anywhere, so that records are late, partially late and just not late.
    @Test(arguments: Seeds.all) func everyPaneIsAsTheModelSays(seeds: Seeds) async throws {
        for seed in seeds.range {
            var random = SplitMix64(seed: seed)
            let windows = Self.draw(&random)
            let lateness = Int64(random.next(below: 2) * random.next(below: 80))
            let isDiscarding = random.next(below: 2) == 0
            var windowing = windows.windowing(&random)
            // Without a limit that matters a bounded session is a session.
            if windows.merges && random.next(below: 3) == 0 {
                switch windows {
                case .session(let gap): windowing = TestWindows.bounded(gap: gap, maximum: 1 << 50).windowing
                default: windowing = TestWindows.boundedRecordGap(maximum: 1 << 50).windowing
                }
            }
            var steps: [ScriptStep<Event>] = []
            for event in RandomEvents(&random, splits: 1, beyond: 6, keys: 2).all {
                steps.append(.record(event, at: event.time))
                if random.next(below: 4) == 0 { steps.append(.watermark(event.time - Int64(random.next(below: 30)))) }
            }
            var model = WindowModel(windows, lateness: lateness, isDiscarding: isDiscarding)
            model.play(steps)
            let shape = windowing
            let harness = OperatorHarness<Event, String> { events in
                WindowScript.panes(events, shape, Int(lateness)) { isDiscarding ? $0.discarding() : $0 }
            }
            let place: Comment = "seed \(seed), \(windows), \(shape), lateness \(lateness), discarding \(isDiscarding)"
            let batchSize = [1, 3, 1_024][Int(random.next(below: 3))]
            #expect(
                Self.segments(try await harness.run(steps, batchSize: batchSize).events) == model.segments, place)
            if seed % 5 == 0 { #expect(Self.segments(try harness.verify(steps)) == model.segments, place) }
        }
    }

    private static func segments(_ events: [OutputEvent<String>]) -> [[String]] {
        var segments: [[String]] = [[]]
        for event in events {
            switch event {
            case .record(let word, _): segments[segments.count - 1].append(word)
            case .signal(.watermark): segments.append([])
            case .signal: break
            }
        }
        return segments.map { $0.sorted() }
    }

    /// Several splits with watermarks of their own, played in random turns, on a number of workers that changes with
    /// every restart.
    @Test(arguments: Seeds.all) func restartsChangeNothing(seeds: Seeds) throws {
        for seed in seeds.range {
            var random = SplitMix64(seed: seed)
            var windows = TestWindows.any(&random)
            if random.next(below: 8) == 0 { windows = .count(&random) }
            var isCount = false
            if case .count = windows { isCount = true }
            let windowing = windows.windowing(&random)
            let events = RandomEvents(&random, splits: isCount ? 1 : Int(random.next(below: 3)) + 1)
            let input = TestInput<Event>("events", splits: events.splits.count)
            let log = OutputLog<String>()
            let test = try TestPipeline(
                parallelism: Int(random.next(below: 4)) + 1, batchSize: [1, 4, 64][Int(random.next(below: 3))],
                seed: seed
            ) { p in
                p.input(input).keyBy { $0.key }.window(windowing).aggregate("windows", CollectIDs()).map { text($0) }
                    .logged("log", in: log)
            }
            var scripts = events.splits.map { Self.withWatermarks($0, &random) }
            let restarts = random.next(below: 3)
            while let split = scripts.indices.filter({ !scripts[$0].isEmpty }).randomElement(using: &random) {
                let count = min(Int(random.next(below: 12)) + 1, scripts[split].count)
                input.play(Array(scripts[split].prefix(count)), split: split)
                scripts[split].removeFirst(count)
                if random.next(below: 3) < restarts {
                    try test.restart(parallelism: Int(random.next(below: 4)) + 1)
                } else {
                    try test.settle()
                }
            }
            input.end()
            try test.settle()
            #expect(log.records.sorted() == WindowOracle.panes(windows, events.all), "seed \(seed), \(windowing)")
        }
    }

    /// A split's records with watermarks that promise no more than is kept.
    private static func withWatermarks(_ events: [Event], _ random: inout SplitMix64) -> [ScriptStep<Event>] {
        var steps: [ScriptStep<Event>] = []
        for (index, event) in events.enumerated() {
            steps.append(.record(event, at: event.time))
            guard random.next(below: 3) == 0, let least = events[(index + 1)...].map(\.time).min() else { continue }
            steps.append(.watermark(least - 1 - Int64(random.next(below: 2) * random.next(below: 40))))
        }
        return steps
    }
}
