internal import Workloads

/// Views per campaign and tumbling window.
enum YSBLoop {
    static func run(_ parameters: RunParameters, _ meter: Meter) throws -> Digest {
        var digest = Digest()
        var windows = CampaignWindows(size: parameters.windowMilliseconds)
        var source = BatchSource(AdsUniform(rate: parameters.rate, users: parameters.users), parameters, meter)
        while true {
            let count = source.next()
            if count == 0 { break }
            while windows.fire(upTo: source.progress, into: &digest) {}
            countViews(source.records, count, windows)
        }
        windows.finish(into: &digest)
        meter.finished()
        return digest
    }

    /// Adds the views among the records to their windows.
    @inline(__always)
    static func countViews(
        _ records: UnsafeMutablePointer<Ad>, _ count: Int, _ windows: borrowing CampaignWindows
    ) {
        let middle = windows.middle
        for i in 0..<count {
            // The filter without a branch, since one event in three passes at random: the others add 0.
            let isView: Int64 = records[i].type == Ad.view ? 1 : 0
            let later = records[i].ts >= middle ? CampaignWindows.width : 0
            windows.counts[later &+ Int(windows.campaigns[Int(records[i].ad)])] &+= isView
        }
    }
}
