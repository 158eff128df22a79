internal import Workloads

/// Events per campaign and window of 60 s every second: a count per slice of a second, and a running total per
/// campaign that a slice enters and leaves once.
enum SlidingLoop {
    static let step: Int64 = 1000
    static let slices: Int64 = 60
    /// Slices kept: those of a window and the ones that a batch can reach ahead, rounded up to a power of two.
    static let ring = 128
    static let width = CampaignWindows.width

    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        let table = CampaignWindows()
        let campaigns = table.campaigns
        let counts = UnsafeMutablePointer<Int64>.allocate(capacity: (ring + 1) * width)
        counts.initialize(repeating: 0, count: (ring + 1) * width)
        defer { counts.deallocate() }
        let totals = counts + ring * width
        var source = BatchSource(AdsUniform(rate: parameters.rate, users: parameters.users), parameters, meter)
        // The slice that the next window to fire ends with, as a number of seconds since 1970.
        var last = EventClock.origin / step
        while true {
            let count = source.next()
            if count == 0 { break }
            while source.progress >= (last &+ 1) &* step {
                fire(last, counts, totals, &digest)
                last &+= 1
            }
            let records = source.records
            let base = last &* step
            let current = counts + row(last) &* width
            for i in 0..<count {
                let campaign = Int(campaigns[Int(records[i].ad)])
                let ahead = records[i].ts &- base
                if ahead < step {
                    current[campaign] &+= 1
                } else {
                    counts[row(last &+ ahead / step) &* width &+ campaign] &+= 1
                }
            }
        }
        // The slices that a batch can have reached ahead, then windows until the last event has left them all.
        for end in last..<(last + 6 + slices) { fire(end, counts, totals, &digest) }
        meter.finished()
        return digest
    }

    @inline(__always)
    private static func row(_ slice: Int64) -> Int { Int(truncatingIfNeeded: slice) & (ring &- 1) }

    /// Emits the window whose last slice is `last`.
    private static func fire(
        _ last: Int64, _ counts: UnsafeMutablePointer<Int64>, _ totals: UnsafeMutablePointer<Int64>,
        _ digest: inout Digest
    ) {
        let entering = counts + row(last) &* width
        let leaving = counts + row(last &- slices) &* width
        for campaign in 0..<Ad.campaignCount {
            totals[campaign] &+= entering[campaign] &- leaving[campaign]
            leaving[campaign] = 0
            if totals[campaign] != 0 {
                digest.add(Int64(campaign), (last &- slices &+ 1) &* step, totals[campaign])
            }
        }
    }
}
