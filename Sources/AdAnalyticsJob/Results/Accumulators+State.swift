public import Weir

// How partial results are saved. What is filled in only for the result isn't.

extension CampaignAggregate.Accumulator: StateCodable {
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(totals.impressions)
        try encoder.encode(totals.clicks)
        try encoder.encode(totals.baskets)
        try encoder.encode(totals.purchases)
        try encoder.encode(totals.revenueMicros)
        try encoder.encode(users)
    }

    init(decoding decoder: inout StateDecoder) throws {
        totals.impressions = try decoder.decode()
        totals.clicks = try decoder.decode()
        totals.baskets = try decoder.decode()
        totals.purchases = try decoder.decode()
        totals.revenueMicros = try decoder.decode()
        users = try decoder.decode()
    }
}

extension ConversionAggregate.Accumulator: StateCodable {
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(totals.baskets)
        try encoder.encode(totals.purchases)
        try encoder.encode(basketUsers)
        try encoder.encode(purchaseUsers)
    }

    init(decoding decoder: inout StateDecoder) throws {
        totals.baskets = try decoder.decode()
        totals.purchases = try decoder.decode()
        basketUsers = try decoder.decode()
        purchaseUsers = try decoder.decode()
    }
}

extension FunnelAggregate.Accumulator: StateCodable {
    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(events)
        try encoder.encode(users)
    }

    init(decoding decoder: inout StateDecoder) throws {
        events = try decoder.decode()
        users = try decoder.decode()
        let kinds = AdEvent.Kind.allCases.count
        guard events.count == kinds, users.isEmpty || users.count == kinds else {
            throw decoder.malformed("there are \(events.count) and \(users.count) kinds of events, not \(kinds)")
        }
    }
}

/// How sessions are saved: field by field, in the order of their declaration.
extension SessionSummary: StateCodable {
    /// Writes the session.
    public func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(first)
        try encoder.encode(last)
        try encoder.encode(events)
    }

    /// Reads a session.
    public init(decoding decoder: inout StateDecoder) throws {
        first = try decoder.decode()
        last = try decoder.decode()
        events = try decoder.decode()
    }
}

/// How totals are saved: field by field, in the order of their declaration.
extension SessionTotals: StateCodable {
    /// Writes the totals.
    public func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(sessions)
        try encoder.encode(events)
        try encoder.encode(durationMs)
    }

    /// Reads totals.
    public init(decoding decoder: inout StateDecoder) throws {
        sessions = try decoder.decode()
        events = try decoder.decode()
        durationMs = try decoder.decode()
    }
}
