internal import Workloads

/// Pairs of a click and a purchase at most 30 s later, of the same user on the same ad, per campaign and tumbling
/// window of the purchase.
///
/// A click stays until no purchase can follow it within 30 s, a purchase only until no earlier click can arrive any
/// more, at most the bound on disorder.
struct FunnelLoop: ~Copyable {
    static let within: Int64 = 30_000
    private static let never = Int32.min
    /// The largest offset in a slot, about 12 days; less the width of the join it stays far from `never`.
    private static let reach: UInt64 = 1 << 30

    /// The recent clicks and purchases of one user on one ad, in one cache line.
    struct Recent: Slot {
        /// Times of the clicks less `origin`, `never` where there is none.
        var clicks: SIMD8<Int32>
        /// User and ad.
        var key: Int64
        /// The time that the others count from; 0 in a free slot.
        var origin: Int64
        /// Times of the purchases less `origin`, `never` where there is none.
        var purchases: SIMD2<Int32>
        var clickCount: Int32
        /// Whether the key has outgrown the slot and lives in `FunnelLoop.spilled`.
        var isSpilled: Bool
        var isFree: Bool { origin == 0 }
    }

    private var table: SlotTable<Recent>
    private let smallestBits: UInt64
    private var used = 0
    private var spilled: [Int64: FunnelSpill] = [:]
    private var windows = CampaignWindows()
    private var watermark = Int64.min

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        guard parameters.users <= 1 << 40 else { throw HandLoopError.userTooLarge(parameters.users - 1) }
        var loop = try FunnelLoop(parameters)
        return try loop.run(parameters, meter)
    }

    private init(_ parameters: RunParameters) throws(HandLoopError) {
        // A visitor of 5 s looks at 8 ads, and clicks count for 30 s after.
        table = try SlotTable<Recent>(keys: min(parameters.rate * 6, parameters.events))
        smallestBits = table.bits
    }

    private mutating func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var source = BatchSource(AdsSessions(rate: parameters.rate, users: parameters.users), parameters, meter)
        let ahead = BatchSource<AdsSessions>.ahead
        let kept = UnsafeMutablePointer<Int32>.allocate(capacity: source.batchCapacity + ahead)
        kept.initialize(repeating: 0, count: source.batchCapacity + ahead)
        defer { kept.deallocate() }
        while true {
            let count = source.next()
            if count == 0 { break }
            watermark = source.progress &- 1
            while windows.fire(upTo: source.progress, into: &digest) {}
            if (used + count) * 3 > table.capacity * 2 { try rebuild(adding: count) }
            let records = source.records
            var keptCount = 0
            for i in 0..<count {
                kept[keptCount] = Int32(truncatingIfNeeded: i)
                keptCount &+= records[i].type == Ad.view ? 0 : 1
            }
            for k in 0..<ahead { table.prefetch(Self.key(records + Int(kept[k]))) }
            for k in 0..<keptCount {
                table.prefetch(Self.key(records + Int(kept[k &+ ahead])))
                add(records + Int(kept[k]))
            }
        }
        windows.finish(into: &digest)
        meter.finished()
        return digest
    }

    @inline(__always)
    private static func key(_ ad: UnsafeMutablePointer<Ad>) -> Int64 { ad.pointee.user &<< 10 | Int64(ad.pointee.ad) }

    @inline(__always)
    private mutating func add(_ ad: UnsafeMutablePointer<Ad>) {
        let key = Self.key(ad)
        let ts = ad.pointee.ts
        let slot = table.find(key)
        if slot.pointee.isFree {
            clear(slot, key, origin: ts)
            used &+= 1
        }
        let wide = ts &- slot.pointee.origin
        let offset = Int32(truncatingIfNeeded: wide)
        if slot.pointee.isSpilled || wide.magnitude > Self.reach {
            addSlowly(slot, ad)
        } else if ad.pointee.type == Ad.purchase {
            // Comparisons with vectors on both sides: those with a scalar compile to a loop over the elements.
            let latest = SIMD8<Int32>(repeating: offset)
            let earliest = SIMD8<Int32>(repeating: offset &- Int32(Self.within))
            let near = (slot.pointee.clicks .>= earliest) .& (slot.pointee.clicks .<= latest)
            count(SIMD8<Int32>(repeating: 0).replacing(with: SIMD8(repeating: 1), where: near).wrappedSum(), ad, at: ts)
            // A place of a purchase that no click to come can precede.
            if Int64(slot.pointee.purchases[0]) &+ slot.pointee.origin <= watermark {
                slot.pointee.purchases[0] = offset
            } else if Int64(slot.pointee.purchases[1]) &+ slot.pointee.origin <= watermark {
                slot.pointee.purchases[1] = offset
            } else {
                addSlowly(slot, ad, counted: true)
            }
        } else {
            for place in 0..<2 where slot.pointee.purchases[place] >= offset {
                let gap = Int64(slot.pointee.purchases[place]) &- Int64(offset)
                if gap <= Self.within { count(1, ad, at: ts &+ gap) }
            }
            if slot.pointee.clickCount < 8 {
                slot.pointee.clicks[Int(slot.pointee.clickCount)] = offset
                slot.pointee.clickCount &+= 1
            } else {
                addSlowly(slot, ad, counted: true)
            }
        }
    }

    @inline(__always)
    private func count(_ pairs: Int32, _ ad: UnsafeMutablePointer<Ad>, at ts: Int64) {
        let later = ts >= windows.middle ? CampaignWindows.width : 0
        windows.counts[later &+ Int(windows.campaigns[Int(ad.pointee.ad)])] &+= Int64(pairs)
    }

    private func clear(_ slot: UnsafeMutablePointer<Recent>, _ key: Int64, origin: Int64) {
        slot.pointee = Recent(
            clicks: SIMD8(repeating: Self.never), key: key, origin: origin, purchases: SIMD2(repeating: Self.never),
            clickCount: 0, isSpilled: false)
    }

    /// The way of an event whose slot is full or too old: everything of the key moves to lists without a limit.
    @inline(never)
    private mutating func addSlowly(
        _ slot: UnsafeMutablePointer<Recent>, _ ad: UnsafeMutablePointer<Ad>, counted: Bool = false
    ) {
        var spill = spilled[slot.pointee.key] ?? FunnelSpill(slot.pointee, never: Self.never)
        spill.prune(watermark: watermark, within: Self.within)
        if !counted {
            for time in spill.partners(of: ad.pointee, within: Self.within) {
                count(1, ad, at: time)
            }
        }
        if ad.pointee.type == Ad.purchase {
            spill.purchases.append(ad.pointee.ts)
        } else {
            spill.clicks.append(ad.pointee.ts)
        }
        slot.pointee.isSpilled = true
        spilled[slot.pointee.key] = spill
    }

    /// Drops the keys with nothing recent, and moves the others to a table with room.
    @inline(never)
    private mutating func rebuild(adding count: Int) throws(HandLoopError) {
        for i in 0..<table.capacity where !table.slots[i].isFree {
            let slot = table.slots + i
            var spill = spilled[slot.pointee.key] ?? FunnelSpill(slot.pointee, never: Self.never)
            spill.prune(watermark: watermark, within: Self.within)
            if slot.pointee.isSpilled { spilled[slot.pointee.key] = spill.isEmpty ? nil : spill }
            if spill.isEmpty {
                slot.pointee.origin = 0
                used -= 1
            }
        }
        var bits = smallestBits
        while (1 << bits) < (used + count) * 3 { bits += 1 }
        let fresh = try SlotTable<Recent>(bits: bits)
        for i in 0..<table.capacity where !table.slots[i].isFree {
            let slot = table.slots[i]
            fresh.find(slot.key).pointee = slot
        }
        table = fresh
    }
}
