internal import Workloads

/// A count per campaign for the two tumbling windows that can be open at a time.
struct CampaignWindows: ~Copyable {
    /// The windows' length in ms.
    let size: Int64
    /// Counters per window: the campaigns rounded up.
    static let width = 128

    /// Start of the earlier window.
    private(set) var start: Int64
    /// Counters of the earlier window, then those of the later one.
    let counts: UnsafeMutablePointer<Int64>
    /// The campaign of each ad.
    let campaigns: UnsafeMutablePointer<Int32>

    init(size: Int64 = RunParameters.usualWindow) {
        self.size = size
        start = EventClock.origin / size * size
        counts = .allocate(capacity: 2 * Self.width)
        counts.initialize(repeating: 0, count: 2 * Self.width)
        let table = Ad.campaigns
        campaigns = .allocate(capacity: table.count)
        for (ad, campaign) in table.enumerated() { (campaigns + ad).initialize(to: campaign) }
    }

    deinit {
        counts.deallocate()
        campaigns.deallocate()
    }

    /// Start of the later window.
    var middle: Int64 { start &+ size }

    /// Fires the earlier window when `progress` has reached its end; true when it did, ask again then.
    mutating func fire(upTo progress: Int64, into digest: inout Digest) -> Bool {
        guard progress >= middle else { return false }
        for campaign in 0..<Ad.campaignCount where counts[campaign] != 0 {
            digest.add(Int64(campaign), start, counts[campaign])
        }
        counts.update(from: counts + Self.width, count: Self.width)
        (counts + Self.width).update(repeating: 0, count: Self.width)
        start = middle
        return true
    }

    /// Fires both windows.
    mutating func finish(into digest: inout Digest) {
        for _ in 0..<2 { _ = fire(upTo: .max, into: &digest) }
    }
}
