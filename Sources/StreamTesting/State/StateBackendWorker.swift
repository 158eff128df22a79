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

    /// Forgets what has expired.
    mutating func expire(_ now: Int64) {
        if let lease, lease.expiry <= now { self.lease = nil }
        visits = visits.filter { $0.value.expiry > now }
        recent = recent.filter { $0.value.expiry > now }
    }
}
