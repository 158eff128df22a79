import StreamTesting
import Testing
import Weir

private let seeds: Range<UInt64> = 0..<500

/// Per key and stretch of 100 ms, remembers the events and tells of them 500 ms after the last one's time.
private struct Digest: KeyedProcessor {
    typealias Key = String
    typealias Output = String

    let stretches: ValueState<String, [Timestamp: [Int]]>
    let newest: ValueState<String, [Timestamp: Timestamp]>

    init(_ store: KeyedStateStore<String>) throws {
        stretches = try store.value("stretches")
        newest = try store.value("newest")
    }

    mutating func process(_ event: Event, _ context: borrowing ProcessContext<Digest>) throws {
        let stretch = event.time.floored(to: 100)
        stretches.update(default: [:]) { $0[stretch, default: []].append(event.id) }
        let last = max(newest.value?[stretch] ?? .min, event.time)
        newest.update(default: [:]) { $0[stretch] = last }
        context.setTimer(stretch, at: last + 500)
        // Timers that never go off: moved out of sight, or cancelled.
        context.setTimer(1, at: event.time + 1)
        if event.value % 2 == 0 { context.cancelTimer(1) } else { context.setTimer(1, at: .max - 1) }
    }

    mutating func onTimer(_ id: Timestamp, at time: Timestamp, _ context: borrowing ProcessContext<Digest>) throws {
        guard id != 1 else { return }
        let ids = stretches.value?[id] ?? []
        try context.emit("\(context.key) \(id) \(time) \(ids.sorted())")
        stretches.update(default: [:]) { $0[id] = nil }
        if stretches.value?.isEmpty == true { stretches.value = nil }
    }
}

/// Random events through keyed steps, against naive simulations.
@Suite struct KeyedPropertyTests {
    @Test(arguments: seeds) func aProcessorWithStateAndTimers(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let events = RandomEvents(&random)
        var expected: [String] = []
        for (key, own) in Dictionary(grouping: events.all, by: \.key) {
            let stretches = Dictionary(grouping: own) { event in
                event.time >= 0 ? event.time / 100 * 100 : -((99 - event.time) / 100 * 100)
            }
            for (stretch, members) in stretches {
                let last = members.map(\.time).max() ?? 0
                expected.append("\(key) \(stretch) \(last + 500) \(members.map(\.id).sorted())")
            }
        }
        let runs: [JobMatrix.Run<String>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.process("digest") { try Digest($0) }.write("out", to: sink)
        }
        for run in runs { #expect(run.elements.sorted() == expected.sorted(), "seed \(seed), \(run.variant)") }
    }

    /// Repetitions within the horizon of a key's cluster are dropped, clusters apart from each other stay.
    @Test(arguments: seeds) func deduplicationKeepsOneOfEachCluster(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let horizon = Int64(random.next(below: 90)) + 1
        var events = RandomEvents(&random)
        // Clusters: the first `horizon` milliseconds of every three horizons.
        events.splits = events.splits.map { split in
            split.filter { $0.time.floored(to: horizon) == $0.time.floored(to: 3 * horizon) }
        }
        let clusters = Dictionary(grouping: events.all) { "\($0.key) \($0.time.floored(to: 3 * horizon))" }
        let repeated = SideOutput<Event>("repeated")
        let runs: [JobMatrix.Run<(Bool, Event)>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            let kept = p.events(events).keyBy { $0.key }
                .deduplicate("once", within: .milliseconds(horizon), duplicates: repeated)
            kept.map { (true, $0) }.write("kept", to: sink)
            kept.sideOutput(repeated).map { (false, $0) }.write("repeated", to: sink)
        }
        for run in runs {
            let place: Comment = "seed \(seed), horizon \(horizon), bound \(events.bound), \(run.variant)"
            let kept = run.elements.filter(\.0).map(\.1)
            #expect(kept.count == clusters.count, place)
            #expect(Set(kept.map { "\($0.key) \($0.time.floored(to: 3 * horizon))" }) == Set(clusters.keys), place)
            #expect(run.elements.map(\.1.id).sorted() == events.all.map(\.id).sorted(), place)
        }
    }

    /// With one split the order of arrival is given, and with it everything.
    @Test(arguments: seeds) func deduplicationGoesByArrival(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let horizon = Int64(random.next(below: 90)) + 1
        let events = RandomEvents(&random, splits: 1)
        var kept: [Event] = []
        for event in events.all
        where !kept.contains(where: { $0.key == event.key && abs($0.time - event.time) < horizon }) {
            kept.append(event)
        }
        let runs: [JobMatrix.Run<Event>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.deduplicate("once", within: .milliseconds(horizon)).write(
                "kept", to: sink)
        }
        for run in runs {
            #expect(
                run.elements.map(\.id).sorted() == kept.map(\.id),
                "seed \(seed), horizon \(horizon), bound \(events.bound), \(run.variant)")
        }
    }

    @Test(arguments: seeds) func reductionsFollowTheOrderOfAKey(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let events = RandomEvents(&random, splits: 1)
        // Not commutative: every order gives another number.
        @Sendable func combine(_ a: Event, _ b: Event) -> Event {
            Event(id: b.id, key: a.key, time: b.time, value: a.value &* 31 &+ b.value)
        }
        var expected: [String: [Event]] = [:]
        for event in events.all {
            expected[event.key, default: []].append(expected[event.key]?.last.map { combine($0, event) } ?? event)
        }
        let runs: [JobMatrix.Run<Event>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.reduce("running", combine).write("out", to: sink)
        }
        for run in runs {
            #expect(Dictionary(grouping: run.elements, by: \.key) == expected, "seed \(seed), \(run.variant)")
        }
    }

    @Test(arguments: seeds) func reductionsOfSeveralSplitsEndAlike(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let events = RandomEvents(&random)
        let sums = Dictionary(grouping: events.all, by: \.key).mapValues { $0.reduce(0) { $0 + $1.value } }
        let runs: [JobMatrix.Run<Event>] = try await JobMatrix.sampled(seed: seed).run { p, sink in
            p.events(events).keyBy { $0.key }.reduce("running") { a, b in
                Event(id: b.id, key: a.key, time: b.time, value: a.value + b.value)
            }
            .write("out", to: sink)
        }
        for run in runs {
            let last = Dictionary(run.elements.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
            #expect(last == sums, "seed \(seed), \(run.variant)")
            #expect(run.elements.count == events.all.count, "seed \(seed), \(run.variant)")
        }
    }

    @Test func windowReductionsCombine() async throws {
        let runs: [JobMatrix.Run<[Int]>] = try await JobMatrix().run { p, sink in
            p.script("script", [script("a@1 b@2 a@3 a@12")]).keyBy { $0.key }.window(.tumbling(.milliseconds(10)))
                .reduce("largest") { $0.id > $1.id ? $0 : $1 }.map { [Int($0.window.start), $0.value.id] }
                .write("out", to: sink)
        }
        for run in runs { #expect(Set(run.elements) == [[0, 2], [0, 1], [10, 3]], "\(run.variant)") }
    }
}
