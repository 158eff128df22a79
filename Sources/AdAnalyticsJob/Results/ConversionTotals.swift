internal import Weir

/// A tenant's attributed baskets and purchases, all together.
public struct ConversionTotals: Sendable, Equatable {
    /// Baskets attributed to a click.
    public var baskets = 0
    /// Purchases attributed to a click.
    public var purchases = 0
    /// Customers with an attributed basket.
    public var basketUsers = 0
    /// Customers with an attributed purchase.
    public var purchaseUsers = 0
}

/// Folds a tenant's attributions.
struct ConversionAggregate: AggregateFunction {
    struct Accumulator: Sendable {
        var totals = ConversionTotals()
        var basketUsers = KeySet<String>()
        var purchaseUsers = KeySet<String>()
    }

    func start(_ attribution: Attribution) -> Accumulator {
        var accumulator = Accumulator()
        add(attribution, to: &accumulator)
        return accumulator
    }

    func add(_ attribution: Attribution, to accumulator: inout Accumulator) {
        if attribution.kind == .basket {
            accumulator.totals.baskets += 1
            accumulator.basketUsers.insert(attribution.user)
        } else {
            accumulator.totals.purchases += 1
            accumulator.purchaseUsers.insert(attribution.user)
        }
    }

    func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        accumulator.totals.baskets += other.totals.baskets
        accumulator.totals.purchases += other.totals.purchases
        accumulator.basketUsers.formUnion(other.basketUsers)
        accumulator.purchaseUsers.formUnion(other.purchaseUsers)
    }

    func result(_ accumulator: Accumulator) -> ConversionTotals {
        var totals = accumulator.totals
        totals.basketUsers = accumulator.basketUsers.count
        totals.purchaseUsers = accumulator.purchaseUsers.count
        return totals
    }
}

/// Folds a tenant's sessions.
struct SessionTotalsAggregate: AggregateFunction {
    func start(_ session: Pane<TenantKey, SessionSummary>) -> SessionTotals {
        var totals = SessionTotals()
        add(session, to: &totals)
        return totals
    }

    func add(_ session: Pane<TenantKey, SessionSummary>, to totals: inout SessionTotals) {
        totals.sessions += 1
        totals.events += session.value.events
        totals.durationMs += session.value.last - session.value.first
    }

    func merge(_ other: SessionTotals, into totals: inout SessionTotals) {
        totals.sessions += other.sessions
        totals.events += other.events
        totals.durationMs += other.durationMs
    }

    func result(_ totals: SessionTotals) -> SessionTotals { totals }
}
