public import Weir

/// An event of an online shop: an ad was shown or clicked, a product viewed, put into the basket or bought.
public struct AdEvent: EventTimed, Equatable {
    /// What happened.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// An ad was shown.
        case impression
        /// An ad was clicked.
        case click
        /// A product was viewed.
        case view
        /// A product was put into the basket.
        case basket
        /// A product was bought.
        case purchase
        /// Anything else; it counts for sessions and unique users.
        case other

        /// The name in files.
        public var name: String {
            switch self {
            case .impression: "impression"
            case .click: "click"
            case .view: "view"
            case .basket: "basket"
            case .purchase: "purchase"
            case .other: "other"
            }
        }
    }

    /// The event's identity within its tenant, by which duplicates are found; may be empty.
    public var id = ""
    /// When it happened, in milliseconds since 1970-01-01 UTC.
    public var time: Timestamp = 0
    /// What happened.
    public var kind = Kind.other
    /// The retailer.
    public var tenant = ""
    /// The customer, within the tenant.
    public var user = ""
    /// The campaign, within the tenant; may be empty.
    public var campaign = ""
    /// The price of one piece in millionths of the currency; not negative.
    public var priceMicros: Int64 = 0
    /// The number of pieces; not negative.
    public var quantity: Int64 = 1
    /// Where the event comes from: unique and totally ordered.
    public var sequence = EventSequence()

    /// An event with empty fields.
    public init() {}

    /// The same as ``time``.
    @inlinable public var eventTime: Timestamp { time }

    /// Price times quantity, saturating.
    public var revenueMicros: Int64 {
        let (product, overflow) = priceMicros.multipliedReportingOverflow(by: quantity)
        return overflow ? .max : product
    }
}

/// A place in the input: the file, the byte offset of the record there, and the number of the event in the record.
public struct EventSequence: StreamKey, Comparable {
    /// The index of the file.
    public var file: Int32 = 0
    /// The number of the event among those of its record.
    public var part: Int32 = 0
    /// The byte offset of the record.
    public var offset: Int64 = 0

    /// The first place of all.
    public init() {}

    /// A place.
    public init(file: Int, offset: Int64, part: Int32 = 0) {
        self.file = Int32(truncatingIfNeeded: file)
        self.offset = offset
        self.part = part
    }

    /// The hash of all three.
    @inlinable
    public var stableHash: UInt64 {
        StableHash.combine(
            UInt64(bitPattern: offset), UInt64(UInt32(bitPattern: file)) &<< 32 | UInt64(UInt32(bitPattern: part)))
    }

    /// By file, offset, part.
    public static func < (a: EventSequence, b: EventSequence) -> Bool {
        (a.file, a.offset, a.part) < (b.file, b.offset, b.part)
    }
}

/// A customer of a tenant, or a campaign of one.
public typealias TenantKey = Pair<String, String>
