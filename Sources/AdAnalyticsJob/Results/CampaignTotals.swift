internal import Weir

/// What counts for a campaign: an event that names it, or a conversion that is attributed to it.
struct CampaignFact: Sendable {
    enum Kind: Sendable {
        case impression
        case click
        case other
        case basket
        case purchase
    }

    var kind: Kind
    var tenant: String
    var campaign: String
    /// Empty for conversions, which don't count as customers of their own.
    var user: String
    var revenueMicros: Int64
}

/// The figures of a campaign in a stretch of time.
public struct CampaignTotals: Sendable, Equatable {
    /// Ads shown.
    public var impressions = 0
    /// Ads clicked.
    public var clicks = 0
    /// Customers with an event that names the campaign.
    public var uniqueUsers = 0
    /// Baskets attributed to a click.
    public var baskets = 0
    /// Purchases attributed to a click.
    public var purchases = 0
    /// The value of those purchases in millionths of the currency, saturating.
    public var revenueMicros: Int64 = 0

    /// No figures.
    public init() {}

    /// Clicks per impression, or nil without impressions.
    public var clickThroughRate: Double? { impressions > 0 ? Double(clicks) / Double(impressions) : nil }
}

/// Folds a campaign's facts into its figures.
struct CampaignAggregate: AggregateFunction {
    struct Accumulator: Sendable {
        var totals = CampaignTotals()
        var users = KeySet<String>()
    }

    func start(_ fact: CampaignFact) -> Accumulator {
        var accumulator = Accumulator()
        add(fact, to: &accumulator)
        return accumulator
    }

    func add(_ fact: CampaignFact, to accumulator: inout Accumulator) {
        switch fact.kind {
        case .impression: accumulator.totals.impressions += 1
        case .click: accumulator.totals.clicks += 1
        case .other: break
        case .basket: accumulator.totals.baskets += 1
        case .purchase:
            accumulator.totals.purchases += 1
            Self.addSaturating(fact.revenueMicros, to: &accumulator.totals.revenueMicros)
        }
        if !fact.user.isEmpty { accumulator.users.insert(fact.user) }
    }

    func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        accumulator.totals.impressions += other.totals.impressions
        accumulator.totals.clicks += other.totals.clicks
        accumulator.totals.baskets += other.totals.baskets
        accumulator.totals.purchases += other.totals.purchases
        Self.addSaturating(other.totals.revenueMicros, to: &accumulator.totals.revenueMicros)
        accumulator.users.formUnion(other.users)
    }

    func result(_ accumulator: Accumulator) -> CampaignTotals {
        var totals = accumulator.totals
        totals.uniqueUsers = accumulator.users.count
        return totals
    }

    /// Nothing here is negative, so saturating doesn't depend on the order.
    private static func addSaturating(_ value: Int64, to sum: inout Int64) {
        let (result, overflow) = sum.addingReportingOverflow(value)
        sum = overflow ? .max : result
    }
}
