internal import Weir

/// The comma-separated formats: the job's own schema and two public data sets.
enum CSVEventFormats {
    static func own(_ fields: AdEventFields) -> CSVRecords<AdEvent> {
        let tenant = fields.tenant
        // Without a tenant column, that of all events stands in for it.
        // Not used by the results so far, so a file may lack them.
        let unused = ["ad", "product"]
        let names = AdEventFields.names.filter { (tenant == nil || $0 != "tenant") && !unused.contains($0) }
        let tenantColumn = tenant == nil ? names.firstIndex(of: "tenant") : nil
        let at = { (name: String) in names.firstIndex(of: name) ?? 0 }
        let (id, time, kind, user, campaign) = (
            at("event_id"), at("event_time"), at("type"), at("user"), at("campaign")
        )
        let (price, quantity) = (at("price_micros"), at("quantity"))
        return CSVRecords(columns: names.map { fields.column($0) }) { row, column, position, emit throws(DecodeError) in
            var event = AdEvent()
            event.id = try row.string(column[id])
            let hasTime = !row.isEmpty(column[time])
            if hasTime { event.time = try Self.time(row, column[time]) }
            event.kind = try EventChecks.kind(row.bytes(column[kind]))
            if let tenantColumn {
                event.tenant = try row.string(column[tenantColumn])
            } else {
                event.tenant = tenant ?? ""
            }
            event.user = try row.string(column[user])
            event.campaign = try row.string(column[campaign])
            if !row.isEmpty(column[price]) { event.priceMicros = try row.int64(column[price]) }
            if !row.isEmpty(column[quantity]) { event.quantity = try row.int64(column[quantity]) }
            try EventChecks.finish(&event, hasTime: hasTime, position)
            emit(event)
        }
    }

    /// Milliseconds since 1970, or an ISO 8601 time: only that has a hyphen after the year.
    private static func time(_ row: CSVRow, _ column: Int) throws(DecodeError) -> Timestamp {
        let bytes = row.bytes(column)
        return bytes.count > 4 && bytes[4] == UInt8(ascii: "-") ? try row.timestamp(column) : try row.int64(column)
    }

    /// On-site promotions are the ads; a row is a promotion or product of a hit.
    static let ga360 = CSVRecords<AdEvent>(
        columns: ["ts_ms", "type", "user", "promo", "price_micros", "qty"]
    ) { row, column, position, emit throws(DecodeError) in
        var event = AdEvent()
        event.tenant = "google-merchandise-store"
        let hasTime = !row.isEmpty(column[0])
        if hasTime { event.time = try row.int64(column[0]) }
        let type = try row.string(column[1])
        if type.isEmpty { throw DecodeError.missingField("type") }
        event.kind =
            switch type {
            case "promo_view": .impression
            case "promo_click": .click
            case "view": .view
            case "cart": .basket
            case "purchase": .purchase
            default: .other
            }
        event.user = try row.string(column[2])
        if type.hasPrefix("promo_") { event.campaign = try row.string(column[3]) }
        if !row.isEmpty(column[4]) { event.priceMicros = try row.int64(column[4]) }
        // Every purchased item is logged twice, once without a quantity: that row brings no revenue.
        event.quantity = row.isEmpty(column[5]) ? 0 : try row.int64(column[5])
        try EventChecks.finish(&event, hasTime: hasTime, position)
        emit(event)
    }

    /// A click per row, and an install, as a purchase, for those that led to one.
    static let talkingdata = CSVRecords<AdEvent>(
        columns: ["ip", "device", "os", "channel", "click_time", "attributed_time", "is_attributed"], leadingJunk: ".."
    ) { row, column, position, emit throws(DecodeError) in
        var click = AdEvent()
        click.tenant = "talkingdata"
        click.kind = .click
        for part in 0..<3 where row.isEmpty(column[part]) {
            throw DecodeError.missingField(["ip", "device", "os"][part])
        }
        click.user = try "\(row.string(column[0]))|\(row.string(column[1]))|\(row.string(column[2]))"
        click.campaign = try row.string(column[3])
        let hasTime = !row.isEmpty(column[4])
        if hasTime { click.time = try row.timestamp(column[4]) }
        try EventChecks.finish(&click, hasTime: hasTime, position)
        let isInstalled: Bool
        switch try row.string(column[6]) {
        case "0": isInstalled = false
        case "1": isInstalled = true
        case let other: throw DecodeError.unknownValue(other, field: "is_attributed")
        }
        var install = click
        if isInstalled {
            install.kind = .purchase
            install.campaign = ""
            install.time = try row.timestamp(column[5])
            try EventChecks.check(time: install.time)
            install.sequence.part = 1
        }
        emit(click)
        if isInstalled { emit(install) }
    }
}
