import Testing
import Workloads

struct LatencyHistogramTests {
    /// Against sorted values, over twelve powers of ten.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func percentilesAreExactToOnePercent(seed: UInt64) {
        var histogram = LatencyHistogram()
        var values: [Int64] = []
        for i in 0..<20_000 {
            let bits = mix(seed &* 1_000_003 &+ UInt64(i))
            values.append(Int64((bits >> 20) >> (bits & 43)))
            histogram.add(values[i])
        }
        values.sort()
        #expect(histogram.count == 20_000)
        #expect(histogram.maximum == values.last)
        for share in [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
            let exact = values[max(Int((share * 20_000).rounded(.up)) - 1, 0)]
            let found = histogram.percentile(share)
            #expect(found >= exact, "seed \(seed), share \(share)")
            #expect(Double(found - exact) <= Double(exact) * 0.01, "seed \(seed), share \(share)")
        }
        #expect(histogram.filled.reduce(0) { $0 + $1.count } == 20_000)
    }

    @Test func everyBoundaryHasOneBucket() {
        var edges: [Int64] = [0, 1, 127, 128, 255, 256, 257, 258, 511, 512, 515, .max]
        for power in 9..<63 { edges += [Int64(1) << Int64(power) - 1, Int64(1) << Int64(power)] }
        for edge in edges {
            var histogram = LatencyHistogram()
            histogram.add(edge)
            histogram.add(.max)
            let found = histogram.percentile(0.5)
            #expect(found >= edge && Double(found - edge) <= Double(edge) / 128)
        }
    }

    @Test func partsAddUpToTheWhole() {
        var (whole, even, odd) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for i in 0..<1000 as Range<Int64> {
            whole.add(i * i)
            if i % 2 == 0 { even.add(i * i) } else { odd.add(i * i) }
        }
        even.add(odd)
        even.add(LatencyHistogram())
        #expect(even == whole)
    }

    @Test func nothingAndLessThanNothing() {
        var histogram = LatencyHistogram()
        #expect(histogram.percentile(0.99) == 0 && histogram.filled.isEmpty)
        histogram.add(-5)
        #expect(histogram.percentile(1) == 0 && histogram.count == 1)
    }
}
