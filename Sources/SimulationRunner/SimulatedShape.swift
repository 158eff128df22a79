import StreamTesting
import Weir

/// The graphs that are simulated, each with its oracle: a naive fold over all events.
enum SimulatedShape: String, CaseIterable, Sendable {
    case stateless, tumbling, sessions, joins, timers, twoLevels, atLeastOnce

    /// The shape's simulation.
    func simulation(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        switch self {
        case .stateless: Self.stateless(options)
        case .tumbling: Self.tumbling(options)
        case .sessions: Self.sessions(options)
        case .joins: Self.joins(options)
        case .timers: Self.timers(options)
        case .twoLevels: Self.twoLevels(options)
        case .atLeastOnce: Self.atLeastOnce(options)
        }
    }

    private static func stateless(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        Simulation("stateless", options: options, events: SimulatedEvent.draw) { p, events, output in
            p.events(events)
                .filter { $0.number % 3 != 0 }
                .flatMap { Array(repeating: $0, count: $0.key % 3) }
                .map { "\($0.split)/\($0.number)" }
                .commit("out", to: output)
        } expected: { splits in
            OnTime(splits).onTime.filter { $0.number % 3 != 0 }
                .flatMap { Array(repeating: "\($0.split)/\($0.number)", count: $0.key % 3) }
        }
        .ordered { $0.prefix(while: { $0 != "/" }) }
    }

    private static func tumbling(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        Simulation("tumbling", options: options, events: SimulatedEvent.draw) { p, source, output in
            let events = p.events(source)
            let counts = events.keyBy { $0.key }
                .window(.tumbling(.milliseconds(50)))
                .aggregate("counts", .count())
                .map { "\($0.key) \($0.window.start): \($0.value)" }
            let late = events.lateRecords.map { "late \($0.split)/\($0.number)" }
            counts.union(late).commit("out", to: output)
        } expected: { splits in
            let events = OnTime(splits)
            let windows = Dictionary(grouping: events.onTime) { "\($0.key) \($0.time / 50 * 50)" }
            return windows.map { "\($0.key): \($0.value.count)" } + events.late.map { "late \($0.split)/\($0.number)" }
        }
    }

    private static func sessions(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        Simulation("sessions", options: options, events: SimulatedEvent.draw) { p, events, output in
            p.events(events).keyBy { $0.key }
                .window(.session(gap: .milliseconds(30)))
                .aggregate("visits", .count())
                .map { "\($0.key) \($0.window.start)-\($0.window.end): \($0.value)" }
                .commit("out", to: output)
        } expected: { splits in
            var lines: [String] = []
            for (key, events) in Dictionary(grouping: OnTime(splits).onTime, by: \.key) {
                var session: [Timestamp] = []
                func close() {
                    guard let first = session.first, let last = session.last else { return }
                    lines.append("\(key) \(first)-\(last + 30): \(session.count)")
                    session = []
                }
                for time in events.map(\.time).sorted() {
                    // A record at the end of the gap begins a session of its own.
                    if let last = session.last, time >= last + 30 { close() }
                    session.append(time)
                }
                close()
            }
            return lines
        }
    }

    private static func joins(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        Simulation("joins", options: options, events: SimulatedEvent.draw) { p, source, output in
            let events = p.events(source)
            let left = events.filter { $0.number % 2 == 0 }.keyBy { $0.key }
            let right = events.filter { $0.number % 2 == 1 }.keyBy { $0.key }
            left.join("pairs", right, within: .between(.milliseconds(-10), .milliseconds(15))) {
                "\($0.split)/\($0.number) with \($1.split)/\($1.number)"
            }
            .commit("out", to: output)
        } expected: { splits in
            let events = OnTime(splits).onTime
            return events.filter { $0.number % 2 == 0 }.flatMap { left in
                events.filter {
                    $0.number % 2 == 1 && $0.key == left.key && $0.time >= left.time - 10 && $0.time <= left.time + 15
                }.map { "\(left.split)/\(left.number) with \($0.split)/\($0.number)" }
            }
        }
    }

    private static func timers(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        Simulation("timers", options: options, events: SimulatedEvent.draw) { p, events, output in
            p.events(events).keyBy { $0.key }
                .process("periods") { PeriodProcessor(counts: try $0.map("counts"), total: try $0.value("total")) }
                .commit("out", to: output)
        } expected: { splits in
            let periods = Dictionary(grouping: OnTime(splits).onTime) { Pair($0.key, $0.time / 60) }
            return periods.sorted { $0.key.second < $1.key.second }
                .map { "\($0.key.first) \($0.key.second): \($0.value.count)" }
        }
        .ordered { $0.prefix(while: { $0 != " " }) }
        .checking(state: "total", of: "periods") { prefix in
            Dictionary(grouping: OnTime(prefix).onTime, by: \.key).mapValues(\.count)
        }
    }

    private static func twoLevels(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        Simulation("two levels", options: options, events: SimulatedEvent.draw) { p, source, output in
            let events = p.events(source)
            let counts = events.filter { $0.number % 5 != 0 }.keyBy { $0.key }
                .window(.tumbling(.milliseconds(20)))
                .aggregate("counts", .count())
                .map { SimulatedEvent(split: 0, key: $0.key % 2, number: $0.value, time: $0.window.start) }
            let sums = counts.keyBy { $0.key }
                .process("sums", broadcast: events.filter { $0.number % 5 == 0 }) { state, weights in
                    WeightedSums(sums: try state.map("sums"), weights: weights)
                }
            let late = events.lateRecords.map { "late \($0.split)/\($0.number)" }
            sums.union(late).commit("out", to: output)
        } expected: { splits in
            let events = OnTime(splits)
            var weights: [Int64: Int] = [:]
            for event in events.onTime where event.number % 5 == 0 { weights[event.time / 100, default: 0] += 1 }
            let groups = Dictionary(grouping: events.onTime.filter { $0.number % 5 != 0 }) {
                Pair($0.key % 2, $0.time / 20 * 20 / 100)
            }
            return groups.map { "\($0.key.first) \($0.key.second): \($0.value.count), \(weights[$0.key.second] ?? 0)" }
                + events.late.map { "late \($0.split)/\($0.number)" }
        }
    }

    private static func atLeastOnce(_ options: SimulationOptions) -> Simulation<SimulatedEvent, String> {
        var options = options
        options.guarantee = .atLeastOnce
        return Simulation("at least once", options: options, events: SimulatedEvent.draw) { p, events, output in
            p.events(events).keyBy { $0.key }
                .process("seen") { EventProcessor(seen: try $0.value("seen")) }
                .commit("out", to: output)
        } expected: { splits in
            OnTime(splits).onTime.map { "\($0.split)/\($0.number)" }
        }
    }
}

/// Every event, and how often its key was seen.
private struct EventProcessor: KeyedProcessor {
    typealias Key = Int
    typealias Input = SimulatedEvent
    typealias Output = String
    let seen: ValueState<Key, Int>

    mutating func process(_ event: SimulatedEvent, _ context: borrowing ProcessContext<Self>) throws {
        seen.value = (seen.value ?? 0) + 1
        try context.emit("\(event.split)/\(event.number)")
    }
}

/// A line per key and period of 60 ms when the period is over, and a count of all events.
private struct PeriodProcessor: KeyedProcessor {
    typealias Key = Int
    typealias Input = SimulatedEvent
    typealias Output = String
    enum TimerID: Hashable, Codable, Sendable { case end(of: Int64) }
    let counts: MapState<Key, Int64, Int>
    let total: ValueState<Key, Int>

    mutating func process(_ event: SimulatedEvent, _ context: borrowing ProcessContext<Self>) throws {
        let period = event.time / 60
        counts[period] = (counts[period] ?? 0) + 1
        total.value = (total.value ?? 0) + 1
        context.setTimer(.end(of: period), at: (period + 1) * 60 - 1)
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
        guard case .end(let period) = id else { return }
        try context.emit("\(context.key) \(period): \(counts[period] ?? 0)")
        counts[period] = nil
    }
}

/// A line per key and period of 100 ms: the sum of the numbers, and how many broadcast events there were in it.
private struct WeightedSums: BroadcastProcessor {
    typealias Key = Int
    typealias Input = SimulatedEvent
    typealias Output = String
    typealias Broadcast = SimulatedEvent
    typealias BroadcastKey = Int64
    typealias BroadcastValue = Int
    enum TimerID: Hashable, Codable, Sendable { case end(of: Int64) }
    let sums: MapState<Key, Int64, Int>
    let weights: BroadcastView<Int64, Int>

    mutating func process(_ event: SimulatedEvent, _ context: borrowing ProcessContext<Self>) throws {
        let period = event.time / 100
        sums[period] = (sums[period] ?? 0) + event.number
        context.setTimer(.end(of: period), at: (period + 1) * 100 - 1)
    }

    mutating func processBroadcast(
        _ event: SimulatedEvent, _ weights: BroadcastState<Int64, Int>, _ context: borrowing BroadcastContext<Self>
    ) throws {
        weights[event.time / 100] = (weights[event.time / 100] ?? 0) + 1
    }

    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
        guard case .end(let period) = id else { return }
        try context.emit("\(context.key) \(period): \(sums[period] ?? 0), \(weights[period] ?? 0)")
        sums[period] = nil
    }
}
