internal import Workloads

/// The bids with the highest price of each tumbling window: the best so far of each of the two open windows.
enum HighestBidLoop {
    static let size: Int64 = 10_000

    struct Best {
        var price: Int64 = 0
        var bids: [Bid] = []

        /// Takes a bid whose price is not below the best one's.
        @inline(never)
        mutating func take(_ bid: Bid) {
            if bid.price > price { bids.removeAll(keepingCapacity: true) }
            price = bid.price
            bids.append(bid)
        }

        func emit(_ start: Int64, _ digest: inout Digest) {
            for bid in bids { digest.add(start, bid.auction, bid.bidder, bid.price, bid.ts) }
        }
    }

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var earlier = Best()
        var later = Best()
        var start = EventClock.origin / size * size
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            while source.progress >= start &+ size {
                earlier.emit(start, &digest)
                earlier = Best()
                swap(&earlier, &later)
                start &+= size
            }
            let records = source.records
            let middle = start &+ size
            for i in 0..<count {
                guard case .bid(let bid) = records[i] else { continue }
                if bid.ts < middle {
                    if bid.price >= earlier.price { earlier.take(bid) }
                } else {
                    if bid.price >= later.price { later.take(bid) }
                }
            }
        }
        earlier.emit(start, &digest)
        later.emit(start &+ size, &digest)
        meter.finished()
        return digest
    }
}
