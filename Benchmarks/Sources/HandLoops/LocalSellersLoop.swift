internal import Workloads

/// The auctions of category 10 with their sellers, of three states: a table of all people, and lists of the few auctions
/// whose seller is still to come.
struct LocalSellersLoop: ~Copyable {
    struct Seller: Slot {
        var key: Int64
        var name: Int64
        var city: Int32
        var state: Int32
        /// The last auction that waits for this person, counted from 1; 0 for none.
        var waiting: Int32
        /// 0 in a free slot, 1 while the person is awaited, 2 then.
        var stage: Int32
        var isFree: Bool { stage == 0 }
        var isLocal: Bool { state >= 1 && state <= 3 }
    }

    static let category: Int32 = 10

    private let table: SlotTable<Seller>
    /// Auctions that wait, each with the one that waited before it for the same person.
    private var waiting: [(auction: Int64, before: Int32)] = []
    private var digest = Digest()

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var loop = LocalSellersLoop(table: try SlotTable<Seller>(keys: NexmarkBounds.people(parameters)))
        return loop.run(parameters, meter)
    }

    private init(table: consuming SlotTable<Seller>) { self.table = table }

    private mutating func run(_ parameters: RunParameters, _ meter: Meter) -> Digest {
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
                keptCount &+= Self.isKept(records[i]) ? 1 : 0
            }
            for k in 0..<ahead { table.prefetch(records[Int(kept[k])].person) }
            for k in 0..<keptCount {
                table.prefetch(records[Int(kept[k &+ ahead])].person)
                switch records[Int(kept[k])] {
                case .person(let person): add(person)
                case .auction(let auction): add(auction)
                case .bid: break
                }
            }
        }
        meter.finished()
        return digest
    }

    @inline(__always)
    private static func isKept(_ event: NexmarkEvent) -> Bool {
        switch event {
        case .person: true
        case .auction(let auction): auction.category == category
        case .bid: false
        }
    }

    @inline(__always)
    private mutating func add(_ person: Person) {
        let slot = table.find(person.id)
        var next = slot.pointee.waiting
        slot.pointee = Seller(
            key: person.id, name: person.name, city: person.city, state: person.state, waiting: 0, stage: 2)
        while next != 0 {
            emit(slot, waiting[Int(next) - 1].auction)
            next = waiting[Int(next) - 1].before
        }
    }

    @inline(__always)
    private mutating func add(_ auction: Auction) {
        let slot = table.find(auction.seller)
        if slot.pointee.stage == 2 {
            emit(slot, auction.id)
        } else {
            waiting.append((auction.id, slot.pointee.waiting))
            slot.pointee.key = auction.seller
            slot.pointee.waiting = Int32(truncatingIfNeeded: waiting.count)
            slot.pointee.stage = 1
        }
    }

    @inline(__always)
    private mutating func emit(_ slot: UnsafeMutablePointer<Seller>, _ auction: Int64) {
        guard slot.pointee.isLocal else { return }
        digest.add(slot.pointee.name, Int64(slot.pointee.city), Int64(slot.pointee.state), auction)
    }
}
