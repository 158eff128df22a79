internal import Weir
internal import Workloads

/// A bid that becomes, or stops being, one of its auction's best.
struct BidChange: Sendable {
    var bid: Bid
    /// 1 or -1.
    var sign: Int64
}

/// The best bids of each auction, by price, time and bidder, as changes.
struct TopBids: KeyedProcessor {
    typealias Key = Int64
    typealias Input = Bid
    typealias Output = BidChange

    let limit: Int
    let best: ValueState<Int64, [Bid]>

    init(_ limit: Int, _ state: KeyedStateStore<Int64>) throws {
        self.limit = limit
        best = try state.value("best", codec: StateCodec<Bid>.automatic.array)
    }

    mutating func process(_ bid: Bid, _ context: borrowing ProcessContext<Self>) throws {
        let limit = limit
        var outdone: Bid?
        let isBest = best.update(default: []) { best in
            var place = best.count
            while place > 0 && bid.isBetter(than: best[place - 1]) { place -= 1 }
            if place == limit { return false }
            if best.count == limit { outdone = best.removeLast() }
            best.insert(bid, at: place)
            return true
        }
        if let outdone { try context.emit(BidChange(bid: outdone, sign: -1)) }
        if isBest == true { try context.emit(BidChange(bid: bid, sign: 1)) }
    }
}

extension Bid {
    /// Whether the price is higher, or it came first, or, at the same time, its bidder has the lower number.
    func isBetter(than other: Bid) -> Bool {
        if price != other.price { return price > other.price }
        if ts != other.ts { return ts < other.ts }
        return bidder < other.bidder
    }
}
