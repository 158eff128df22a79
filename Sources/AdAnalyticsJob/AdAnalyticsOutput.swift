internal import Weir

/// Where the job's results go: to JSON lines in a directory, if there is one, and those for the final tables to memory.
///
/// `Docs/guides/ad-analytics.md` lists the files and their fields.
public struct AdAnalyticsOutput: Sendable {
    let directory: String?
    let isCommitted: Bool
    let campaignTotals = CollectSink<Pane<TenantKey, CampaignTotals>>()
    let sessionTotals = CollectSink<Pane<String, SessionTotals>>()
    let funnel = CollectSink<Pane<String, FunnelTotals>>()
    let conversions = CollectSink<Pane<String, ConversionTotals>>()

    /// Results go to files in `directory`, which must exist, or only to memory.
    ///
    /// - Parameters:
    ///   - directory: the directory; nil for memory.
    ///   - isCommitted: whether results are committed with the job's snapshots, exactly once: each kind then has a
    ///     directory of its own with files to which it adds. By default each kind is one file, which is written anew.
    public init(directory: String?, isCommitted: Bool = false) {
        self.directory = directory
        self.isCommitted = isCommitted
    }

    private func write<Element: Sendable>(
        _ stream: DataStream<Element>, _ name: String, _ write: @escaping @Sendable (Element, inout JSONWriter) -> Void
    ) {
        guard let directory else { return }
        if isCommitted {
            stream.commit(
                "\(name)-file",
                to: RollingFileSink(
                    "\(directory)/\(name)",
                    .jsonLines { element, line in
                        line.beginObject()
                        write(element, &line)
                        line.endObject()
                    }))
            return
        }
        stream.global("\(name)-to-one").write(
            "\(name)-file",
            to: SingleFileSink(
                file: FileSink("\(directory)/\(name).jsonl") { element, bytes in
                    var line = JSONWriter()
                    line.beginObject()
                    write(element, &line)
                    line.endObject()
                    line.newline()
                    bytes += line.bytes
                }))
    }

    func write(deadLetters: DataStream<DeadLetter>) {
        write(deadLetters, "dead-letters") { letter, line in
            line.field("file", letter.source)
            line.field("offset", letter.offset)
            line.field("reason", letter.reason)
            line.field("record", String(decoding: letter.bytes, as: UTF8.self))
        }
    }

    func write(late: DataStream<AdEvent>) {
        write(late, "late") { event, line in
            line.field("time", event.time)
            line.field("type", event.kind.name)
            line.field("tenant", event.tenant)
            line.field("user", event.user)
            line.field("file", event.sequence.file)
            line.field("offset", event.sequence.offset)
            if !event.id.isEmpty { line.field("event_id", event.id) }
        }
    }

    func write(attributions: DataStream<Attribution>) {
        write(attributions, "attributions") { attribution, line in
            line.field("type", attribution.kind.name)
            line.field("tenant", attribution.tenant)
            line.field("user", attribution.user)
            line.field("time", attribution.time)
            line.field("touch_time", attribution.touchTime)
            line.field("campaign", attribution.campaign)
            line.field("revenue_micros", attribution.revenueMicros)
        }
    }

    func write(campaigns: DataStream<Pane<TenantKey, CampaignTotals>>, _ granularity: String) {
        let isTotal = granularity == "total"
        if isTotal { campaigns.write("campaign-totals", to: campaignTotals) }
        write(campaigns, "campaigns-\(granularity)") { pane, line in
            line.field("tenant", pane.key.first)
            line.field("campaign", pane.key.second)
            line.field("start", isTotal ? 0 : pane.window.start)
            line.field("impressions", pane.value.impressions)
            line.field("clicks", pane.value.clicks)
            line.field("unique_users", pane.value.uniqueUsers)
            line.field("baskets", pane.value.baskets)
            line.field("purchases", pane.value.purchases)
            line.field("revenue_micros", pane.value.revenueMicros)
        }
    }

    func write(sessions: DataStream<Pane<TenantKey, SessionSummary>>) {
        write(sessions, "sessions") { pane, line in
            line.field("tenant", pane.key.first)
            line.field("user", pane.key.second)
            line.field("first", pane.value.first)
            line.field("last", pane.value.last)
            line.field("events", pane.value.events)
        }
    }

    func write(sessionTotals totals: DataStream<Pane<String, SessionTotals>>) {
        totals.write("session-totals-table", to: sessionTotals)
    }

    func write(hours: DataStream<Pane<String, FunnelTotals>>) {
        write(hours, "events-by-hour") { pane, line in
            line.field("tenant", pane.key)
            line.field("start", pane.window.start)
            for kind in AdEvent.Kind.allCases { line.field(kind.name, pane.value.events[Int(kind.rawValue)]) }
        }
    }

    func write(funnel totals: DataStream<Pane<String, FunnelTotals>>) {
        totals.write("funnel-table", to: funnel)
        write(totals, "funnel") { pane, line in
            line.field("tenant", pane.key)
            for kind in AdEvent.Kind.allCases where kind != .other {
                line.field("\(kind.name)_users", pane.value.users[Int(kind.rawValue)])
            }
        }
    }

    func write(conversions totals: DataStream<Pane<String, ConversionTotals>>) {
        totals.write("conversion-table", to: conversions)
        write(totals, "conversions") { pane, line in
            line.field("tenant", pane.key)
            line.field("click_to_basket", pane.value.baskets)
            line.field("click_to_basket_users", pane.value.basketUsers)
            line.field("click_to_purchase", pane.value.purchases)
            line.field("click_to_purchase_users", pane.value.purchaseUsers)
        }
    }
}
