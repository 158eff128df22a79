internal import Workloads

/// Per sliding window the auctions with the most bids: a number for each auction that is bid for, arrays of counts by
/// that number for each slice of 2 s, and running totals that a slice enters and leaves once.
struct HotItemsLoop: ~Copyable {
    struct Item: Slot {
        var key: Int64
        /// The auction's number, counted from 1.
        var number: Int64
        var isFree: Bool { number == 0 }
    }

    static let step: Int64 = 2000
    static let slices: Int64 = 5
    /// Slices kept: those of a window, the one that leaves it and the ones that a batch can reach ahead.
    static let ring = 16

    private let table: SlotTable<Item>
    /// The auction of each number.
    private let auctions: HugeBuffer<Int64>
    /// For each slice the count by number, then the totals.
    private let counts: HugeBuffer<Int32>
    private let width: Int
    private var used = 0
    private var digest = Digest()

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        // More than are bid for in all slices that are kept.
        var loop = try HotItemsLoop(width: Int(parameters.rate * 3 / 2) + 1024 + source.batchCapacity)
        return loop.run(&source, meter)
    }

    private init(width: Int) throws(HandLoopError) {
        let table = try SlotTable<Item>(keys: Int64(width))
        let auctions = try HugeBuffer<Int64>(count: width)
        let counts = try HugeBuffer<Int32>(count: (Self.ring + 1) * width)
        self.width = width
        self.table = table
        self.auctions = auctions
        self.counts = counts
    }

    private mutating func run(_ source: inout BatchSource<Nexmark>, _ meter: Meter) -> Digest {
        let ahead = BatchSource<Nexmark>.ahead
        // The slice that the next window to fire ends with.
        var last = EventClock.origin / Self.step
        while true {
            let count = source.next()
            if count == 0 { break }
            while source.progress >= (last &+ 1) &* Self.step {
                fire(last)
                last &+= 1
            }
            if used + count > width { renumber() }
            let records = source.records
            let base = last &* Self.step
            let current = row(last)
            for i in 0..<ahead { table.prefetch(records[i].bidAuction) }
            for i in 0..<count {
                table.prefetch(records[i &+ ahead].bidAuction)
                guard case .bid(let bid) = records[i] else { continue }
                let slot = table.find(bid.auction)
                if slot.pointee.isFree {
                    auctions.start[used] = bid.auction
                    used &+= 1
                    slot.pointee = Item(key: bid.auction, number: Int64(used))
                }
                let number = Int(slot.pointee.number &- 1)
                let after = bid.ts &- base
                if after < Self.step {
                    current[number] &+= 1
                } else {
                    row(last &+ after / Self.step)[number] &+= 1
                }
            }
        }
        // The slices that a batch can have reached ahead, then windows until the last event has left them all.
        for end in last..<(last + 4 + Self.slices) { fire(end) }
        meter.finished()
        return digest
    }

    @inline(__always)
    private func row(_ slice: Int64) -> UnsafeMutablePointer<Int32> {
        counts.start + (Int(truncatingIfNeeded: slice) & (Self.ring &- 1)) &* width
    }

    /// Emits the window whose last slice is `last`.
    private mutating func fire(_ last: Int64) {
        let totals = counts.start + Self.ring * width
        let entering = row(last)
        let leaving = row(last &- Self.slices)
        var most: Int32 = 0
        for number in 0..<used {
            let total = totals[number] &+ entering[number] &- leaving[number]
            totals[number] = total
            leaving[number] = 0
            most = max(most, total)
        }
        if most == 0 { return }
        let start = (last &- Self.slices &+ 1) &* Self.step
        for number in 0..<used where totals[number] == most {
            digest.add(start, auctions.start[number], Int64(most))
        }
    }

    /// Gives the numbers of auctions without recent bids to others.
    @inline(never)
    private mutating func renumber() {
        var kept = 0
        for number in 0..<used {
            var isRecent = false
            for slice in 0..<Self.ring where counts.start[slice * width + number] != 0 { isRecent = true }
            guard isRecent else { continue }
            auctions.start[kept] = auctions.start[number]
            if kept < number {
                for line in 0...Self.ring {
                    counts.start[line * width + kept] = counts.start[line * width + number]
                    counts.start[line * width + number] = 0
                }
            }
            kept += 1
        }
        used = kept
        table.slots.update(repeating: Item(key: 0, number: 0), count: table.capacity)
        for number in 0..<used {
            let auction = auctions.start[number]
            table.find(auction).pointee = Item(key: auction, number: Int64(number) + 1)
        }
    }
}
