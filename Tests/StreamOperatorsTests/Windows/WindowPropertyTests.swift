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
        if case .global = windows { expected = expected.map { $0.replacing(/\[[^)]*\)/, with: "[min,max)") } }
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
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed % 3)]
        let events = RandomEvents(&random)
        var expected: [String] = []
        for (key, own) in Dictionary(grouping: events.all, by: { $0.key.count * 1_000 + $0.value % 5 }) {
            for (window, members) in windows.windows(own) {
                let values = members.map(\.value)
                let sum = values.reduce(0, +)
                expected.append("\(key) \(window.start) \(members.count) \(sum) \(values.min() ?? 0) \(Set(values).count)")
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
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed % 3)]
        let events = RandomEvents(&random, beyond: 4)
        let lateness = Duration.milliseconds(random.next(below: 2) * random.next(below: 150))
        let late = SideOutput<Event>("late")
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            let panes = p.events(events).keyBy { $0.key }
                .window(windows.windowing, allowedLateness: lateness, late: .sideOutput(late))
                .aggregate("windows", CollectIDs())
            panes.map { text($0) }.write("panes", to: sink)
            panes.sideOutput(late).map { "late \($0.id)" }.write("late", to: sink)
        }
        for run in runs {
            let place: Comment = "seed \(seed), \(windows), lateness \(lateness), \(run.variant)"
            let lateIDs = run.elements.filter { $0.hasPrefix("late") }.compactMap { Int($0.dropFirst(5)) }
            let lateSet = Set(lateIDs)
            #expect(lateIDs.count == lateSet.count, place)
            #expect(run.status["windows"]?.late == lateIDs.count, place)
            let panes = run.elements.filter { !$0.hasPrefix("late") }.compactMap(ParsedPane.init)
            #expect(lateSet.isDisjoint(with: panes.flatMap(\.ids)), place)
            #expect(panes.allSatisfy { Set($0.ids).count == $0.ids.count }, place)
            // What remains must be just what its windows hold, where those that closed may lack a record that another
            // one, still open, took.
            let kept = events.all.filter { !lateSet.contains($0.id) }
            let inWindows = Dictionary(grouping: kept, by: \.key).values.flatMap { own in
                windows.windows(own).flatMap(\.members)
            }
            #expect(Set(panes.flatMap(\.ids)) == Set(inWindows.map(\.id)), place)
            if case .tumbling = windows { Self.checkLast(panes, WindowOracle.panes(windows, kept), place) }
            for (window, own) in Dictionary(grouping: panes, by: \.window) {
                if case .session = windows { continue }
                #expect(own.map(\.revision) == Array(0..<own.count), "revisions of \(window): \(place)")
                for (before, after) in zip(own, own.dropFirst()) {
                    #expect(Set(before.ids).isStrictSubset(of: after.ids), "growth of \(window): \(place)")
                }
            }
        }
    }

    /// The last panes of the windows are just those expected.
    private static func checkLast(_ panes: [ParsedPane], _ expected: [String], _ place: Comment) {
        var last: [String: [Int]] = [:]
        for pane in panes { last[pane.window] = pane.ids }
        let texts = last.map { "\($0.key)=\($0.value.map(String.init).joined(separator: "+"))" }
        #expect(texts.sorted() == expected, place)
    }

    /// Lateness that is decided at the source makes everything after it deterministic.
    @Test(arguments: seeds) func latenessAtTheSourceIsDeterministic(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let windows = [TestWindows.tumbling(&random), .sliding(&random), .session(&random)][Int(seed % 3)]
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

/// A pane's text, taken apart.
private struct ParsedPane {
    var window: String
    var ids: [Int]
    var revision: Int

    init?(_ text: String) {
        guard let match = text.firstMatch(of: /^(.*)=([0-9+]*)(?:[~#](\d+))?$/) else { return nil }
        window = String(match.1)
        ids = match.2.split(separator: "+").compactMap { Int($0) }
        revision = match.3.flatMap { Int($0) } ?? 0
    }
}
