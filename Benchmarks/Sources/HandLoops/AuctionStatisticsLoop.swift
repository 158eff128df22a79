internal import Workloads

/// Prices per auction and tumbling window, one table for each of the two open windows.
enum AuctionStatisticsLoop {
    struct Prices: Slot {
        var key: Int64
        var sum: Int64
        /// The largest number less the lowest price: all zero bits stand for no price.
        var lowest: Int64
        var highest: Int64
        var bids: Int32
        /// Bids of rank 1 or 2.
        var higher: Int32
        /// Bids of rank 2.
        var top: Int32
        var isFree: Bool { bids == 0 }

        static var none: Prices { Prices(key: 0, sum: 0, lowest: 0, highest: 0, bids: 0, higher: 0, top: 0) }
    }

    static let size: Int64 = 10_000

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var earlier = try SlotTable<Prices>(keys: NexmarkBounds.auctionsPerWindow(parameters))
        var later = try SlotTable<Prices>(keys: NexmarkBounds.auctionsPerWindow(parameters))
        var start = EventClock.origin / size * size
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        let ahead = BatchSource<Nexmark>.ahead
        while true {
            let count = source.next()
            if count == 0 { break }
            while source.progress >= start &+ size {
                drain(earlier, start, &digest)
                swap(&earlier, &later)
                start &+= size
            }
            let records = source.records
            let middle = start &+ size
            for i in 0..<ahead { earlier.prefetch(records[i].bidAuction) }
            for i in 0..<count {
                earlier.prefetch(records[i &+ ahead].bidAuction)
                guard case .bid(let bid) = records[i] else { continue }
                if bid.ts < middle {
                    add(bid, earlier.find(bid.auction))
                } else {
                    add(bid, later.find(bid.auction))
                }
            }
        }
        drain(earlier, start, &digest)
        drain(later, start &+ size, &digest)
        meter.finished()
        return digest
    }

    @inline(__always)
    private static func add(_ bid: Bid, _ slot: UnsafeMutablePointer<Prices>) {
        slot.pointee.key = bid.auction
        slot.pointee.sum &+= bid.price
        slot.pointee.lowest = max(slot.pointee.lowest, .max &- bid.price)
        slot.pointee.highest = max(slot.pointee.highest, bid.price)
        slot.pointee.bids &+= 1
        slot.pointee.higher &+= bid.price >= 10_000 ? 1 : 0
        slot.pointee.top &+= bid.price >= 1_000_000 ? 1 : 0
    }

    /// Emits and clears every auction of a table.
    private static func drain(_ table: borrowing SlotTable<Prices>, _ start: Int64, _ digest: inout Digest) {
        for i in 0..<table.capacity where !table.slots[i].isFree {
            let prices = table.slots[i]
            let bids = Int64(prices.bids)
            digest.add(
                prices.key, start, bids, Int64(prices.bids &- prices.higher), Int64(prices.higher &- prices.top),
                Int64(prices.top), .max &- prices.lowest, prices.highest, prices.sum / bids, prices.sum)
            table.slots[i] = .none
        }
    }
}
