import StreamTesting
import Testing
import Weir

/// Random events through windows, against the definition.
@Suite struct WindowPropertyTests {
    @Test(arguments: Seeds.all) func tumbling(seeds: Seeds) async throws { try await check(seeds) { .tumbling(&$0) } }

    @Test(arguments: Seeds.all) func sliding(seeds: Seeds) async throws { try await check(seeds) { .sliding(&$0) } }

    @Test(arguments: Seeds.all) func sessions(seeds: Seeds) async throws { try await check(seeds) { .session(&$0) } }

    @Test(arguments: Seeds.all) func global(seeds: Seeds) async throws { try await check(seeds) { _ in .global } }

    @Test(arguments: Seeds.all) func cumulating(seeds: Seeds) async throws {
        try await check(seeds) { .cumulating(&$0) }
    }

    @Test(arguments: Seeds.all) func recordGaps(seeds: Seeds) async throws {
        try await check(seeds) { _ in .recordGap }
    }

    @Test(arguments: Seeds.all) func boundedSessions(seeds: Seeds) async throws {
        try await check(seeds) { .bounded(&$0) }
    }

    @Test(arguments: Seeds.all) func count(seeds: Seeds) async throws { try await check(seeds) { .count(&$0) } }

    @Test(arguments: Seeds.all) func calendar(seeds: Seeds) async throws { try await check(seeds) { .calendar(&$0) } }

    /// Where nothing is late, just the windows of the definition come, those of a key in their order.
    private func check(_ seeds: Seeds, _ draw: (inout SplitMix64) -> TestWindows) async throws {
        for seed in seeds.range {
            var random = SplitMix64(seed: seed)
            let windows = draw(&random)
            var isCount = false
            if case .count = windows { isCount = true }
            var events = RandomEvents(&random, splits: isCount ? 1 : nil)
            if case .calendar = windows {
                // Around the changes of the clocks in March or October 2024, steps of hours.
                events.stretch(by: 3_600_000, from: random.next(below: 2) == 0 ? 1_711_839_600_000 : 1_729_980_000_000)
            }
            // Allowing lateness must make no difference where nothing is late.
            let lateness = Duration.milliseconds(random.next(below: 2) * random.next(below: 100))
            let windowing = windows.windowing(&random)
            let expected = WindowOracle.panes(windows, events.all)
            let runs: [JobMatrix.Run<Pane<String, [Int]>>] = try await JobMatrix.few(seed: seed).run { p, sink in
                p.events(events).keyBy { $0.key }.window(windowing, allowedLateness: lateness)
                    .aggregate("windows", CollectIDs()).write("out", to: sink)
            }
            for run in runs {
                let place: Comment = "seed \(seed), \(windows), \(run.variant)"
                #expect(run.elements.map(text).sorted() == expected, place)
                #expect(run.status["windows"]?.late == 0, place)
                for (key, panes) in Dictionary(grouping: run.elements, by: \.key) {
                    if isCount {
                        #expect(panes.map(text) == WindowOracle.panes(windows, events.all, key: key), place)
                    } else {
                        #expect(panes.map(\.window.end) == panes.map(\.window.end).sorted(), place)
                    }
                }
            }
        }
    }

    @Test(arguments: Seeds.all) func integerKeysAndOtherAggregatesGiveTheSame(seeds: Seeds) async throws {
        for seed in seeds.range { try await integerKeysAndOtherAggregatesGiveTheSame(seed: seed) }
    }

    private func integerKeysAndOtherAggregatesGiveTheSame(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [
            TestWindows.tumbling(&random), .sliding(&random), .session(&random), .cumulating(&random), .recordGap,
            .bounded(&random),
        ][Int(seed / 3 % 6)]
        let events = RandomEvents(&random)
        var expected: [String] = []
        for (key, own) in Dictionary(grouping: events.all, by: { $0.key.count * 1_000 + $0.value % 5 }) {
            for (window, members) in windows.windows(own) {
                let values = members.map(\.value)
                let sum = values.reduce(0, +)
                expected.append(
                    "\(key) \(window.start) \(members.count) \(sum) \(values.min() ?? 0) \(Set(values).count)")
            }
        }
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.few(seed: seed).run { p, sink in
            let windowed = p.events(events).keyBy { $0.key.count * 1_000 + $0.value % 5 }.window(windows.windowing)
            windowed.aggregate("windows", .count(), .sum(\.value), .minimum(\.value), .distinct(\.value))
                .map { pane -> String in
                    let (count, sum, least, distinct) = pane.value
                    return "\(pane.key) \(pane.window.start) \(count) \(sum) \(least) \(distinct)"
                }
                .write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.sorted() == expected.sorted(), "seed \(seed), \(windows), \(run.variant)")
        }
    }

    /// Beyond the bound a record is either late or in a result, never both, never neither, whatever other splits do.
    @Test(arguments: Seeds.all) func everyRecordIsCountedOrLate(seeds: Seeds) async throws {
        for seed in seeds.range { try await everyRecordIsCountedOrLate(seed: seed) }
    }

    private func everyRecordIsCountedOrLate(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = TestWindows.any(&random)
        let windowing = windows.windowing(&random)
        let events = RandomEvents(&random, beyond: 4)
        let lateness = Duration.milliseconds(random.next(below: 2) * random.next(below: 150))
        let late = SideOutput<Event>("late")
        let runs: [JobMatrix.Run<PaneOrLate>] = try await JobMatrix.few(seed: seed).run { p, sink in
            let panes = p.events(events).keyBy { $0.key }
                .window(windowing, allowedLateness: lateness, late: .sideOutput(late))
                .aggregate("windows", CollectIDs())
            panes.map { PaneOrLate.pane($0) }.write("panes", to: sink)
            panes.sideOutput(late).map { PaneOrLate.late($0.id) }.write("late", to: sink)
        }
        for run in runs {
            let place: Comment = "seed \(seed), \(windows), lateness \(lateness), \(run.variant)"
            let lateIDs = run.elements.compactMap { if case .late(let id) = $0 { id } else { nil } }
            let panes = run.elements.compactMap { if case .pane(let pane) = $0 { pane } else { nil } }
            let lateSet = Set(lateIDs)
            let counted = panes.flatMap(\.value)
            #expect(lateIDs.count == lateSet.count, place)
            #expect(run.status["windows"]?.late == lateIDs.count, place)
            #expect(lateSet.isDisjoint(with: counted), place)
            #expect(panes.allSatisfy { Set($0.value).count == $0.value.count }, place)
            // What isn't late is in a result, but for what lies in the gaps between windows.
            let kept = events.all.filter { !lateSet.contains($0.id) }
            let inWindows = Dictionary(grouping: kept, by: \.key).values.flatMap { own in
                windows.windows(own).flatMap(\.members)
            }
            #expect(Set(counted) == Set(inWindows.map(\.id)), place)
            if case .tumbling = windows { Self.checkLast(panes, WindowOracle.panes(windows, kept), place) }
            if windows.merges { continue }
            for own in Dictionary(grouping: panes, by: { "\($0.key) \($0.window)" }).values {
                #expect(own.map { Int($0.revision) } == Array(0..<own.count), place)
                for (before, after) in zip(own, own.dropFirst()) {
                    #expect(Set(before.value).isStrictSubset(of: after.value), place)
                    #expect(after.kind == .late, place)
                }
            }
        }
    }

    /// The last panes of the windows are just those expected.
    private static func checkLast(_ panes: [Pane<String, [Int]>], _ expected: [String], _ place: Comment) {
        var last: [String: String] = [:]
        for var pane in panes {
            pane.kind = .onTime
            pane.revision = 0
            last["\(pane.key) \(pane.window.start)"] = text(pane)
        }
        #expect(last.values.sorted() == expected, place)
    }

    /// Lateness that is decided at the source makes everything after it deterministic.
    @Test(arguments: Seeds.all) func latenessAtTheSourceIsDeterministic(seeds: Seeds) async throws {
        for seed in seeds.range { try await latenessAtTheSourceIsDeterministic(seed: seed) }
    }

    private func latenessAtTheSourceIsDeterministic(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [
            TestWindows.tumbling(&random), .sliding(&random), .session(&random), .cumulating(&random), .recordGap,
            .bounded(&random),
        ][Int(seed / 3 % 6)]
        let events = RandomEvents(&random, beyond: 4)
        var kept: [Event] = []
        var late: [Int] = []
        for split in events.splits {
            var newest = Timestamp.min
            for event in split {
                if newest > .min && event.time <= newest - events.bound - 1 {
                    late.append(event.id)
                } else {
                    kept.append(event)
                    newest = max(newest, event.time)
                }
            }
        }
        let expected = WindowOracle.panes(windows, kept) + late.sorted().map { "late \($0)" }
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.few(seed: seed).run { p, sink in
            let source = p.source(
                "events", CollectionSource(splits: events.splits), time: { $0.time },
                watermarks: .boundedOutOfOrderness(.milliseconds(events.bound), lateness: .atSource))
            source.lateRecords.map { "late \($0.id)" }.write("late", to: sink)
            source.keyBy { $0.key }.window(windows.windowing).aggregate("windows", CollectIDs()).map { text($0) }
                .write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.sorted() == expected.sorted(), "seed \(seed), \(windows), \(run.variant)")
            #expect(run.status["events"]?.late == late.count, "seed \(seed), \(run.variant)")
            #expect(run.status["windows"]?.late == 0, "seed \(seed), \(run.variant)")
        }
    }
}
