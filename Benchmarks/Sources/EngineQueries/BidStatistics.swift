internal import Weir
internal import Workloads

/// Bids, distinct bidders and distinct auctions, in all and by rank of the price.
struct BidStatistics: AggregateFunction {
    /// The bids of one rank.
    struct Rank: StateCodable, Sendable {
        var bids = 0
        var bidders = KeySet<Int64>()
        var auctions = KeySet<Int64>()

        init() {}

        mutating func add(_ other: Rank) {
            bids += other.bids
            bidders.formUnion(other.bidders)
            auctions.formUnion(other.auctions)
        }

        func encode(into encoder: inout StateEncoder) throws {
            try encoder.encode(bids)
            try encoder.encode(bidders)
            try encoder.encode(auctions)
        }

        init(decoding decoder: inout StateDecoder) throws {
            bids = try decoder.decode()
            bidders = try decoder.decode()
            auctions = try decoder.decode()
        }
    }

    /// Numbers in all, then of each rank.
    struct Result: Sendable {
        var bids: [Int]
        var bidders: [Int]
        var auctions: [Int]
    }

    func start(_ bid: Bid) -> [Rank] {
        var ranks = [Rank(), Rank(), Rank()]
        add(bid, to: &ranks)
        return ranks
    }

    func add(_ bid: Bid, to ranks: inout [Rank]) {
        let rank = bid.rank
        ranks[rank].bids += 1
        ranks[rank].bidders.insert(bid.bidder)
        ranks[rank].auctions.insert(bid.auction)
    }

    func merge(_ other: [Rank], into ranks: inout [Rank]) {
        for rank in ranks.indices { ranks[rank].add(other[rank]) }
    }

    func result(_ ranks: [Rank]) -> Result {
        var all = Rank()
        for rank in ranks { all.add(rank) }
        let rows = [all] + ranks
        return Result(
            bids: rows.map(\.bids), bidders: rows.map(\.bidders.count), auctions: rows.map(\.auctions.count))
    }
}
