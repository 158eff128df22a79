internal import CBenchmark
internal import Workloads

/// The ten best bids of each auction as a changelog: a slot per auction with the price that a bid must reach, and the
/// bids themselves in the order in which auctions were first bid for.
struct TopBidsLoop: ~Copyable {
    struct Top: Slot {
        var key: Int64
        /// The price of the tenth bid, once there are ten.
        var threshold: Int64
        /// Where the auction's bids are, counted from 1.
        var place: Int32
        var count: Int32
        var isFree: Bool { place == 0 }
    }

    struct Entry: BitwiseCopyable {
        var price: Int64
        var ts: Int64
        var bidder: Int64

        @inline(__always)
        func isBefore(_ other: Entry) -> Bool {
            if price != other.price { return price > other.price }
            if ts != other.ts { return ts < other.ts }
            return bidder < other.bidder
        }
    }

    static let limit = 10

    private let table: SlotTable<Top>
    private let entries: HugeBuffer<Entry>
    private var used = 0
    private var digest = Digest()

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var loop = try TopBidsLoop(auctions: NexmarkBounds.auctions(parameters))
        return loop.run(parameters, meter)
    }

    private init(auctions: Int64) throws(HandLoopError) {
        let table = try SlotTable<Top>(keys: auctions)
        let entries = try HugeBuffer<Entry>(count: Int(auctions) * Self.limit)
        self.table = table
        self.entries = entries
    }

    private mutating func run(_ parameters: RunParameters, _ meter: Meter) -> Digest {
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        let ahead = BatchSource<Nexmark>.ahead
        // The bids of a batch that may be among the best, and their slots.
        let bids = UnsafeMutablePointer<Bid>.allocate(capacity: source.batchCapacity)
        let slots = UnsafeMutablePointer<UnsafeMutablePointer<Top>>.allocate(capacity: source.batchCapacity)
        defer {
            bids.deallocate()
            slots.deallocate()
        }
        while true {
            let count = source.next()
            if count == 0 { break }
            let records = source.records
            var candidates = 0
            for i in 0..<ahead { table.prefetch(records[i].bidAuction) }
            for i in 0..<count {
                table.prefetch(records[i &+ ahead].bidAuction)
                guard case .bid(let bid) = records[i] else { continue }
                let slot = table.find(bid.auction)
                if slot.pointee.isFree {
                    used &+= 1
                    slot.pointee = Top(
                        key: bid.auction, threshold: 0, place: Int32(truncatingIfNeeded: used), count: 0)
                }
                guard bid.price >= slot.pointee.threshold else { continue }
                let top = entries.start + Int(slot.pointee.place &- 1) &* Self.limit
                bench_prefetch_write(top)
                bench_prefetch_write(top + 3)
                (bids + candidates).initialize(to: bid)
                (slots + candidates).initialize(to: slot)
                candidates &+= 1
            }
            for i in 0..<candidates { add(bids[i], slots[i]) }
        }
        meter.finished()
        return digest
    }

    @inline(__always)
    private mutating func add(_ bid: Bid, _ slot: UnsafeMutablePointer<Top>) {
        // The batch's bids before this one may have raised it.
        guard bid.price >= slot.pointee.threshold else { return }
        let top = entries.start + Int(slot.pointee.place &- 1) &* Self.limit
        let entry = Entry(price: bid.price, ts: bid.ts, bidder: bid.bidder)
        var count = Int(slot.pointee.count)
        var at = count
        while at > 0 && entry.isBefore(top[at &- 1]) { at &-= 1 }
        if at == Self.limit { return }
        if count == Self.limit {
            count &-= 1
            digest.add(bid.auction, top[count].bidder, top[count].price, top[count].ts, sign: -1)
        }
        var place = count
        while place > at {
            top[place] = top[place &- 1]
            place &-= 1
        }
        top[at] = entry
        count &+= 1
        digest.add(bid.auction, bid.bidder, bid.price, bid.ts)
        slot.pointee.count = Int32(truncatingIfNeeded: count)
        if count == Self.limit { slot.pointee.threshold = top[count &- 1].price }
    }
}
