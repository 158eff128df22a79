import StreamTesting
import Testing
import Weir

/// Windows of jobs whose budget holds next to nothing, against a step-by-step model: late panes with their revisions,
/// and late records.
@Suite struct StoredWindowJobTests {
    @Test(arguments: Seeds.all.prefix(4))
    func panesOverAStoreAreAsTheModelSays(seeds: Seeds) async throws {
        for seed in seeds.range {
            var random = SplitMix64(seed: seed)
            let windows: TestWindows =
                switch random.next(below: 6) {
                case 0: .tumbling(&random)
                case 1: .sliding(&random)
                case 2: .session(&random)
                case 3: .recordGap
                default: .cumulating(&random)
                }
            var windowing = windows.windowing(&random)
            // Without a limit that matters a bounded session is a session.
            if case .session(let gap) = windows, random.next(below: 2) == 0 {
                windowing = TestWindows.bounded(gap: gap, maximum: 1 << 50).windowing
            }
            let shape = windowing
            let lateness = Int64(random.next(below: 2) * random.next(below: 80))
            var steps: [ScriptStep<Event>] = []
            for _ in 0..<3 {
                for event in RandomEvents(&random, splits: 1, beyond: 6, keys: 40).all {
                    let event = Event(id: steps.count, key: event.key, time: event.time)
                    steps.append(.record(event, at: event.time))
                    if random.next(below: 12) == 0 { steps.append(.watermark(event.time - 60)) }
                }
            }
            var model = WindowModel(windows, lateness: lateness, isDiscarding: false)
            model.play(steps)
            let script = steps
            let log = OutputLog<String>()
            let pipeline = try Pipeline("stored") { p in
                WindowScript.panes(p.script("script", [script]), shape, Int(lateness)) { $0 }
                    .logged("log", in: log)
            }
            var options = JobMatrix.Variant(
                parallelism: 1, batchSize: [1, 7, 1_024][Int(random.next(below: 3))], seed: seed
            ).options
            options.backend = ReferenceBackend()
            options.memoryBudget = 1_024
            _ = try await pipeline.run(options)
            var segments: [[String]] = [[]]
            for event in log.events {
                switch event {
                case .record(let word, _): segments[segments.count - 1].append(word)
                case .signal(.watermark): segments.append([])
                case .signal: break
                }
            }
            #expect(
                segments.map { $0.sorted() } == model.segments, "seed \(seed), \(shape), lateness \(lateness)")
        }
    }
}
