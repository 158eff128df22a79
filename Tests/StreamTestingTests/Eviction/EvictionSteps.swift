import StreamTesting
import Weir

/// Steps of one's own for ``EvictionTests``.
enum EvictionSteps {
    typealias Event = EvictionEvent

    /// Two timers per period, which the period's events set, move and cancel: all of them come before the timers are due.
    struct Timers: KeyedProcessor {
        typealias Key = Pair<Int, Int>
        typealias Input = Event
        typealias Output = String
        typealias TimerID = Pair<Int64, Int64>
        let numbers: MapState<Key, Int64, [Int]>

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let number = Int64(event.number)
            let period = event.time / 250
            let end = period * 250 + 250
            numbers[period] = (numbers[period] ?? []) + [event.number]
            if number % 3 == 0 { context.cancelTimer(Pair(period, (number + 1) % 2)) }
            context.setTimer(Pair(period, number % 2), at: end + number % 5 * 40)
        }

        mutating func onTimer(
            _ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>
        ) throws {
            try context.emit("\(context.key) \(id) at \(time): \(numbers[id.first] ?? [])")
        }
    }

    /// All kinds of state, of which each event changes some.
    struct Kinds: KeyedProcessor {
        typealias Key = Pair<Int, Int>
        typealias Input = Event
        typealias Output = String
        let value: ValueState<Key, Int>
        let list: ListState<Key, Int>
        let map: MapState<Key, Int, String>
        let ordered: OrderedMapState<Key, Int64, Int>
        let sum: ReducingState<Key, Int>
        let average: AggregatingState<Key, Average<Event>>

        init(_ state: KeyedStateStore<Key>) throws {
            value = try state.value("value", timeToLive: TimeToLive(.seconds(100), refresh: .onReadAndWrite))
            list = try state.list("list")
            map = try state.map("map")
            ordered = try state.orderedMap("ordered", timeToLive: TimeToLive(.seconds(100)))
            sum = try state.reducing("sum") { $0 + $1 }
            average = try state.aggregating("average", Average { (event: Event) in Double(event.number) })
        }

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let number = event.number
            switch number % 7 {
            case 0: value.value = nil
            case 1: list.removeAll()
            case 2: map.removeAll()
            case 3: ordered.removeAll(before: event.time - 300)
            case 4: sum.remove()
            case 5: average.remove()
            default: map[number - 7] = nil
            }
            value.update(default: 0) { $0 += number }
            list.append(number)
            map[number] = "\(number)"
            map[number % 4] = (map[number % 4] ?? "") + "."
            ordered[event.time] = number
            sum.add(number)
            average.add(event)
            var entries: [String] = []
            map.forEach { entries.append("\($0)=\($1)") }
            var times: [String] = []
            ordered.forEach { times.append("\($0)=\($1)") }
            try context.emit(
                "\(context.key) \(value.value ?? -1) \(list.elements) \(entries.sorted()) \(map.count) \(times) "
                    + "\(ordered.first?.key ?? -1) \(ordered.last?.key ?? -1) \(sum.value ?? -1) \(average.value ?? -1)"
            )
        }
    }

    /// What came from both sides in a period, when it is over.
    struct Both: ConnectedProcessor {
        typealias Key = Int
        typealias Left = Event
        typealias Right = Event
        typealias Output = String
        typealias TimerID = Int64
        let lefts: MapState<Key, Int64, [Int]>
        let rights: MapState<Key, Int64, [Int]>

        func add(_ event: Event, to map: MapState<Key, Int64, [Int]>) -> Int64 {
            let period = event.time / 200
            map[period] = (map[period] ?? []) + [event.split * 1_000 + event.number]
            return period
        }

        mutating func processLeft(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let period = add(event, to: lefts)
            context.setTimer(period, at: period * 200 + 199)
        }

        mutating func processRight(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let period = add(event, to: rights)
            context.setTimer(period, at: period * 200 + 199)
        }

        mutating func onTimer(_ id: Int64, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
            try context.emit("\(context.key) \(id): \((lefts[id] ?? []).sorted()) \((rights[id] ?? []).sorted())")
            lefts[id] = nil
            rights[id] = nil
        }
    }

    /// Sums per period, times what the rules say of it; every rule looks at every key.
    struct Ruled: BroadcastProcessor {
        typealias Key = Int
        typealias Input = Event
        typealias Broadcast = Event
        typealias Output = String
        typealias TimerID = Int64
        let rules: BroadcastView<Int64, Int>
        let sums: MapState<Key, Int64, Int>
        let seen: ValueState<Key, Int>

        init(_ state: KeyedStateStore<Key>, _ rules: BroadcastView<Int64, Int>) throws {
            self.rules = rules
            sums = try state.map("sums")
            seen = try state.value("seen")
        }

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let period = event.time / 200
            sums[period] = (sums[period] ?? 0) + event.number
            seen.update(default: 0) { $0 += event.number }
            context.setTimer(period, at: period * 200 + 199)
        }

        mutating func processBroadcast(
            _ event: Event, _ rules: BroadcastState<Int64, Int>, _ context: borrowing BroadcastContext<Self>
        ) throws {
            rules[event.time / 200] = (rules[event.time / 200] ?? 0) + event.number
            // An entry per split that comes and goes, in the split's order.
            let own = Int64(-1 - event.split)
            let isThere = event.number / 2 % 2 == 1
            guard rules[own] == (isThere ? event.number - 2 : nil) else {
                throw StateError(code: .malformed, message: "rule \(own) is \(rules[own] ?? -1) at \(event.number)")
            }
            rules[own] = isThere ? nil : event.number
            guard event.number % 8 == 0 else { return }
            for name in ["sums", "seen"] {
                var keys: Set<Int> = []
                try context.forEachKey(having: name) { context in
                    if !keys.insert(context.key).inserted { try context.emit("\(context.key) was visited twice") }
                    seen.update(default: 0) { $0 += 0 }
                }
            }
        }

        mutating func onTimer(_ id: Int64, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
            try context.emit("\(context.key) \(id): \(sums[id] ?? -1) * \(rules[id] ?? -1)")
            sums[id] = nil
        }
    }
}
