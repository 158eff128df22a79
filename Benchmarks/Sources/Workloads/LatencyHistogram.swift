/// Times in ns, counted in buckets whose width is at most 1/128 of their values.
///
/// After HdrHistogram: up to 255 a bucket per value, above that 128 buckets for each power of two. A percentile is the
/// highest value of its bucket, so it is too high by 0.8 % at most, never too low.
public struct LatencyHistogram: Equatable, Sendable {
    /// Values counted.
    public private(set) var count: Int64 = 0
    /// The highest value, exactly; 0 without values.
    public private(set) var maximum: Int64 = 0
    private var counts: [Int64] = []

    /// Buckets for all values of 63 bits.
    private static let buckets = 55 * 128 + 256

    /// A histogram of no values.
    public init() {}

    /// Counts a value; one below 0 counts as 0.
    public mutating func add(_ value: Int64) {
        if counts.isEmpty { counts = [Int64](repeating: 0, count: Self.buckets) }
        let value = max(value, 0)
        counts[Self.bucket(of: value)] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// Counts what another histogram has counted.
    public mutating func add(_ other: LatencyHistogram) {
        guard !other.counts.isEmpty else { return }
        if counts.isEmpty { counts = [Int64](repeating: 0, count: Self.buckets) }
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The value that this share of the values, 0 through 1, doesn't exceed; 0 without values.
    public func percentile(_ share: Double) -> Int64 {
        let rank = min(max(Int64((share * Double(count)).rounded(.up)), 1), count)
        var seen: Int64 = 0
        for bucket in counts.indices {
            seen += counts[bucket]
            if seen >= rank && seen > 0 { return min(Self.highest(in: bucket), maximum) }
        }
        return 0
    }

    /// The buckets that hold values, in ascending order: the highest value of each, and how many it holds.
    public var filled: [(value: Int64, count: Int64)] {
        counts.indices.filter { counts[$0] > 0 }.map { (min(Self.highest(in: $0), maximum), counts[$0]) }
    }

    static func bucket(of value: Int64) -> Int {
        guard value >= 256 else { return Int(value) }
        let shift = 56 - value.leadingZeroBitCount
        return shift << 7 + Int(value >> Int64(shift))
    }

    static func highest(in bucket: Int) -> Int64 {
        guard bucket >= 256 else { return Int64(bucket) }
        let shift = bucket >> 7 - 1
        let first = Int64(bucket & 127 + 128) << Int64(shift)
        return first + (Int64(1) << Int64(shift) - 1)
    }
}
