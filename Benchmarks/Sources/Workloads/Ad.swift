/// One event of the advertising workloads.
@frozen
public struct Ad: Equatable, Sendable, BitwiseCopyable {
    /// Who saw or did it.
    public var user: Int64
    /// The ad, 0 ..< 1000.
    public var ad: Int32
    /// 0 view, 1 click, 2 purchase.
    public var type: Int32
    /// Some amount, 0 ..< 4096.
    public var value: Int32
    /// Event time in ms since 1970.
    public var ts: Int64

    /// Creates an event.
    @inlinable
    public init(user: Int64, ad: Int32, type: Int32, value: Int32, ts: Int64) {
        self.user = user
        self.ad = ad
        self.type = type
        self.value = value
        self.ts = ts
    }

    /// The type of a view.
    public static let view: Int32 = 0
    /// The type of a click.
    public static let click: Int32 = 1
    /// The type of a purchase.
    public static let purchase: Int32 = 2

    /// Number of ads.
    public static let adCount = 1000
    /// Number of campaigns that the ads belong to.
    public static let campaignCount = 100

    /// The table that the queries hold: the campaign of each ad.
    public static var campaigns: [Int32] { (0..<Int32(adCount)).map { ($0 * 7 + 3) % Int32(campaignCount) } }

    /// The fields that both generators derive from the event's own hash.
    @inlinable
    @inline(__always)
    static func event(user: UInt64, ad: UInt64, hash: UInt64, base: Int64) -> Ad {
        let jitter = (((hash &>> 48) & 0xFF) &* UInt64(EventClock.jitter)) &>> 8
        return Ad(
            user: Int64(truncatingIfNeeded: user), ad: Int32(truncatingIfNeeded: ad),
            type: Int32(truncatingIfNeeded: ((hash &>> 56) &* 3) &>> 8),
            value: Int32(truncatingIfNeeded: (hash &>> 20) & 0xFFF),
            ts: EventClock.origin &+ base &+ Int64(truncatingIfNeeded: jitter))
    }
}
