internal import Weir
internal import Workloads

/// The prices of bids: how many of each rank, the lowest, the highest, the sum.
struct PriceStatistics: AggregateFunction {
    struct Prices: Sendable {
        var low: Int64
        var middle: Int64
        var high: Int64
        var lowest: Int64
        var highest: Int64
        var sum: Int64

        var bids: Int64 { low + middle + high }
    }

    func start(_ bid: Bid) -> Prices {
        let rank = bid.rank
        return Prices(
            low: rank == 0 ? 1 : 0, middle: rank == 1 ? 1 : 0, high: rank == 2 ? 1 : 0, lowest: bid.price,
            highest: bid.price, sum: bid.price)
    }

    func add(_ bid: Bid, to prices: inout Prices) { merge(start(bid), into: &prices) }

    func merge(_ other: Prices, into prices: inout Prices) {
        prices.low += other.low
        prices.middle += other.middle
        prices.high += other.high
        prices.lowest = min(prices.lowest, other.lowest)
        prices.highest = max(prices.highest, other.highest)
        prices.sum &+= other.sum
    }

    func result(_ prices: Prices) -> Prices { prices }
}
