/// Someone who joins the auction site.
@frozen
public struct Person: Equatable, Sendable, BitwiseCopyable {
    /// Who.
    public var id: Int64
    /// The name, as a number.
    public var name: Int64
    /// The city, 0 ..< 10.
    public var city: Int32
    /// 0 AZ, 1 CA, 2 ID, 3 OR, 4 WA, 5 WY.
    public var state: Int32
    /// When, in ms since 1970.
    public var ts: Int64

    /// Creates a person.
    @inlinable
    public init(id: Int64, name: Int64, city: Int32, state: Int32, ts: Int64) {
        self.id = id
        self.name = name
        self.city = city
        self.state = state
        self.ts = ts
    }
}

/// Something that is offered.
@frozen
public struct Auction: Equatable, Sendable, BitwiseCopyable {
    /// Which auction.
    public var id: Int64
    /// The id of the person who sells; may be still to come.
    public var seller: Int64
    /// When it ends, in ms since 1970.
    public var expires: Int64
    /// When it was opened, in ms since 1970.
    public var ts: Int64
    /// The category, 10 ..< 15.
    public var category: Int32

    /// Creates an auction.
    @inlinable
    public init(id: Int64, seller: Int64, category: Int32, expires: Int64, ts: Int64) {
        self.id = id
        self.seller = seller
        self.expires = expires
        self.ts = ts
        self.category = category
    }
}

/// An offer in an auction.
@frozen
public struct Bid: Equatable, Sendable, BitwiseCopyable {
    /// The auction's id; may be still to come.
    public var auction: Int64
    /// The id of the person who bids; may be still to come.
    public var bidder: Int64
    /// The price, at least 100.
    public var price: Int64
    /// When, in ms since 1970.
    public var ts: Int64

    /// Creates a bid.
    @inlinable
    public init(auction: Int64, bidder: Int64, price: Int64, ts: Int64) {
        self.auction = auction
        self.bidder = bidder
        self.price = price
        self.ts = ts
    }

    /// The class of the price: 0 below 10,000, 1 below 1,000,000, 2 otherwise.
    @inlinable public var rank: Int { (price >= 10_000 ? 1 : 0) &+ (price >= 1_000_000 ? 1 : 0) }
}

/// One event of the auction site.
///
/// The parts have their time at the same place, so that to read it takes no look at the case.
@frozen
public enum NexmarkEvent: Equatable, Sendable, BitwiseCopyable {
    /// Someone joins.
    case person(Person)
    /// An auction is opened.
    case auction(Auction)
    /// Someone bids.
    case bid(Bid)

    /// When it happened, in ms since 1970.
    @inlinable public var ts: Int64 {
        switch self {
        case .person(let person): person.ts
        case .auction(let auction): auction.ts
        case .bid(let bid): bid.ts
        }
    }
}
