public import Weir

/// A click that names a campaign, as attribution sees it.
struct Touch: Sendable {
    var time: Timestamp
    var sequence: EventSequence
    var campaign: String
}

/// A basket or purchase with the last click before it that it is attributed to.
public struct Attribution: Sendable, Equatable {
    /// A basket or a purchase.
    public var kind: AdEvent.Kind
    /// The retailer.
    public var tenant: String
    /// The customer.
    public var user: String
    /// When the basket or purchase was.
    public var time: Timestamp
    /// Where it comes from.
    public var sequence: EventSequence
    /// Price times quantity in millionths of the currency.
    public var revenueMicros: Int64
    /// The campaign of the click.
    public var campaign: String
    /// When the click was.
    public var touchTime: Timestamp
    /// Where the click comes from.
    public var touchSequence: EventSequence

    init(_ touch: Touch, _ event: AdEvent) {
        kind = event.kind
        tenant = event.tenant
        user = event.user
        time = event.time
        sequence = event.sequence
        revenueMicros = event.kind == .purchase ? event.revenueMicros : 0
        campaign = touch.campaign
        touchTime = touch.time
        touchSequence = touch.sequence
    }

    /// The one with the later touch; among touches of the same time, that of the later record.
    static func last(_ a: Attribution, _ b: Attribution) -> Attribution {
        (a.touchTime, a.touchSequence) < (b.touchTime, b.touchSequence) ? b : a
    }
}
