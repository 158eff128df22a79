internal import Weir

/// What the ad-analytics job computes, and how.
public struct AdAnalyticsOptions: Sendable {
    /// How far a record may be behind the newest one of its file; one further behind is late.
    public var outOfOrderness = Duration.seconds(10)
    /// A customer's events less than this apart belong to one session.
    public var sessionGap = Duration.seconds(1_800)
    /// How long after a click a basket is attributed to it.
    public var basketWindow = Duration.seconds(1_800)
    /// How long after a click a purchase is attributed to it.
    public var purchaseWindow = Duration.seconds(7 * 86_400)
    /// For how much event time event ids are remembered, to drop duplicates; nil for no deduplication.
    public var deduplicationHorizon: Duration? = .seconds(3_600)

    /// The defaults.
    public init() {}

    /// The defaults for files of `format`.
    public init(for format: AdEventFormat) {
        outOfOrderness = format.defaultOutOfOrderness
        if !format.hasIdentity { deduplicationHorizon = nil }
    }
}
