internal import Weir

/// Large maps, timers, averages and broadcast state under a ``StateBackendSuite``.
extension StateBackendRun {
    /// Maps with many more entries than the tables have room for.
    func useLargeMaps(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick(count: below(3))
        worker.store.select(key, hash: key.stableHash)
        var one = expected[key] ?? StateBackendExpectation()
        switch below(9) {
        case 0, 1:
            for _ in 0..<40 {
                let number = Int64(below(400))
                worker.large[number] = "entry \(number)"
                one.large[number] = "entry \(number)"
            }
        case 2:
            for _ in 0..<15 {
                let number = Int64(below(400))
                try check(worker.large[number] == one.large[number], "entry \(number) of a large map")
                worker.large[number] = nil
                one.large[number] = nil
            }
        case 3, 4:
            for _ in 0..<40 {
                let time = Int64(below(2_000)) * 1_000 - 1_000_000
                worker.timeline[time] = Int32(time / 500)
                one.timeline[time] = Int32(time / 500)
            }
        case 5:
            let from = Int64(below(2_000)) * 1_000 - 1_000_000
            let range = from..<(from + Int64(below(500_000)))
            var found: [Int64: Int32] = [:]
            var order: [Int64] = []
            worker.timeline.forEach(in: range) {
                found[$0] = $1
                order.append($0)
            }
            try check(order == order.sorted(), "a range of a large ordered map is out of order: \(order)")
            try check(found, one.timeline.filter { range.contains($0.key) }, "the range \(range)", key)
        case 6:
            let time = Int64(below(2_000)) * 1_000 - 1_000_000
            if below(2) == 0 {
                worker.timeline.removeAll(before: time - 500_000)
                one.timeline = one.timeline.filter { $0.key >= time - 500_000 }
            } else {
                worker.timeline.removeAll(in: time..<(time + 100_000))
                one.timeline = one.timeline.filter { !(time..<(time + 100_000)).contains($0.key) }
            }
        case 7:
            try check(worker.timeline.first?.key, one.timeline.keys.min(), "a large ordered map's first", key)
            try check(worker.timeline.last?.key, one.timeline.keys.max(), "a large ordered map's last", key)
        default:
            guard below(4) == 0 else { break }
            worker.large.removeAll()
            one.large = [:]
        }
        expected[key] = one
        if below(4) == 0 { try compareLarge(key) }
    }

    /// Timers, averages, and ordered maps by text.
    func useMore(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick()
        worker.store.select(key, hash: key.stableHash)
        var one = expected[key] ?? StateBackendExpectation()
        let number = Int64(below(40))
        switch below(6) {
        case 0, 1:
            worker.setTimer(key, at: now + 1 + number)
            one.timers.insert(now + 1 + number)
        case 2 where number < 10:
            worker.cancelTimers(key)
            one.timers = []
        case 3 where number < 10:
            worker.average.remove()
            one.added = []
        case 3, 4:
            worker.average.add(number)
            one.added.append(number)
        default:
            let name = String("middle of \(number)".reversed())
            worker.names[name] = number % 4 == 0 ? nil : number
            one.names[name] = number % 4 == 0 ? nil : number
        }
        expected[key] = one
        try compareMore(key)
    }

    func changeRules() {
        let name = "rule \(below(10))"
        let value: Int64? = below(3) == 0 ? nil : Int64(below(100))
        for worker in workers { worker.rules[name] = value }
        rules[name] = value
    }

    func fireTimers() throws {
        var fired: [Key: Set<Int64>] = [:]
        for worker in workers {
            for (key, time) in worker.fire(through: now) {
                try check(fired[key, default: []].insert(time).inserted, "a timer of '\(key)' went off twice")
            }
        }
        for (key, one) in expected {
            let due = one.timers.filter { $0 <= now }
            try check(fired[key] ?? [], due, "what went off", key)
            expected[key]?.timers.subtract(due)
        }
    }

    func compareRules() throws {
        for worker in workers {
            var found: [String: Int64] = [:]
            worker.rules.forEach { found[$0] = $1 }
            try check(found == rules, "the broadcast state is \(found), but should be \(rules)")
        }
    }

    private func compareLarge(_ key: Key) throws {
        let worker = worker(of: key)
        let one = expected[key] ?? StateBackendExpectation()
        var large: [Int64: String] = [:]
        worker.large.forEach { large[$0] = $1 }
        try check(large, one.large, "the large map", key)
        try check(worker.large.count, one.large.count, "the large map's count", key)
        try check(worker.large.isEmpty, one.large.isEmpty, "whether the large map is empty", key)
        var timeline: [[Int64]] = []
        worker.timeline.forEach { timeline.append([$0, Int64($1)]) }
        let sorted = one.timeline.sorted { $0.key < $1.key }.map { [$0.key, Int64($0.value)] }
        try check(timeline, sorted, "the large ordered map", key)
    }

    func compareMore(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick()
        worker.store.select(key, hash: key.stableHash)
        let one = expected[key] ?? StateBackendExpectation()
        if !one.large.isEmpty || !one.timeline.isEmpty { try compareLarge(key) }
        let average = one.added.isEmpty ? nil : Double(one.added.reduce(0, +)) / Double(one.added.count)
        try check(worker.average.value, average, "the average", key)
        var names: [String] = []
        worker.names.forEach { names.append("\($0) \($1)") }
        let sorted = one.names.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        try check(names, sorted, "the ordered map by text", key)
        let some = one.names.filter { $0.key >= "1" && $0.key < "5" }
        var found: [String: Int64] = [:]
        worker.names.forEach(in: "1"..<"5") { found[$0] = $1 }
        try check(found, some, "a range of the ordered map by text", key)
        try check(worker.names.last?.key, one.names.keys.max(), "the last key of the ordered map by text", key)
        let timers = worker.timers.peek(key, hash: key.stableHash)?.pointee ?? []
        try check(Set(timers), one.timers, "the timers", key)
    }
}
