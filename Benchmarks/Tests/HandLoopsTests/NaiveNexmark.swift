import Workloads

/// The queries over the auction site as their definitions read: all events at once, sorted, in dictionaries.
struct NaiveNexmark {
    private var people: [Person] = []
    private var auctions: [Auction] = []
    private var bids: [Bid] = []

    init(_ parameters: RunParameters) {
        let generator = Nexmark(rate: parameters.rate)
        for index in 0..<parameters.events {
            switch generator.event(index) {
            case .person(let person): people.append(person)
            case .auction(let auction): auctions.append(auction)
            case .bid(let bid): bids.append(bid)
            }
        }
    }

    private func window(_ ts: Int64) -> Int64 { ts / 10_000 * 10_000 }

    private func digest(_ rows: some Sequence<[Int64]>) -> Digest {
        var digest = Digest()
        for row in rows { digest.add(row) }
        return digest
    }

    private func row(_ bid: Bid) -> [Int64] { [bid.auction, bid.bidder, bid.price, bid.ts] }

    private func rank(_ bid: Bid) -> Int { bid.price < 10_000 ? 0 : bid.price < 1_000_000 ? 1 : 2 }

    /// Sorted by price, the highest first, then time and bidder.
    private func ranked(_ bids: [Bid]) -> [Bid] {
        bids.sorted { ($1.price, $0.ts, $0.bidder) < ($0.price, $1.ts, $1.bidder) }
    }

    var q0: Digest { digest(bids.map(row)) }

    var q1: Digest { digest(bids.map { [$0.auction, $0.bidder, $0.price * 908 / 1000, $0.ts] }) }

    var q2: Digest { digest(bids.filter { $0.auction % 123 == 0 }.map { [$0.auction, $0.price] }) }

    var q3: Digest {
        let local = Dictionary(uniqueKeysWithValues: people.filter { (1...3).contains($0.state) }.map { ($0.id, $0) })
        return digest(
            auctions.filter { $0.category == 10 }.compactMap { auction in
                local[auction.seller].map { [$0.name, Int64($0.city), Int64($0.state), auction.id] }
            })
    }

    var q5: Digest {
        var counts: [Int64: [Int64: Int64]] = [:]
        for bid in bids {
            for back in 0..<5 {
                counts[bid.ts / 2000 * 2000 - Int64(back) * 2000, default: [:]][bid.auction, default: 0] += 1
            }
        }
        return digest(
            counts.flatMap { start, counts in
                counts.filter { $0.value == counts.values.max() }.map { [start, $0.key, $0.value] }
            })
    }

    var q7: Digest {
        digest(
            Dictionary(grouping: bids) { window($0.ts) }.flatMap { start, bids in
                let highest = bids.map(\.price).max()
                return bids.filter { $0.price == highest }.map { [start] + row($0) }
            })
    }

    var q8: Digest {
        let sold = Set(auctions.map { [$0.seller, window($0.ts)] })
        return digest(people.filter { sold.contains([$0.id, window($0.ts)]) }.map { [$0.id, $0.name, window($0.ts)] })
    }

    var q11: Digest {
        var rows: [[Int64]] = []
        for (bidder, bids) in Dictionary(grouping: bids, by: \.bidder) {
            var open: [Int64] = []
            for ts in bids.map(\.ts).sorted() + [.max] {
                if let first = open.first, let last = open.last, ts - last >= 10_000 {
                    rows.append([bidder, Int64(open.count), first, last + 10_000])
                    open = []
                }
                open.append(ts)
            }
        }
        return digest(rows)
    }

    var q15: Digest {
        digest(
            Dictionary(grouping: bids) { window($0.ts) }.map { start, bids in
                let groups = [bids] + (0..<3).map { wanted in bids.filter { rank($0) == wanted } }
                return [start] + groups.map { Int64($0.count) } + groups.map { Int64(Set($0.map(\.bidder)).count) }
                    + groups.map { Int64(Set($0.map(\.auction)).count) }
            })
    }

    var q17: Digest {
        digest(
            Dictionary(grouping: bids) { [$0.auction, window($0.ts)] }.map { key, bids in
                let prices = bids.map(\.price).sorted()
                let sum = prices.reduce(0, +)
                let ranks = (0..<3).map { wanted in Int64(bids.count { rank($0) == wanted }) }
                return key + [Int64(bids.count)] + ranks
                    + [prices[0], prices[prices.count - 1], sum / Int64(bids.count), sum]
            })
    }

    var q19: Digest {
        digest(Dictionary(grouping: bids, by: \.auction).flatMap { ranked($0.value).prefix(10).map(row) })
    }
}
