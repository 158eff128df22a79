import StreamTesting
import Testing
import Weir

/// What holds of every trigger, whatever the windows, the input and the way the job runs.
@Suite struct TriggerPropertyTests {
    /// What a trigger of the tests does.
    private struct Kind {
        /// Whether it fires at the window's end.
        var firesAtEnd = true
        var purges = false
        /// Fires with just every so many records, and at no other time.
        var count: Int?
    }

    private struct Case {
        var seed: UInt64
        var windows: TestWindows
        var windowing: TestWindowing
        var events: RandomEvents
        var lateness: Int64
        var isDiscarding: Bool
        var isBeyond: Bool

        init(seed: UInt64) {
            self.seed = seed
            var random = SplitMix64(seed: seed)
            repeat { windows = .any(&random) } while !windows.isGeneral
            windowing = windows.windowing(&random)
            isBeyond = random.next(below: 2) == 0
            events = RandomEvents(&random, beyond: isBeyond ? 5 : 0)
            lateness = Int64(random.next(below: 2) * random.next(below: 150))
            isDiscarding = random.next(below: 2) == 0
        }
    }

    @Test(arguments: Seeds.all) func panesAreWhatTheTriggerPromises(seeds: Seeds) async throws {
        for seed in seeds.range {
            let each = Case(seed: seed)
            let early = EarlyTrigger<Event>(every: .milliseconds(Int64(seed % 40) + 1))
            let number = Int(seed / 7 % 4) + 1
            let count = CountTrigger<Event>(number)
            let end = EventTimeTrigger<Event>()
            switch seed % 7 {
            case 0: try await check(each, early, Kind())
            case 1: try await check(each, count, Kind(firesAtEnd: false, count: number))
            case 2: try await check(each, AnyTrigger(count, end), Kind())
            case 3: try await check(each, AnyTrigger(early, count), Kind())
            case 4: try await check(each, PurgingTrigger(early), Kind(purges: true))
            case 5: try await check(each, PurgingTrigger(count), Kind(firesAtEnd: false, purges: true, count: number))
            default: try await check(each, PurgingTrigger(AnyTrigger(end, count)), Kind(purges: true))
            }
        }
    }

    private func check<Firing: Trigger>(_ each: Case, _ trigger: Firing, _ kind: Kind) async throws
    where Firing.Element == Event {
        let late = SideOutput<Event>("late")
        let runs: [JobMatrix.Run<PaneOrLate>] = try await JobMatrix.few(seed: each.seed).run { p, sink in
            let windows = p.events(each.events).keyBy { $0.key }
                .window(
                    each.windowing, allowedLateness: .milliseconds(each.lateness), late: .sideOutput(late)
                )
                .trigger(trigger)
            let panes = (each.isDiscarding ? windows.discarding() : windows).aggregate("windows", CollectIDs())
            panes.map { PaneOrLate.pane($0) }.write("panes", to: sink)
            panes.sideOutput(late).map { PaneOrLate.late($0.id) }.write("late", to: sink)
        }
        for run in runs {
            let place: Comment = """
                seed \(each.seed), \(each.windows), \(trigger), discarding \(each.isDiscarding), \
                lateness \(each.lateness), \(run.variant)
                """
            let lateIDs = run.elements.compactMap { if case .late(let id) = $0 { id } else { nil } }
            let panes = run.elements.compactMap { if case .pane(let pane) = $0 { pane } else { nil } }
            #expect(lateIDs.isEmpty || each.isBeyond, place)
            #expect(Set(lateIDs).count == lateIDs.count && Set(lateIDs).isDisjoint(with: panes.flatMap(\.value)), place)
            let kept = each.events.all.filter { !Set(lateIDs).contains($0.id) }
            let oracle = WindowOracle.panes(each.windows, kept)
            let isDelta = each.isDiscarding || kind.purges
            if kind.firesAtEnd { checkAll(panes, kept, each, place) }
            guard !each.windows.merges else {
                // What a session was before it grew is no window of the definition; its last pane is.
                if kind.firesAtEnd && !isDelta && !each.isBeyond {
                    #expect(panes.filter { $0.kind == .onTime }.map(Self.plain).sorted() == oracle, place)
                }
                continue
            }
            var last: [String] = []
            for own in Dictionary(grouping: panes, by: { "\($0.key) \($0.window)" }).values {
                #expect(own.map { Int($0.revision) } == Array(0..<own.count), place)
                // Early ones, then one on time at most, then late ones.
                #expect(own.map(\.kind.rawValue) == own.map(\.kind.rawValue).sorted(), place)
                #expect(own.count { $0.kind == .onTime } <= 1, place)
                if let count = kind.count {
                    for (index, pane) in own.enumerated() {
                        #expect(pane.value.count == (isDelta ? count : count * (index + 1)), place)
                    }
                }
                if isDelta {
                    let ids = own.flatMap(\.value)
                    #expect(Set(ids).count == ids.count, place)
                    var whole = own[0]
                    whole.value = ids.sorted()
                    last.append(Self.plain(whole))
                } else {
                    for (before, after) in zip(own, own.dropFirst()) {
                        let isMore = Set(before.value).isStrictSubset(of: after.value)
                        #expect(isMore || (after.kind == .onTime && before.value == after.value), place)
                    }
                    last += own.suffix(1).map(Self.plain)
                }
            }
            if kind.firesAtEnd && !each.isBeyond { #expect(last.sorted() == oracle, place) }
        }
    }

    /// Every record that isn't late is in a pane of a trigger that fires at the end.
    private func checkAll(_ panes: [Pane<String, [Int]>], _ kept: [Event], _ each: Case, _ place: Comment) {
        let expected = Dictionary(grouping: kept, by: \.key).values
            .flatMap { each.windows.windows($0).flatMap(\.members).map(\.id) }
        #expect(Set(panes.flatMap(\.value)) == Set(expected), place)
    }

    private static func plain(_ pane: Pane<String, [Int]>) -> String {
        var pane = pane
        pane.kind = .onTime
        pane.revision = 0
        return text(pane)
    }
}
