import StreamTesting
import Testing
import Weir

private let seeds: Range<UInt64> = 0..<64

/// Random events through windows, against the definition.
@Suite struct WindowPropertyTests {
    @Test(arguments: seeds) func tumblingWindowsHoldWhatTheirDefinitionSays(seed: UInt64) async throws {
        try await check(seed: seed) { .tumbling(&$0) }
    }

    @Test(arguments: seeds) func slidingWindowsHoldWhatTheirDefinitionSays(seed: UInt64) async throws {
        try await check(seed: seed) { .sliding(&$0) }
    }

    @Test(arguments: seeds) func sessionsHoldWhatTheirDefinitionSays(seed: UInt64) async throws {
        try await check(seed: seed) { .session(&$0) }
    }

    @Test(arguments: seeds) func theGlobalWindowHoldsEverything(seed: UInt64) async throws {
        try await check(seed: seed) { _ in .global }
    }

    private func check(seed: UInt64, _ draw: (inout SplitMix64) -> TestWindows) async throws {
        var random = SplitMix64(seed: seed)
        let windows = draw(&random)
        let events = RandomEvents(&random)
        // Allowing lateness must make no difference where nothing is late.
        let lateness = Duration.milliseconds(random.next(below: 2) * random.next(below: 100))
        var expected = WindowOracle.panes(windows, events.all)
        if case .global = windows {
            expected = expected.map { $0.prefix { $0 != "[" } + "[min,max)" + $0.drop { $0 != "=" } }
        }
        let runs: [JobMatrix.Run<Pane<String, [Int]>>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.window(windows.windowing, allowedLateness: lateness)
                .aggregate("windows", CollectIDs()).write("out", to: sink)
        }
        for run in runs {
            #expect(run.elements.map(text).sorted() == expected, "seed \(seed), \(windows), \(run.variant)")
            #expect(run.status["windows"]?.late == 0, "seed \(seed), \(windows), \(run.variant)")
            for panes in Dictionary(grouping: run.elements, by: \.key).values {
                let starts = panes.map(\.window.start)
                #expect(starts == starts.sorted(), "order of a key's windows: seed \(seed), \(windows), \(run.variant)")
            }
        }
    }

    @Test(arguments: seeds) func integerKeysAndOtherAggregatesGiveTheSame(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed / 3 % 3)]
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
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
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
    @Test(arguments: seeds) func everyRecordIsCountedOrLate(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed / 3 % 3)]
        let events = RandomEvents(&random, beyond: 4)
        let lateness = Duration.milliseconds(random.next(below: 2) * random.next(below: 150))
        let late = SideOutput<Event>("late")
        let runs: [JobMatrix.Run<PaneOrLate>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            let panes = p.events(events).keyBy { $0.key }
                .window(windows.windowing, allowedLateness: lateness, late: .sideOutput(late))
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
            if case .session = windows { continue }
            for own in Dictionary(grouping: panes, by: { "\($0.key) \($0.window.start)" }).values {
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
    @Test(arguments: seeds) func latenessAtTheSourceIsDeterministic(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed / 3 % 3)]
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
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
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
