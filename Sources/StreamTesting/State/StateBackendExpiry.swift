internal import Weir

/// States of one worker that expire, each by both rules, under a ``StateBackendSuite``; beside those that it has anyway.
struct ExpiringStates<Key: StreamKey> {
    /// By writing, and by reading and writing.
    let lists: [ListState<Key, String>]
    let sums: [ReducingState<Key, Int64>]
    let averages: [AggregatingState<Key, Average<Int64>>]
    /// By reading and writing.
    let value: ValueState<Key, Int64>
    let ordered: OrderedMapState<Key, Int64, String>

    static var life: Int64 { 40 }

    init(_ store: KeyedStateStore<Key>) throws {
        let lives = [TimeToLive.Refresh.onWrite, .onReadAndWrite].map {
            TimeToLive(.milliseconds(Self.life), refresh: $0)
        }
        lists = try lives.enumerated().map { try store.list("expiring list \($0)", timeToLive: $1) }
        sums = try lives.enumerated().map { try store.reducing("expiring sum \($0)", timeToLive: $1) { $0 &+ $1 } }
        averages = try lives.enumerated().map {
            try store.aggregating("expiring average \($0)", Average { Double($0) }, timeToLive: $1)
        }
        value = try store.value("expiring value", timeToLive: lives[1])
        ordered = try store.orderedMap("expiring ordered map", timeToLive: lives[1])
    }
}

/// What ``ExpiringStates`` should be of one key.
struct ExpiringExpectation: Equatable {
    typealias Lease = StateBackendExpectation.Lease

    var lists: [Lease<[String]>?] = [nil, nil]
    var sums: [Lease<Int64>?] = [nil, nil]
    var averages: [Lease<[Int64]>?] = [nil, nil]
    var value: Lease<Int64>?
    var ordered: [Int64: Lease<String>] = [:]

    mutating func expire(_ now: Int64) {
        func living<Value>(_ lease: Lease<Value>?) -> Lease<Value>? { lease.flatMap { $0.expiry > now ? $0 : nil } }
        lists = lists.map(living)
        sums = sums.map(living)
        averages = averages.map(living)
        value = living(value)
        ordered = ordered.filter { $0.value.expiry > now }
    }
}

extension StateBackendRun {
    func useExpiring(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick(count: below(3))
        worker.store.select(key, hash: key.stableHash)
        let states = worker.expiring
        var one = expected[key, default: StateBackendExpectation()].expiring
        one.expire(now)
        let expiry = now + ExpiringStates<Key>.life
        let number = Int64(below(1_000))
        let isRemoval = below(5) == 0
        let rule = below(2)
        switch below(6) {
        case 0:
            if isRemoval { states.lists[rule].removeAll() } else { states.lists[rule].append("\(number)") }
            let longer = (one.lists[rule]?.value ?? []) + ["\(number)"]
            one.lists[rule] = isRemoval ? nil : .init(value: longer, expiry: expiry)
        case 1:
            if isRemoval { states.sums[rule].remove() } else { states.sums[rule].add(number) }
            let sum = (one.sums[rule]?.value ?? 0) + number
            one.sums[rule] = isRemoval ? nil : .init(value: sum, expiry: expiry)
        case 2:
            if isRemoval { states.averages[rule].remove() } else { states.averages[rule].add(number) }
            let more = (one.averages[rule]?.value ?? []) + [number]
            one.averages[rule] = isRemoval ? nil : .init(value: more, expiry: expiry)
        case 3:
            states.value.value = isRemoval ? nil : number
            one.value = isRemoval ? nil : .init(value: number, expiry: expiry)
        case 4:
            states.ordered[number % 5] = isRemoval ? nil : "\(number)"
            one.ordered[number % 5] = isRemoval ? nil : .init(value: "\(number)", expiry: expiry)
        default:
            try check(states.ordered[number % 5], one.ordered[number % 5]?.value, "an expiring entry", key)
            one.ordered[number % 5]?.expiry = expiry
        }
        expected[key, default: StateBackendExpectation()].expiring = one
        if below(2) == 0 { try compareExpiring(key) }
    }

    /// Reads, and so makes some of what it reads live on.
    func compareExpiring(_ key: Key) throws {
        let worker = worker(of: key)
        worker.store.tick()
        worker.store.select(key, hash: key.stableHash)
        let states = worker.expiring
        var one = expected[key, default: StateBackendExpectation()].expiring
        one.expire(now)
        let expiry = now + ExpiringStates<Key>.life
        for (rule, kind) in ["by writing", "by reading"].enumerated() {
            try check(states.lists[rule].elements, one.lists[rule]?.value ?? [], "the list that expires \(kind)", key)
            try check(states.sums[rule].value, one.sums[rule]?.value, "the sum that expires \(kind)", key)
            let average = one.averages[rule].map { Double($0.value.reduce(0, +)) / Double($0.value.count) }
            try check(states.averages[rule].value, average, "the average that expires \(kind)", key)
        }
        try check(states.value.value, one.value?.value, "the value that expires by reading", key)
        var ordered: [Int64: String] = [:]
        // A walk makes nothing live on.
        states.ordered.forEach { ordered[$0] = $1 }
        try check(ordered, one.ordered.mapValues(\.value), "the ordered map that expires by reading", key)
        one.lists[1]?.expiry = expiry
        one.sums[1]?.expiry = expiry
        one.averages[1]?.expiry = expiry
        one.value?.expiry = expiry
        expected[key, default: StateBackendExpectation()].expiring = one
    }
}
