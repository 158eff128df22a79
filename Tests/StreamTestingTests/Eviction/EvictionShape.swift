import StreamTesting
import Weir

/// Small jobs, each of which holds state in another operator.
///
/// Their results depend on nothing but the events: not on the order of splits, nor on when watermarks come.
enum EvictionShape: String, CaseIterable, Sendable {
    case timers, kinds, both, ruled
    case reduce, topN, keepFirst, deduplicate, keepLast
    case temporalJoin, innerJoin, leftJoin, fullJoin, regularJoin, limitedJoin, windowJoin, coGroup
    case patterns, absences
    case countWindows, sessions, boundedSessions, recordGapSessions, tumbling, sliding, cumulating, calendar
    case evicting, early, counted, global

    typealias Event = EvictionEvent

    func attach(to events: DataStream<Event>) -> DataStream<String> {
        switch self {
        case .timers, .kinds, .both, .ruled: steps(events)
        case .reduce, .topN, .keepFirst, .deduplicate, .keepLast: keyed(events)
        case .patterns, .absences: patterns(events)
        case .countWindows, .sessions, .boundedSessions, .recordGapSessions, .tumbling, .sliding, .cumulating,
            .calendar:
            windows(events)
        case .evicting, .early, .counted, .global: generalWindows(events)
        default: joins(events)
        }
    }

    private func steps(_ events: DataStream<Event>) -> DataStream<String> {
        let evens = events.filter { $0.number % 2 == 0 }
        let odds = events.filter { $0.number % 2 == 1 }
        switch self {
        case .timers:
            return events.keyBy { $0.ownKey }.process("step") { EvictionSteps.Timers(numbers: try $0.map("numbers")) }
        case .kinds: return events.keyBy { $0.ownKey }.process("step") { try EvictionSteps.Kinds($0) }
        case .both:
            return evens.keyBy { $0.key }.process("step", with: odds.keyBy { $0.key }) {
                EvictionSteps.Both(lefts: try $0.map("lefts"), rights: try $0.map("rights"))
            }
        default:
            return odds.keyBy { $0.key }.process("step", broadcast: evens) { try EvictionSteps.Ruled($0, $1) }
        }
    }

    private func keyed(_ events: DataStream<Event>) -> DataStream<String> {
        let keyed = events.keyBy { $0.ownKey }
        let horizon = Duration.milliseconds(300)
        let kept: DataStream<Event>
        switch self {
        case .reduce:
            kept = keyed.reduce("step") {
                Event(split: $1.split, key: $1.key, number: $0.number * 3 % 1_000 + $1.number, time: $1.time)
            }
        case .topN:
            return keyed.topN("step", 2) { $0.number % 5 }.map { "\($0.key) \($0.elements.map(\.number))" }
        case .keepFirst: kept = keyed.deduplicate("step")
        case .deduplicate: kept = keyed.deduplicate("step", within: horizon)
        default: kept = keyed.deduplicate("step", within: horizon, keep: .last)
        }
        return kept.map { "\($0.ownKey) \($0.number) at \($0.time)" }
    }

    private func joins(_ events: DataStream<Event>) -> DataStream<String> {
        let left = events.filter { $0.number % 3 != 0 }.keyBy { $0.key }
        let right = events.filter { $0.number % 3 == 0 && $0.split == 0 }.keyBy { $0.key }
        let bounds = JoinBounds.between(.milliseconds(-120), .milliseconds(90))
        @Sendable func pair(_ a: Event?, _ b: Event?) -> String {
            func name(_ event: Event?) -> String { event.map { "\($0.split)/\($0.number)" } ?? "nothing" }
            return "\(name(a)) with \(name(b))"
        }
        switch self {
        case .temporalJoin:
            return left.leftJoin("step", versions: right, isDeletion: { $0.number % 9 == 0 }) { pair($0, $1) }
        case .innerJoin: return left.join("step", right, within: bounds) { pair($0, $1) }
        case .leftJoin: return left.leftJoin("step", right, within: bounds) { pair($0, $1) }
        case .fullJoin: return left.fullJoin("step", right, within: bounds) { pair($0, $1) }
        case .regularJoin: return left.join("step", right, keepFor: nil) { pair($0, $1) }
        case .limitedJoin: return left.join("step", right, keepFor: .milliseconds(200)) { pair($0, $1) }
        case .windowJoin: return left.leftJoin("step", right, window: .tumbling(.milliseconds(250))) { pair($0, $1) }
        default:
            return left.coGroup("step", right, window: .session(gap: .milliseconds(80))) {
                ["\($0) \($1): \($2.map { pair($0, nil) }.sorted()) \($3.map { pair(nil, $0) }.sorted())"]
            }
        }
    }

    private func patterns(_ events: DataStream<Event>) -> DataStream<String> {
        let first = Pattern<Event>.begin("a") { $0.number % 3 == 0 }
        let pattern =
            self == .patterns
            ? first.followedByAny("b") { $0.number % 3 == 1 }.within(.milliseconds(400))
            : first.notFollowedBy("b") { $0.number % 3 == 1 }.within(.milliseconds(200))
        @Sendable func text(_ match: PatternMatch<Event>) -> String {
            "\(match.elements.first?.ownKey ?? Pair(-1, -1)) \(match.elements.map(\.number))"
        }
        let timedOut = SideOutput<PatternMatch<Event>>("timed out")
        let matches = events.keyBy { $0.ownKey }.match("step", pattern, timedOut: timedOut)
        return matches.map(text).union("both", matches.sideOutput(timedOut).map { text($0) + " in vain" })
    }

    private func windows(_ events: DataStream<Event>) -> DataStream<String> {
        let keyed = events.keyBy { $0.key }
        let numbers = Sum { (event: Event) in event.number }
        let lateness = Duration.milliseconds(100)
        let length = Duration.milliseconds(300)
        let step = Duration.milliseconds(100)
        let panes: DataStream<Pane<Int, Int>>
        switch self {
        case .countWindows:
            let own = events.keyBy { $0.ownKey }
            return own.window(.count(2)).aggregate("step", numbers).map { "\($0.key) \($0.window) \($0.value)" }
                .union(
                    "both",
                    own.window(.count(4, every: 2)).aggregate("sliding", numbers).map {
                        "sliding \($0.key) \($0.window) \($0.value)"
                    })
        case .sessions:
            panes = keyed.window(.session(gap: step), allowedLateness: lateness).aggregate("step", numbers)
        case .boundedSessions:
            panes = keyed.window(.session(gap: step, maximum: length)).aggregate("step", numbers)
        case .recordGapSessions:
            let gap: @Sendable (Event) -> Duration = { .milliseconds(50 + $0.number) }
            panes = keyed.window(.session(gapOf: gap)).aggregate("step", numbers)
        case .tumbling: panes = keyed.window(.tumbling(length), allowedLateness: lateness).aggregate("step", numbers)
        case .sliding:
            panes = keyed.window(.sliding(length, every: step), allowedLateness: lateness).aggregate("step", numbers)
        case .cumulating: panes = keyed.window(.cumulating(upTo: length, every: step)).aggregate("step", numbers)
        default:
            panes = events.map { Event(split: $0.split, key: $0.key, number: $0.number, time: $0.time) }
                .keyBy { $0.key }.window(.calendar(.day, in: "UTC"), allowedLateness: lateness)
                .aggregate("step", numbers)
        }
        return panes.map { "\($0.key) \($0.window): \($0.value)" }
    }

    private func generalWindows(_ events: DataStream<Event>) -> DataStream<String> {
        let keyed = events.keyBy { $0.ownKey }
        let numbers = Sum { (event: Event) in event.number }
        let panes: DataStream<Pane<Pair<Int, Int>, Int>>
        switch self {
        case .evicting:
            return keyed.window(.tumbling(.milliseconds(400)), allowedLateness: .milliseconds(50)).evict(.count(2))
                .process("step") { elements, context in
                    try context.emit("\(context.key) \(context.window) \(elements.map(\.element.number))")
                }
        case .early:
            // What an early pane holds depends on when it fires.
            panes = keyed.window(.tumbling(.milliseconds(400))).trigger(.early(every: .milliseconds(60)))
                .aggregate("step", numbers).filter { $0.kind == .onTime }
        case .counted:
            panes = keyed.window(.tumbling(.milliseconds(500))).trigger(.any(.count(2), .eventTime()))
                .aggregate("step", numbers)
        default: panes = keyed.window(.global()).trigger(.purging(.count(3))).aggregate("step", numbers)
        }
        return panes.map { "\($0.key) \($0.window): \($0.value)" }
    }
}
