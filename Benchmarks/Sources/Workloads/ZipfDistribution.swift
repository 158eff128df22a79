#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Zipf's law over the ranks 0 ..< `count`: rank r has the weight (r + 1)^-exponent.
///
/// Drawn without rejection from one number, by an alias table (Walker 1977, Vose 1991) over at most 4,096 segments: the
/// first 2,048 ranks have one each and are exact; the others share segments that grow by the same factor, within which
/// ranks are drawn uniformly. With 10 million ranks that factor is 1.004, so no rank's weight is wrong by more than
/// 0.4 % with exponents up to 1.
@frozen
public struct ZipfDistribution: Sendable {
    @usableFromInline
    struct Segment: BitwiseCopyable, Sendable {
        /// Below this, of 2^32, the draw stays here; else it goes to `alias`.
        @usableFromInline var stay: UInt64 = 1 << 32
        @usableFromInline var alias = 0
        @usableFromInline var first: UInt64 = 0
        @usableFromInline var size: UInt64 = 1
    }

    @usableFromInline static let segmentCount = 4096
    @usableFromInline var segments: [Segment]

    /// The law over `count` ranks, 1 through 2^32.
    public init(count: Int64, exponent: Double) {
        let bounds = Self.bounds(count)
        segments = [Segment](repeating: Segment(), count: Self.segmentCount)
        var weights = [Double](repeating: 0, count: Self.segmentCount)
        for i in 1..<bounds.count {
            let (first, end) = (bounds[i - 1], bounds[i])
            segments[i - 1].first = UInt64(first)
            segments[i - 1].size = UInt64(end - first)
            weights[i - 1] =
                end - first == 1
                ? pow(Double(end), -exponent) : Self.integral(Double(first) + 0.5, Double(end) + 0.5, exponent)
        }
        fillAliases(weights)
    }

    /// The rank that a number with 64 random bits stands for.
    @inlinable
    @inline(__always)
    public func rank(_ bits: UInt64) -> UInt64 {
        let column = Int(truncatingIfNeeded: bits &>> 52)
        let drawn = segments[column]
        let segment = (bits &>> 20) & 0xFFFF_FFFF < drawn.stay ? drawn : segments[drawn.alias]
        return segment.first &+ ((mix(bits) &>> 32) &* segment.size) &>> 32
    }

    /// The first rank of each segment, and the count.
    private static func bounds(_ count: Int64) -> [Int64] {
        if count <= Int64(segmentCount) { return Array(0...count) }
        let single = segmentCount / 2
        var bounds = (0...Int64(single)).map { $0 }
        let factor = Double(count) / Double(single)
        for i in 1...single {
            let grown = Int64((Double(single) * pow(factor, Double(i) / Double(single))).rounded())
            bounds.append(min(max(grown, (bounds.last ?? 0) + 1), count))
        }
        bounds[bounds.count - 1] = count
        return bounds
    }

    /// The integral of x^-exponent.
    private static func integral(_ from: Double, _ to: Double, _ exponent: Double) -> Double {
        let power = 1 - exponent
        return abs(power) < 1e-9 ? log(to / from) : (pow(to, power) - pow(from, power)) / power
    }

    /// Each column keeps what is left of its own weight and gives the rest to one other, so that all weigh the same.
    private mutating func fillAliases(_ weights: [Double]) {
        let mean = weights.reduce(0, +) / Double(weights.count)
        var left = weights
        var small = weights.indices.filter { weights[$0] < mean }
        var large = weights.indices.filter { weights[$0] >= mean }
        while let poor = small.popLast() {
            guard let rich = large.last else {
                // Rounding has left a column that is full as it is.
                segments[poor].alias = poor
                continue
            }
            segments[poor].stay = UInt64((left[poor] / mean * 0x1p32).rounded())
            segments[poor].alias = rich
            left[rich] -= mean - left[poor]
            if left[rich] < mean {
                large.removeLast()
                small.append(rich)
            }
        }
        for column in large { segments[column].alias = column }
    }
}
