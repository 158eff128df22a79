internal import Weir
internal import Workloads

/// A bid that becomes, or stops being, one of its auction's best.
struct BidChange: Sendable {
    var auction: Int64
    var offer: Offer
    /// 1 or -1.
    var sign: Int64
}

/// A bid without its auction.
struct Offer: Sendable {
    var bidder: Int64
    var price: Int64
    var ts: Int64

    /// Whether the price is higher, or it came first, or, at the same time, its bidder has the lower number.
    func isBetter(than other: Offer) -> Bool {
        if price != other.price { return price > other.price }
        if ts != other.ts { return ts < other.ts }
        return bidder < other.bidder
    }
}

/// The best bids of each auction, by price, time and bidder, as changes.
struct TopBids: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Bid
    typealias Output = BidChange

    let limit: Int
    /// The best first.
    let best: ValueState<Int64, [Offer]>

    init(_ limit: Int, _ state: KeyedStateStore<Int64>) throws {
        self.limit = limit
        best = try state.value("best", codec: StateCodec<Offer>.automatic.array)
    }

    mutating func process(_ bid: Bid, _ context: borrowing ProcessContext<Self>) throws {
        let limit = limit
        let offer = Offer(bidder: bid.bidder, price: bid.price, ts: bid.ts)
        var outdone: Offer?
        let isBest = best.update(default: []) { best in
            var place = best.count
            while place > 0 && offer.isBetter(than: best[place - 1]) { place -= 1 }
            if place == limit { return false }
            if best.count == limit { outdone = best.removeLast() }
            if best.isEmpty { best.reserveCapacity(limit) }
            best.insert(offer, at: place)
            return true
        }
        if let outdone { try context.emit(BidChange(auction: bid.auction, offer: outdone, sign: -1)) }
        if isBest == true { try context.emit(BidChange(auction: bid.auction, offer: offer, sign: 1)) }
    }
}
