public import Weir

/// The job's results as a whole, with tables for people to read.
public struct AdAnalyticsReport: Sendable {
    /// What became of everything that was read: `read` is the sum of the others.
    public struct Accounting: Sendable, Equatable {
        /// Events and unreadable records.
        public let read: Int
        /// Events in the results.
        public let counted: Int
        /// Events that repeat one before.
        public let duplicates: Int
        /// Events too far behind the newest one of their file.
        public let late: Int
        /// Records that are no events.
        public let deadLetters: Int

        /// The figures of a job so far; exact when it has ended.
        public init(_ status: JobStatus) {
            let source = status[AdAnalyticsPipeline.Step.source]
            let deduplication = status[AdAnalyticsPipeline.Step.deduplication]
            read = source?.recordsIn ?? 0
            late = source?.late ?? 0
            deadLetters = source?.rejected ?? 0
            counted = deduplication?.recordsOut ?? source?.recordsOut ?? 0
            duplicates = (deduplication?.recordsIn ?? 0) - (deduplication?.recordsOut ?? 0)
        }

        /// Whether nothing was lost.
        public var isBalanced: Bool { read == counted + duplicates + late + deadLetters }
    }

    /// A campaign with its figures.
    public struct Campaign: Sendable, Equatable {
        /// The retailer.
        public let tenant: String
        /// The campaign.
        public let name: String
        /// Its figures over the whole input.
        public let totals: CampaignTotals
    }

    /// What became of everything that was read.
    public let accounting: Accounting
    /// The campaigns, those with the most impressions first.
    public let campaigns: [Campaign]
    /// Sessions by tenant, ascending.
    public let sessions: [(tenant: String, totals: SessionTotals)]
    /// Events and customers by kind, by tenant, ascending.
    public let funnel: [(tenant: String, totals: FunnelTotals)]
    /// Attributed baskets and purchases, by tenant.
    public let conversions: [String: ConversionTotals]

    /// The report of a job that has ended.
    public init(_ status: JobStatus, _ output: AdAnalyticsOutput) {
        accounting = Accounting(status)
        campaigns = output.campaignTotals.elements
            .map { Campaign(tenant: $0.key.first, name: $0.key.second, totals: $0.value) }
            .sorted {
                ($1.totals.impressions, $1.totals.clicks, $0.tenant, $0.name)
                    < ($0.totals.impressions, $0.totals.clicks, $1.tenant, $1.name)
            }
        sessions = output.sessionTotals.elements.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        funnel = output.funnel.elements.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        conversions = Dictionary(output.conversions.elements.map { ($0.key, $0.value) }) { first, _ in first }
    }

    /// The tables, with at most `campaignLimit` campaigns.
    public func text(campaignLimit: Int = 20) -> String {
        [campaignTable(campaignLimit), sessionTable, funnelTable, accountingText].joined(separator: "\n\n") + "\n"
    }

    private func campaignTable(_ limit: Int) -> String {
        var table = TextTable(
            title: campaigns.count > limit ? "Campaigns (the first \(limit) of \(campaigns.count))" : "Campaigns",
            columns: [
                "retailer", "campaign", "impressions", "clicks", "CTR", "customers", "baskets", "purchases", "revenue",
            ], leftAligned: 2)
        for campaign in campaigns.prefix(limit) {
            let totals = campaign.totals
            table.add([
                campaign.tenant, campaign.name, TextTable.number(totals.impressions), TextTable.number(totals.clicks),
                totals.clickThroughRate.map { TextTable.percent($0) } ?? "-", TextTable.number(totals.uniqueUsers),
                TextTable.number(totals.baskets), TextTable.number(totals.purchases),
                TextTable.money(totals.revenueMicros),
            ])
        }
        return table.text
    }

    private var sessionTable: String {
        var table = TextTable(
            title: "Sessions", columns: ["retailer", "sessions", "mean length", "events per session"], leftAligned: 1)
        for (tenant, totals) in sessions {
            let count = Double(max(totals.sessions, 1))
            table.add([
                tenant, TextTable.number(totals.sessions), TextTable.duration(Double(totals.durationMs) / count),
                TextTable.decimal(Double(totals.events) / count),
            ])
        }
        return table.text
    }

    private var funnelTable: String {
        let kinds: [AdEvent.Kind] = [.impression, .click, .view, .basket, .purchase]
        var table = TextTable(
            title: "Funnel: customers with at least one, and conversions of clicks",
            columns: ["retailer"] + kinds.map { "\($0.name)s" } + ["click→basket", "click→purchase"], leftAligned: 1)
        for (tenant, totals) in funnel {
            let attributed = conversions[tenant] ?? ConversionTotals()
            table.add(
                [tenant] + kinds.map { TextTable.number(totals.users[Int($0.rawValue)]) } + [
                    TextTable.number(attributed.baskets), TextTable.number(attributed.purchases),
                ])
        }
        return table.text
    }

    private var accountingText: String {
        let a = accounting
        return "\(TextTable.number(a.read)) read = \(TextTable.number(a.counted)) counted + "
            + "\(TextTable.number(a.duplicates)) duplicates + \(TextTable.number(a.late)) late + "
            + "\(TextTable.number(a.deadLetters)) dead letters"
    }
}
