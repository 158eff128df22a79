public import Weir

/// The ad-campaign analytics job: campaigns' figures per minute, hour, day and in total; sessions; attribution of baskets
/// and purchases to clicks; the funnel.
///
/// Every event that is read is counted in the results, or is a duplicate, late, or a dead letter.
public struct AdAnalyticsPipeline: Sendable {
    /// The names of the steps whose counters make up the accounting.
    public enum Step {
        /// The source: records in, dead letters, late.
        public static let source = "events"
        /// The deduplication: records in and out.
        public static let deduplication = "deduplicate"
    }

    /// The input files.
    public let paths: [String]
    /// How they are read.
    public let format: AdRecordFormat
    /// What is computed, and how.
    public let options: AdAnalyticsOptions

    /// The job over the files at `paths`.
    public init(paths: [String], format: AdRecordFormat, options: AdAnalyticsOptions) {
        self.paths = paths
        self.format = format
        self.options = options
    }

    /// The dataflow, with its results going to `output`.
    ///
    /// - Throws: `PipelineError` when the options make no sense.
    public func pipeline(to output: AdAnalyticsOutput) throws -> Pipeline {
        try Pipeline("ad-analytics") { p in
            let read = p.source(
                Step.source, FileSource(paths, format: format),
                watermarks: .boundedOutOfOrderness(options.outOfOrderness, lateness: .atSource))
            output.write(deadLetters: read.deadLetters)
            output.write(late: read.lateRecords)
            writeResults(of: read, to: output)
        }
    }

    /// All that is computed of the events that were read.
    func writeResults(of read: DataStream<AdEvent>, to output: AdAnalyticsOutput) {
        let events = deduplicated(read)
        let attributions = attributed(events)
        output.write(attributions: attributions)
        writeCampaigns(events, attributions, to: output)
        writeSessions(events, to: output)
        writeFunnel(events, attributions, to: output)
    }

    /// Each event once.
    ///
    /// Events without an id are told apart by their place in the input.
    private func deduplicated(_ events: DataStream<AdEvent>) -> DataStream<AdEvent> {
        guard let horizon = options.deduplicationHorizon else { return events }
        return
            events
            .keyBy("by-id") { event in
                TenantKey(event.tenant, event.id.isEmpty ? "\u{0}\(event.sequence)" : event.id)
            }
            .deduplicate(Step.deduplication, within: horizon)
    }

    /// Baskets and purchases, each with the last click of the same customer before it.
    private func attributed(_ events: DataStream<AdEvent>) -> DataStream<Attribution> {
        let touches =
            events
            .filter("touches") { $0.kind == .click && !$0.campaign.isEmpty }
            .keyBy("touches-by-user") { TenantKey($0.tenant, $0.user) }
        let pairs = [(AdEvent.Kind.basket, options.basketWindow), (.purchase, options.purchaseWindow)].map {
            kind, window in
            let conversions =
                events
                .filter("\(kind)s") { $0.kind == kind }
                .keyBy("\(kind)s-by-user") { TenantKey($0.tenant, $0.user) }
            return touches.join("click-to-\(kind)", conversions, within: .after(upTo: window)) { click, event in
                Attribution(Touch(time: click.time, sequence: click.sequence, campaign: click.campaign), event)
            }
        }
        // All pairs of an event have its time, so one minute's window sees them all before the last is chosen.
        return pairs[0]
            .union("click-pairs", pairs[1])
            .keyBy("by-conversion") { $0.sequence }
            .window(.tumbling(.seconds(60)))
            .reduce("last-touch", Attribution.last)
            .map("attributions") { $0.value }
    }

    private func writeCampaigns(
        _ events: DataStream<AdEvent>, _ attributions: DataStream<Attribution>, to output: AdAnalyticsOutput
    ) {
        let engagements =
            events
            .filter("with-campaign") { !$0.campaign.isEmpty }
            .map("engagements") { event in
                let kind: CampaignFact.Kind =
                    switch event.kind {
                    case .impression: .impression
                    case .click: .click
                    default: .other
                    }
                return CampaignFact(
                    kind: kind, tenant: event.tenant, campaign: event.campaign, user: event.user, revenueMicros: 0)
            }
        let conversions = attributions.map("conversions") { attribution in
            CampaignFact(
                kind: attribution.kind == .basket ? .basket : .purchase, tenant: attribution.tenant,
                campaign: attribution.campaign, user: "", revenueMicros: attribution.revenueMicros)
        }
        let facts = engagements.union("campaign-facts", conversions).keyBy("by-campaign") {
            TenantKey($0.tenant, $0.campaign)
        }
        func write<Windows: Windowing>(_ name: String, _ windowing: Windows) where Windows.Element == CampaignFact {
            let totals = facts.window(windowing).aggregate("campaigns-\(name)", CampaignAggregate())
            output.write(campaigns: totals, name)
        }
        write("minute", .tumbling(.seconds(60)))
        write("hour", .tumbling(.seconds(3_600)))
        write("day", .tumbling(.seconds(86_400)))
        write("total", .global())
    }

    private func writeSessions(_ events: DataStream<AdEvent>, to output: AdAnalyticsOutput) {
        let sessions =
            events
            .map("session-events") { SessionEvent(time: $0.time, tenant: $0.tenant, user: $0.user) }
            .keyBy("by-user") { TenantKey($0.tenant, $0.user) }
            .window(.session(gap: options.sessionGap))
            .aggregate("sessions", SessionAggregate())
        output.write(sessions: sessions)
        let totals =
            sessions
            .keyBy("sessions-by-tenant") { $0.key.first }
            .window(.global())
            .aggregate("session-totals", SessionTotalsAggregate())
        output.write(sessionTotals: totals)
    }

    private func writeFunnel(
        _ events: DataStream<AdEvent>, _ attributions: DataStream<Attribution>, to output: AdAnalyticsOutput
    ) {
        let byTenant =
            events
            .map("funnel-events") { FunnelEvent(kind: $0.kind, tenant: $0.tenant, user: $0.user) }
            .keyBy("by-tenant") { $0.tenant }
        output.write(
            hours: byTenant.window(.tumbling(.seconds(3_600)))
                .aggregate("events-by-hour", FunnelAggregate(countsUsers: false)))
        output.write(
            funnel: byTenant.window(.global()).aggregate("funnel", FunnelAggregate(countsUsers: true)))
        output.write(
            conversions: attributions.keyBy("conversions-by-tenant") { $0.tenant }
                .window(.global())
                .aggregate("conversion-totals", ConversionAggregate()))
    }
}
