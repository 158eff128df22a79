import StateBackend
import Testing

@Suite struct TimerQueueTests {
    /// The oracle: a list in order of addition, searched for the earliest.
    private struct NaiveTimers {
        var entries: [(time: Int64, payload: Int)] = []

        mutating func popFirst(through time: Int64) -> (time: Int64, payload: Int)? {
            guard let earliest = entries.map(\.time).min(), earliest <= time else { return nil }
            guard let index = entries.firstIndex(where: { $0.time == earliest }) else { return nil }
            return entries.remove(at: index)
        }
    }

    static let widths: [Int64] = [1, 2, 1_000, 1_024, .max]

    @Test(arguments: widths, 0..<4 as Range<UInt64>)
    func agreesWithASortedList(bucketWidth: Int64, seed: UInt64) {
        var random = SeededGenerator(seed: seed &* 31 &+ UInt64(bucketWidth))
        var queue = TimerQueue<Int>(bucketWidth: bucketWidth)
        var naive = NaiveTimers()
        var clock: Int64 = -20_000
        var payload = 0

        func add() {
            let time: Int64 =
                switch random.below(20) {
                case 0: .min
                case 1: .min + Int64(random.below(3_000))
                case 2: .max
                case 3: .max - Int64(random.below(3_000))
                case 4..<8: clock - Int64(random.below(5_000))  // in the past
                case 8..<12: clock + Int64(random.below(4))  // many of equal time
                default: clock + Int64(random.below(20_000))
                }
            queue.add(payload, at: time)
            naive.entries.append((time, payload))
            payload += 1
        }

        func popAll(through time: Int64) {
            while true {
                let expected = naive.popFirst(through: time)
                let popped = queue.popFirst(through: time)
                #expect(popped?.time == expected?.time, "seed \(seed), width \(bucketWidth)")
                #expect(popped?.payload == expected?.payload, "seed \(seed), width \(bucketWidth)")
                guard popped != nil, expected != nil else { return }
                // Owners set timers while they are being called.
                if random.below(4) == 0 { add() }
            }
        }

        for _ in 0..<120 {
            for _ in 0..<random.below(12) { add() }
            #expect(queue.count == naive.entries.count)
            checkNextTime(queue, earliest: naive.entries.map(\.time).min(), width: bucketWidth, seed: seed)
            clock += Int64(random.below(4_000))
            popAll(through: clock)
        }
        popAll(through: .max)
        #expect(queue.count == 0)
        #expect(queue.nextTime == nil)
    }

    private func checkNextTime(_ queue: TimerQueue<Int>, earliest: Int64?, width: Int64, seed: UInt64) {
        guard let earliest else {
            #expect(queue.nextTime == nil, "seed \(seed)")
            return
        }
        guard let next = queue.nextTime else {
            Issue.record("no next time, but one at \(earliest), seed \(seed)")
            return
        }
        var rounded: Int64 = 1
        while rounded < width && rounded < 1 << 40 { rounded *= 2 }
        let (bound, underflow) = earliest.subtractingReportingOverflow(rounded)
        #expect(next <= earliest && (underflow || bound < next), "seed \(seed), width \(width)")
    }

    @Test func equalTimesComeInOrderOfAddition() {
        var queue = TimerQueue<Int>()
        for i in 0..<100 { queue.add(i, at: 5_000) }
        #expect(queue.popFirst(through: 4_999) == nil)
        var order: [Int] = []
        while let entry = queue.popFirst(through: 5_000) {
            order.append(entry.payload)
            if entry.payload == 10 { queue.add(100, at: 5_000) }
        }
        #expect(order == Array(0...100))
    }

    @Test func payloadsAreReleased() {
        let live = LiveCount()
        do {
            var queue = TimerQueue<Tracked>()
            for i in 0..<50 { queue.add(Tracked(i, live), at: Int64(i) * 700) }
            for _ in 0..<20 { _ = queue.popFirst(through: .max) }
            #expect(live.value == 30)
        }
        #expect(live.value == 0)
    }
}
