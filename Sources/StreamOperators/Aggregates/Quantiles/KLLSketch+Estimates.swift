#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension KLLSketch {
    static func rankError(ofAccuracy accuracy: Int) -> Double { 2.296 / pow(Double(accuracy), 0.972_3) }

    /// The values at the given quantiles, 0 through 1 each, in the same order.
    ///
    /// The quantile q is the lowest value that at least q · ``count`` values don't exceed, so 0.5 is the (lower)
    /// median; 0 and 1 are the lowest and the highest value, exactly.
    @inlinable
    public func quantiles(_ quantiles: [Double]) -> [Value] {
        let weighted = weighted()
        return quantiles.map { quantile in
            if !(quantile > 0) { return lowest }
            if quantile >= 1 { return highest }
            // A damaged count may be anything.
            let rank = UInt64(Swift.max((quantile * Double(count)).rounded(.up), 1))
            var low = 0
            var high = weighted.count
            while low < high {
                let middle = (low + high) / 2
                if weighted[middle].rank < rank { low = middle + 1 } else { high = middle }
            }
            return low < weighted.count ? weighted[low].value : highest
        }
    }

    /// The share of values that are not above `value`, 0 through 1.
    @inlinable
    public func rank(of value: Value) -> Double {
        var rank: UInt64 = 0
        for entry in weighted() where !TotalOrder.precedes(value, entry.value) { rank = entry.rank }
        return Double(rank) / Double(count)
    }

    /// The values that are kept, in order, each with the number of values that it and those before stand for.
    @inlinable
    func weighted() -> [(value: Value, rank: UInt64)] {
        var weighted: [(value: Value, rank: UInt64)] = []
        weighted.reserveCapacity(held)
        for value in bottom { weighted.append((value, 1)) }
        for level in levels.indices {
            for value in levels[level] { weighted.append((value, 1 << UInt64(level + 1))) }
        }
        weighted.sort { TotalOrder.precedes($0.value, $1.value) }
        var rank: UInt64 = 0
        for i in weighted.indices {
            rank &+= weighted[i].rank
            weighted[i].rank = rank
        }
        return weighted
    }
}
