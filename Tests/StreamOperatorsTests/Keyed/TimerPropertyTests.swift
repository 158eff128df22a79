import StreamTesting
import Testing
import Weir

private let seeds: Range<UInt64> = 0..<500

/// Sets and cancels timers as its records say, and more from their callbacks; the timers are numbered.
private struct Numbered: KeyedProcessor {
    typealias Key = Int
    typealias Output = String

    struct Order: Sendable {
        var key: Int
        var id: Int
        var domain: TimeDomain
        /// nil to cancel.
        var time: Timestamp?
    }

    let count: ValueState<Int, Int>

    init(_ store: KeyedStateStore<Int>) throws { count = try store.value("count") }

    mutating func process(_ order: Order, _ context: borrowing ProcessContext<Numbered>) throws {
        guard let time = order.time else { return context.cancelTimer(order.id, in: order.domain) }
        context.setTimer(order.id, at: time, in: order.domain)
    }

    mutating func onTimer(_ id: Int, at time: Timestamp, _ context: borrowing ProcessContext<Numbered>) throws {
        let number = count.value ?? 0
        count.value = number + 1
        try context.emit("\(context.key): \(number) \(id) \(context.timeDomain) \(time)")
        switch id {
        case 1: context.setTimer(2, at: time + 7, in: context.timeDomain)
        case 3: context.setTimer(3, at: time - 4, in: context.timeDomain)
        case 4: context.cancelTimer(5, in: context.timeDomain)
        default: break
        }
    }
}

/// The same, by search through a list of all timers.
private struct TimerOracle {
    struct Entry {
        var order: Numbered.Order
        var number: Int
        var isPostponed = false
    }
    var set: [Entry] = []
    var next = 0
    var counts: [Int: Int] = [:]

    mutating func apply(_ order: Numbered.Order, during time: Timestamp? = nil) {
        let index = set.firstIndex {
            $0.order.key == order.key && $0.order.id == order.id && $0.order.domain == order.domain
        }
        if let index, set[index].order.time == order.time { return }
        if let index { set.remove(at: index) }
        guard let own = order.time else { return }
        set.append(Entry(order: order, number: next, isPostponed: time.map { own <= $0 } ?? false))
        next += 1
    }

    /// What goes off up to `time`, by key.
    mutating func advance(_ domain: TimeDomain, to time: Timestamp) -> [Int: [String]] {
        var fired: [Int: [String]] = [:]
        while true {
            let due = set.indices.filter {
                set[$0].order.domain == domain && !set[$0].isPostponed && (set[$0].order.time ?? .max) <= time
            }
            let first = due.min {
                (set[$0].order.time ?? 0, set[$0].number) < (set[$1].order.time ?? 0, set[$1].number)
            }
            guard let first else { break }
            let order = set.remove(at: first).order
            let at = order.time ?? 0
            let number = counts[order.key] ?? 0
            counts[order.key] = number + 1
            fired[order.key, default: []].append("\(order.key): \(number) \(order.id) \(domain) \(at)")
            var follow = order
            switch order.id {
            case 1: (follow.id, follow.time) = (2, at + 7)
            case 3: follow.time = at - 4
            case 4: (follow.id, follow.time) = (5, nil)
            default: continue
            }
            apply(follow, during: at)
        }
        for i in set.indices { set[i].isPostponed = false }
        return fired
    }
}

@Suite struct TimerPropertyTests {
    /// Random timers of both domains, with restarts at any moment and to any parallelism.
    @Test(arguments: seeds) func timersAreState(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func draw(_ limit: UInt64) -> Int { Int(random.next(below: limit)) }
        let input = TestInput<Numbered.Order>("orders")
        let log = OutputLog<String>()
        let test = try TestPipeline(parallelism: draw(3) + 1, batchSize: [1, 3, 64][draw(3)], seed: seed) { p in
            p.input(input).keyBy { $0.key }.process("numbered") { try Numbered($0) }.logged("log", in: log)
        }
        var oracle = TimerOracle()
        var watermark: Timestamp = 0
        var clock: Timestamp = 0
        for step in 0..<60 {
            var expected: [Int: [String]] = [:]
            switch draw(10) {
            case 0, 1:
                watermark += Timestamp(draw(30)) + 1
                input.watermark(watermark)
                try test.settle()
                expected = oracle.advance(.eventTime, to: watermark)
            case 2, 3:
                clock += Timestamp(draw(30)) + 1
                // A timer that is due at once may go off in a round of its own, in the order of the workers' steps.
                try test.advanceProcessingTime(to: clock)
                while true {
                    let round = oracle.advance(.processingTime, to: clock)
                    if round.isEmpty { break }
                    for (key, words) in round { expected[key, default: []] += words }
                }
            case 4: try test.restart(parallelism: draw(4) + 1)
            default:
                let isClock = draw(2) == 0
                let now = isClock ? clock : watermark
                let ids = isClock ? [0, 1, 2, 4, 5] : [0, 1, 2, 3, 4, 5]
                let order = Numbered.Order(
                    key: draw(4), id: ids[draw(UInt64(ids.count))], domain: isClock ? .processingTime : .eventTime,
                    time: draw(6) == 0 ? nil : now + Timestamp(draw(50)) - (isClock ? -1 : 8))
                input.send(order, at: watermark + 1)
                try test.settle()
                oracle.apply(order)
            }
            let got = Dictionary(grouping: log.take()) { Int($0.prefix { $0 != ":" }) ?? -1 }
            #expect(got == expected, "seed \(seed), step \(step)")
        }
    }
}
