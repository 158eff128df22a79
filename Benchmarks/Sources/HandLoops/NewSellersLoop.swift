internal import Workloads

/// People who join and sell within one tumbling window: per window who has done which; a row as soon as both are known.
///
/// People and auctions come in the order of their times, so only one window is open.
enum NewSellersLoop {
    static let size: Int64 = 10_000

    struct Activity: Slot {
        var key: Int64
        /// The person's name plus one; 0 until the person has joined.
        var name: Int64
        /// Whether the person has sold.
        var hasSold: Int64
        var isFree: Bool { name | hasSold == 0 }
    }

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        let table = try SlotTable<Activity>(keys: NexmarkBounds.peoplePerWindow(parameters))
        var start = EventClock.origin / size * size
        var source = BatchSource(Nexmark(rate: parameters.rate), parameters, meter)
        let ahead = BatchSource<Nexmark>.ahead
        let kept = UnsafeMutablePointer<Int32>.allocate(capacity: source.batchCapacity + ahead)
        kept.initialize(repeating: 0, count: source.batchCapacity + ahead)
        defer { kept.deallocate() }
        while true {
            let count = source.next()
            if count == 0 { break }
            let records = source.records
            var keptCount = 0
            for i in 0..<count {
                kept[keptCount] = Int32(truncatingIfNeeded: i)
                if case .bid = records[i] {} else { keptCount &+= 1 }
            }
            for k in 0..<ahead { table.prefetch(records[Int(kept[k])].person) }
            for k in 0..<keptCount {
                table.prefetch(records[Int(kept[k &+ ahead])].person)
                let event = records[Int(kept[k])]
                if event.ts >= start &+ size {
                    table.slots.update(repeating: Activity(key: 0, name: 0, hasSold: 0), count: table.capacity)
                    start = event.ts / size &* size
                }
                add(event, table.find(event.person), start, &digest)
            }
        }
        meter.finished()
        return digest
    }

    @inline(__always)
    private static func add(
        _ event: NexmarkEvent, _ slot: UnsafeMutablePointer<Activity>, _ start: Int64, _ digest: inout Digest
    ) {
        switch event {
        case .person(let person):
            slot.pointee.key = person.id
            slot.pointee.name = person.name &+ 1
            if slot.pointee.hasSold != 0 { digest.add(person.id, person.name, start) }
        case .auction(let auction):
            if slot.pointee.hasSold == 0 && slot.pointee.name != 0 {
                digest.add(auction.seller, slot.pointee.name &- 1, start)
            }
            slot.pointee.key = auction.seller
            slot.pointee.hasSold = 1
        case .bid: break
        }
    }
}
