internal import Weir

/// One worker of a job under a ``StateBackendSuite``: its states of every kind.
final class StateBackendWorker<Key: StreamKey> {
    let environment: StateEnvironment
    let state: StepState
    let store: KeyedStateStore<Key>
    let number: ValueState<Key, Int64>
    let list: ListState<Key, String>
    let map: MapState<Key, Int32, String>
    let ordered: OrderedMapState<Key, Int64, Int64>
    let sum: ReducingState<Key, Int64>
    let lease: ValueState<Key, Int64>
    let visits: MapState<Key, String, Int64>
    let recent: OrderedMapState<Key, Int64, String>
    /// Many entries of few keys.
    let large: MapState<Key, Int64, String>
    let timeline: OrderedMapState<Key, Int64, Int32>
    /// Keys that a store doesn't have in their order.
    let names: OrderedMapState<Key, String, Int64>
    let average: AggregatingState<Key, Average<Int64>>
    let expiring: ExpiringStates<Key>
    let rules: BroadcastState<String, Int64>
    /// Timers as a step has them: the state says which are set, the queue when to look.
    let timers: StateTable<Key, [Int64]>
    private var queue = TimerQueue<Key>(bucketWidth: 8)

    static var leaseTime: Int64 { 50 }
    static var visitTime: Int64 { 80 }
    static var recentTime: Int64 { 60 }

    init(_ environment: StateEnvironment, clock: @escaping () -> Int64) throws {
        self.environment = environment
        state = StepState(step: "step", in: environment)
        store = KeyedStateStore(state, clock: clock)
        number = try store.value("number")
        list = try store.list("list")
        map = try store.map("map")
        ordered = try store.orderedMap("ordered")
        sum = try store.reducing("sum") { $0 &+ $1 }
        lease = try store.value("lease", timeToLive: TimeToLive(.milliseconds(Self.leaseTime)))
        visits = try store.map(
            "visits", timeToLive: TimeToLive(.milliseconds(Self.visitTime), refresh: .onReadAndWrite))
        recent = try store.orderedMap("recent", timeToLive: TimeToLive(.milliseconds(Self.recentTime)))
        large = try store.map("large")
        timeline = try store.orderedMap("timeline")
        names = try store.orderedMap("names")
        average = try store.aggregating("average", Average { Double($0) })
        expiring = try ExpiringStates(store)
        rules = try state.broadcast("rules")
        timers = try state.table("timers", kind: StateSchema.timers)
    }

    func setTimer(_ key: Key, at time: Int64) {
        let set = timers.upsert(key, hash: key.stableHash, [])
        guard !set.pointee.contains(time) else { return }
        set.pointee.append(time)
        queue.add(key, at: time)
    }

    func cancelTimers(_ key: Key) { timers.remove(key, hash: key.stableHash) }

    /// The timers that go off.
    func fire(through now: Int64) -> [(key: Key, time: Int64)] {
        var fired: [(key: Key, time: Int64)] = []
        while let due = queue.popFirst(through: now) {
            let hash = due.payload.stableHash
            guard let set = timers.find(due.payload, hash: hash),
                let index = set.pointee.firstIndex(of: due.time)
            else { continue }
            set.pointee.remove(at: index)
            if set.pointee.isEmpty { timers.remove(due.payload, hash: hash) }
            fired.append((due.payload, due.time))
        }
        return fired
    }

    /// Builds the queue of what was restored.
    func restoreTimers() {
        var set: [(Key, Int64)] = []
        timers.forEach { key, times in for time in times { set.append((key, time)) } }
        for (key, time) in set { queue.add(key, at: time) }
    }
}

/// What the states of one key should be.
struct StateBackendExpectation: Equatable {
    struct Lease<Value: Equatable>: Equatable {
        var value: Value
        var expiry: Int64
    }

    var number: Int64?
    var list: [String] = []
    var map: [Int32: String] = [:]
    var ordered: [Int64: Int64] = [:]
    var sum: Int64?
    var lease: Lease<Int64>?
    var visits: [String: Lease<Int64>] = [:]
    var recent: [Int64: Lease<String>] = [:]
    var large: [Int64: String] = [:]
    var timeline: [Int64: Int32] = [:]
    var names: [String: Int64] = [:]
    var added: [Int64] = []
    var timers: Set<Int64> = []
    var expiring = ExpiringExpectation()

    /// Forgets what has expired.
    mutating func expire(_ now: Int64) {
        if let lease, lease.expiry <= now { self.lease = nil }
        visits = visits.filter { $0.value.expiry > now }
        recent = recent.filter { $0.value.expiry > now }
    }
}
