internal import Workloads

/// Bids, distinct bidders and distinct auctions per tumbling window, in all and by rank of the price: for each of the two
/// open windows two exact sets of ids, each with the ranks that it was seen in.
enum BidStatisticsLoop {
    static let size: Int64 = 10_000

    /// Distinct ids, in all and by rank.
    struct RankedIDs: ~Copyable {
        struct Entry: Slot {
            /// The id, and a bit for each rank.
            var packed: Int64
            var key: Int64 { packed &>> 3 }
            var isFree: Bool { packed == 0 }
        }

        let table: SlotTable<Entry>
        /// The number of ids in all, then by rank.
        let counts: UnsafeMutablePointer<Int64>

        init(keys: Int64) throws(HandLoopError) {
            table = try SlotTable<Entry>(keys: keys)
            counts = .allocate(capacity: 4)
            counts.initialize(repeating: 0, count: 4)
        }

        deinit { counts.deallocate() }

        @inline(__always)
        func add(_ id: Int64, _ rank: Int) {
            let slot = table.find(id)
            let before = slot.pointee.packed
            let after = before | id &<< 3 | 1 &<< Int64(rank)
            if after == before { return }
            slot.pointee.packed = after
            counts[0] &+= before == 0 ? 1 : 0
            counts[1 &+ rank] &+= 1
        }

        func clear() {
            table.slots.update(repeating: Entry(packed: 0), count: table.capacity)
            counts.update(repeating: 0, count: 4)
        }
    }

    struct Window: ~Copyable {
        /// By rank.
        var bids = (zero: 0 as Int64, one: 0 as Int64, two: 0 as Int64)
        let bidders: RankedIDs
        let auctions: RankedIDs

        init(_ parameters: RunParameters) throws(HandLoopError) {
            let bidders = try RankedIDs(keys: NexmarkBounds.peoplePerWindow(parameters))
            let auctions = try RankedIDs(keys: NexmarkBounds.auctionsPerWindow(parameters))
            self.bidders = bidders
            self.auctions = auctions
        }

        @inline(__always)
        mutating func add(_ bid: Bid) {
            let rank = bid.rank
            bids.zero &+= rank == 0 ? 1 : 0
            bids.one &+= rank == 1 ? 1 : 0
            bids.two &+= rank == 2 ? 1 : 0
            bidders.add(bid.bidder, rank)
            auctions.add(bid.auction, rank)
        }

        mutating func drain(_ start: Int64, _ digest: inout Digest) {
            let count = bids.zero + bids.one + bids.two
            guard count > 0 else { return }
            digest.add(
                [start, count, bids.zero, bids.one, bids.two] + (0..<4).map { bidders.counts[$0] }
                    + (0..<4).map { auctions.counts[$0] })
            bids = (0, 0, 0)
            bidders.clear()
            auctions.clear()
        }
    }

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var earlier = try Window(parameters)
        var later = try Window(parameters)
        var start = EventClock.origin / size * size
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        let ahead = BatchSource<Nexmark>.ahead
        while true {
            let count = source.next()
            if count == 0 { break }
            while source.progress >= start &+ size {
                earlier.drain(start, &digest)
                swap(&earlier, &later)
                start &+= size
            }
            let records = source.records
            let middle = start &+ size
            for i in 0..<count {
                if case .bid(let next) = records[i &+ ahead] {
                    earlier.bidders.table.prefetch(next.bidder)
                    earlier.auctions.table.prefetch(next.auction)
                }
                guard case .bid(let bid) = records[i] else { continue }
                if bid.ts < middle { earlier.add(bid) } else { later.add(bid) }
            }
        }
        earlier.drain(start, &digest)
        later.drain(start &+ size, &digest)
        meter.finished()
        return digest
    }
}
