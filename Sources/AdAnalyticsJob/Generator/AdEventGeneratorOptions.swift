/// What `AdEventFileGenerator` writes: how much, over which time, and with how many flaws.
///
/// The same options give the same bytes.
public struct AdEventGeneratorOptions: Sendable, Equatable {
    /// How a line is written.
    public enum Format: Sendable, Equatable, CaseIterable {
        /// A JSON object a line; `campaign`, `ad`, `product`, `price_micros` and `quantity` are absent where they are empty.
        case jsonLines
        /// Comma-separated, with a header line; nothing is quoted.
        case csv
    }

    /// Seed of every random choice.
    public var seed: UInt64 = 7
    /// Exact number of distinct valid events; duplicates and malformed lines come on top.
    public var events = 2_000_000
    /// Number of retailers, 1…999: `shop-1` and so on, later ones with less traffic.
    public var tenants = 4
    /// Number of campaigns of each tenant, 1…999; a few have most of the impressions.
    public var campaignsPerTenant = 12
    /// Number of ads of each campaign, 1…999.
    public var adsPerCampaign = 5
    /// Number of products of each tenant, 1…1,000,000.
    public var productsPerTenant = 500
    /// Number of users, all tenants together, 1…10,000,000; some come much more often than others.
    public var users = 60_000
    /// Event time of the beginning, milliseconds since 1970-01-01 UTC (2026-03-01T00:00:00Z).
    public var start: Int64 = 1_772_323_200_000
    /// Event time covered, milliseconds.
    ///
    /// The traffic is steered to end there; the last event is within a few percent.
    public var span: Int64 = 36 * 3_600_000
    /// Bound of the disorder, milliseconds: a line's time is at least the greatest time before it minus this, unless the
    /// line is late.
    public var outOfOrderMs: Int64 = 5_000
    /// Share of the events that come late, 0…0.5: in the file one to six hours behind their time (1/36 to 1/6 of the span
    /// if that is shorter).
    public var lateShare = 0.0005
    /// Share of the events whose line comes a second time, 0…0.5, within the disorder bound and so soon after the first.
    public var duplicateShare = 0.002
    /// Share of malformed lines, 0…0.5.
    public var malformedShare = 0.0005
    /// How a line is written.
    public var format = Format.jsonLines

    /// The default options: 2,000,000 events of a day and a half, as JSON lines.
    public init() {}

    /// What is wrong with the options, or nil.
    var flaw: String? {
        if events < 0 { return "events is \(events); give 0 or more" }
        for (name, count, limit) in [
            ("tenants", tenants, 999), ("campaignsPerTenant", campaignsPerTenant, 999),
            ("adsPerCampaign", adsPerCampaign, 999), ("productsPerTenant", productsPerTenant, 1_000_000),
            ("users", users, 10_000_000),
        ] where !(1...limit).contains(count) {
            return "\(name) is \(count); give 1…\(limit)"
        }
        // Times stay far from the ends of Int64, so that no sum of them can overflow.
        let timeLimit: Int64 = 1 << 53
        if !(-timeLimit...timeLimit).contains(start) { return "start is \(start); give ±2^53 ms" }
        if !(1_000...timeLimit).contains(span) { return "span is \(span); give 1000…2^53 ms" }
        if !(0...3_600_000).contains(outOfOrderMs) { return "outOfOrderMs is \(outOfOrderMs); give 0…3600000" }
        for (name, share) in [
            ("lateShare", lateShare), ("duplicateShare", duplicateShare), ("malformedShare", malformedShare),
        ] where !(0...0.5).contains(share) {
            return "\(name) is \(share); give 0…0.5"
        }
        return nil
    }
}
