import Testing
import Workloads

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct ZipfDistributionTests {
    /// Shares of the law itself, summed rank by rank, beside those of 200,000 draws: within four standard deviations.
    @Test(
        arguments: [
            (1, 1.0), (5, 0.99), (4096, 1), (4097, 0.5), (100_000, 0), (100_000, 0.99), (100_000, 1), (100_000, 1.5),
        ] as [(Int64, Double)])
    func drawsFollowTheLaw(count: Int64, exponent: Double) {
        let law = ZipfDistribution(count: count, exponent: exponent)
        let draws = 200_000
        var seen = [Int](repeating: 0, count: Int(count))
        for i in 0..<UInt64(draws) {
            let rank = law.rank(mix(i &+ 77))
            guard rank < UInt64(count) else {
                Issue.record("rank \(rank) of \(count)")
                return
            }
            seen[Int(rank)] += 1
        }
        let weights = (1...count).map { pow(Double($0), -exponent) }
        let all = weights.reduce(0, +)
        // The first ranks one by one, then stretches of ranks.
        var bounds = Array(0..<min(8, Int(count)))
        bounds += [8, 100, 2000, 2048, 2100, 4096, 10_000, 50_000, 99_000].filter { $0 < count }
        for (i, first) in bounds.enumerated() {
            let end = i + 1 < bounds.count ? bounds[i + 1] : Int(count)
            let share = weights[first..<end].reduce(0, +) / all
            let expected = share * Double(draws)
            let found = Double(seen[first..<end].reduce(0, +))
            let deviation = (expected * (1 - share)).squareRoot()
            #expect(
                abs(found - expected) <= 4 * deviation + 1,
                "ranks \(first)..<\(end) of \(count), exponent \(exponent): \(found) draws, expected \(expected)")
        }
    }

    /// Ranks are scattered over all users, no two to the same.
    @Test func everyUserIsSomeRank() {
        let stream = AdsZipf(rate: 1000, users: 50, exponent: 0)
        var users: Set<Int64> = []
        for i in 0..<5000 as Range<Int64> { users.insert(stream.event(i).user) }
        #expect(users == Set(0..<50))
        let skewed = AdsZipf(rate: 1000, users: 1_000_000, exponent: 0.99)
        #expect((0..<20 as Range<Int64>).map { skewed.event($0) } == (0..<20).map { skewed.event($0) })
        #expect(skewed.event(7).ts == AdsUniform(rate: 1000, users: 1_000_000).event(7).ts)
    }
}
