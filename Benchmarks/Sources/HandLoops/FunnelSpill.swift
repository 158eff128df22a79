internal import Workloads

/// The recent clicks and purchases of one user on one ad as lists, for the few keys that outgrow a slot.
struct FunnelSpill {
    var clicks: [Int64] = []
    var purchases: [Int64] = []

    init(_ slot: FunnelLoop.Recent, never: Int32) {
        for place in 0..<8 where slot.clicks[place] != never { clicks.append(slot.origin + Int64(slot.clicks[place])) }
        for place in 0..<2 where slot.purchases[place] != never {
            purchases.append(slot.origin + Int64(slot.purchases[place]))
        }
    }

    var isEmpty: Bool { clicks.isEmpty && purchases.isEmpty }

    /// Drops what no event to come can pair with.
    mutating func prune(watermark: Int64, within: Int64) {
        clicks.removeAll { $0 + within <= watermark }
        purchases.removeAll { $0 <= watermark }
    }

    /// The times of the purchases of the pairs that the event makes.
    func partners(of ad: Ad, within: Int64) -> [Int64] {
        if ad.type == Ad.purchase {
            clicks.filter { $0 <= ad.ts && ad.ts <= $0 + within }.map { _ in ad.ts }
        } else {
            purchases.filter { ad.ts <= $0 && $0 <= ad.ts + within }
        }
    }
}
