internal import Weir
internal import Workloads

/// Bids by rank of the price.
struct BidsByRank: AggregateFunction {
    struct Counts: Sendable {
        var low: Int32
        var middle: Int32
        var high: Int32
    }

    func start(_ bid: Bid) -> Counts {
        let rank = bid.rank
        return Counts(low: rank == 0 ? 1 : 0, middle: rank == 1 ? 1 : 0, high: rank == 2 ? 1 : 0)
    }

    func add(_ bid: Bid, to counts: inout Counts) { merge(start(bid), into: &counts) }

    func merge(_ other: Counts, into counts: inout Counts) {
        counts.low &+= other.low
        counts.middle &+= other.middle
        counts.high &+= other.high
    }

    func result(_ counts: Counts) -> Counts { counts }
}

/// The bids of one bidder, or for one auction, in a window.
struct Share: Sendable {
    enum Owner { case bidder, auction }

    var owner: Owner
    var bids: BidsByRank.Counts
}

/// Bids, bidders and auctions, in all and by rank, of their shares.
struct BidStatistics: AggregateFunction {
    /// Numbers in all, then of each rank.
    struct Totals: Sendable {
        var bids = SIMD4<Int64>(repeating: 0)
        var bidders = SIMD4<Int64>(repeating: 0)
        var auctions = SIMD4<Int64>(repeating: 0)
    }

    func start(_ share: Share) -> Totals {
        var totals = Totals()
        add(share, to: &totals)
        return totals
    }

    func add(_ share: Share, to totals: inout Totals) {
        let (low, middle, high) = (Int64(share.bids.low), Int64(share.bids.middle), Int64(share.bids.high))
        let occurs = SIMD4(1, min(low, 1), min(middle, 1), min(high, 1))
        switch share.owner {
        case .bidder:
            totals.bids &+= SIMD4(low + middle + high, low, middle, high)
            totals.bidders &+= occurs
        case .auction: totals.auctions &+= occurs
        }
    }

    func merge(_ other: Totals, into totals: inout Totals) {
        totals.bids &+= other.bids
        totals.bidders &+= other.bidders
        totals.auctions &+= other.auctions
    }

    func result(_ totals: Totals) -> Totals { totals }
}
