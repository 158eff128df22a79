import Workloads

/// The queries as their definitions read: all events at once, sorted, in dictionaries; no watermark, no order.
struct NaiveResults {
    let ads: [Ad]

    init(uniform parameters: RunParameters) {
        let generator = AdsUniform(rate: parameters.rate, users: parameters.users)
        ads = (0..<parameters.events).map { generator.event($0) }
    }

    init(sessions parameters: RunParameters) {
        let generator = AdsSessions(rate: parameters.rate, users: parameters.users)
        ads = (0..<parameters.events).map { generator.event($0) }
    }

    init(zipf parameters: RunParameters, exponent: Double) {
        let generator = AdsZipf(rate: parameters.rate, users: parameters.users, exponent: exponent)
        ads = (0..<parameters.events).map { generator.event($0) }
    }

    private func campaign(_ ad: Ad) -> Int64 { Int64((ad.ad * 7 + 3) % 100) }
    private func window(_ ts: Int64) -> Int64 { ts / 10_000 * 10_000 }

    private func digest(_ rows: some Sequence<[Int64]>) -> Digest {
        var digest = Digest()
        for row in rows { digest.add(row) }
        return digest
    }

    private func counts(_ keys: some Sequence<[Int64]>) -> Digest {
        digest(Dictionary(keys.lazy.map { ($0, 1 as Int64) }, uniquingKeysWith: +).map { $0.key + [$0.value] })
    }

    var ysb: Digest { ysb(windows: 10_000) }

    func ysb(windows size: Int64) -> Digest {
        counts(ads.filter { $0.type == 0 }.map { [campaign($0), $0.ts / size * size] })
    }

    var tumblingSum: Digest {
        digest(
            Dictionary(grouping: ads) { [$0.user, window($0.ts)] }.map { key, ads in
                key + [ads.reduce(0) { $0 + Int64($1.value) }, Int64(ads.count)]
            })
    }

    var sliding: Digest {
        counts(ads.flatMap { ad in (0..<60).map { [campaign(ad), ad.ts / 1000 * 1000 - $0 * 1000] } })
    }

    var session: Digest {
        var rows: [[Int64]] = []
        for (user, ads) in Dictionary(grouping: ads, by: \.user) {
            var open: [Int64] = []
            for ts in ads.map(\.ts).sorted() + [.max] {
                if let first = open.first, let last = open.last, ts - last >= 10_000 {
                    rows.append([user, first, last - first, Int64(open.count)])
                    open = []
                }
                open.append(ts)
            }
        }
        return digest(rows)
    }

    var funnel: Digest {
        var keys: [[Int64]] = []
        for (_, ads) in Dictionary(grouping: ads, by: { [$0.user, Int64($0.ad)] }) {
            for click in ads where click.type == 1 {
                for purchase in ads where purchase.type == 2 && (0...30_000).contains(purchase.ts - click.ts) {
                    keys.append([campaign(purchase), window(purchase.ts)])
                }
            }
        }
        return counts(keys)
    }

    var uniques: Digest {
        counts(Set(ads.map { [campaign($0), window($0.ts), $0.user] }).map { [$0[0], $0[1]] })
    }

    var keyedState: Digest {
        digest(
            Dictionary(grouping: ads, by: \.user).flatMap { user, ads in (1...ads.count).map { [user, Int64($0)] } })
    }
}
