internal import Workloads

/// Distinct users per campaign and tumbling window: an exact set of (user, campaign) for each of the two open windows.
enum UniquesLoop {
    struct Pair: Slot {
        /// The packed pair plus one, so that 0 is free.
        var key: Int64
        var isFree: Bool { key == 0 }
    }

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        guard parameters.users <= 1 << 40 else { throw HandLoopError.userTooLarge(parameters.users - 1) }
        var digest = Digest()
        var windows = CampaignWindows()
        let campaigns = windows.campaigns
        // About 2.3 pairs per event and second of event time fall into one window.
        let expected = min(parameters.rate * 5 / 2, parameters.users * Int64(Ad.campaignCount), parameters.events)
        var earlier = try SlotTable<Pair>(keys: expected)
        var later = try SlotTable<Pair>(keys: expected)
        var earlierCount = 0
        var laterCount = 0
        var source = BatchSource(AdsSessions(rate: parameters.rate, users: parameters.users), parameters, meter)
        let ahead = BatchSource<AdsSessions>.ahead
        let pairs = UnsafeMutablePointer<Int64>.allocate(capacity: source.batchCapacity + ahead)
        pairs.initialize(repeating: 0, count: source.batchCapacity + ahead)
        defer { pairs.deallocate() }
        while true {
            let count = source.next()
            if count == 0 { break }
            while windows.fire(upTo: source.progress, into: &digest) {
                earlier.slots.update(repeating: Pair(key: 0), count: earlier.capacity)
                swap(&earlier, &later)
                earlierCount = laterCount
                laterCount = 0
            }
            while (earlierCount + count) * 4 > earlier.capacity * 3 { earlier = try grown(earlier) }
            while (laterCount + count) * 4 > later.capacity * 3 { later = try grown(later) }
            let records = source.records
            let counts = windows.counts
            let middle = windows.middle
            for i in 0..<count {
                let campaign = Int64(campaigns[Int(records[i].ad)])
                pairs[i] = (records[i].user &<< 7 | campaign) &+ 1
            }
            for i in 0..<ahead { earlier.prefetch(pairs[i]) }
            for i in 0..<count {
                earlier.prefetch(pairs[i &+ ahead])
                let pair = pairs[i]
                if records[i].ts < middle {
                    let slot = earlier.find(pair)
                    if slot.pointee.isFree {
                        slot.pointee.key = pair
                        counts[Int((pair &- 1) & 127)] &+= 1
                        earlierCount &+= 1
                    }
                } else {
                    let slot = later.find(pair)
                    if slot.pointee.isFree {
                        slot.pointee.key = pair
                        counts[CampaignWindows.width &+ Int((pair &- 1) & 127)] &+= 1
                        laterCount &+= 1
                    }
                }
            }
        }
        windows.finish(into: &digest)
        meter.finished()
        return digest
    }

    private static func grown(_ table: borrowing SlotTable<Pair>) throws(HandLoopError) -> SlotTable<Pair> {
        let larger = try SlotTable<Pair>(bits: table.bits + 1)
        for i in 0..<table.capacity where !table.slots[i].isFree {
            let pair = table.slots[i]
            larger.find(pair.key).pointee = pair
        }
        return larger
    }
}
