internal import Weir

/// How many events of each kind, and how many customers with at least one, a tenant has.
public struct FunnelTotals: Sendable, Equatable {
    /// Events by kind, in the order of ``AdEvent/Kind``.
    public var events = [Int](repeating: 0, count: AdEvent.Kind.allCases.count)
    /// Customers by kind; only counted where asked for.
    public var users = [Int](repeating: 0, count: AdEvent.Kind.allCases.count)
}

/// What the funnel needs of an event.
struct FunnelEvent: Sendable {
    var kind: AdEvent.Kind
    var tenant: String
    var user: String
}

/// Counts events by kind, and their customers where `countsUsers`.
struct FunnelAggregate: AggregateFunction {
    struct Accumulator: Sendable {
        var events = [Int](repeating: 0, count: AdEvent.Kind.allCases.count)
        var users: [KeySet<String>]
    }

    let countsUsers: Bool

    func start(_ event: FunnelEvent) -> Accumulator {
        var accumulator = Accumulator(
            users: countsUsers ? AdEvent.Kind.allCases.map { _ in KeySet<String>() } : [])
        add(event, to: &accumulator)
        return accumulator
    }

    func add(_ event: FunnelEvent, to accumulator: inout Accumulator) {
        let kind = Int(event.kind.rawValue)
        accumulator.events[kind] += 1
        if countsUsers && event.kind != .other { accumulator.users[kind].insert(event.user) }
    }

    func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        for kind in accumulator.events.indices { accumulator.events[kind] += other.events[kind] }
        for kind in accumulator.users.indices { accumulator.users[kind].formUnion(other.users[kind]) }
    }

    func result(_ accumulator: Accumulator) -> FunnelTotals {
        var totals = FunnelTotals()
        totals.events = accumulator.events
        for kind in accumulator.users.indices { totals.users[kind] = accumulator.users[kind].count }
        return totals
    }
}
