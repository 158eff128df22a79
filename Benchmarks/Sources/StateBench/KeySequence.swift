import Glibc

/// Keys drawn from 0 ..< `count`: uniformly, or Zipf with exponent 0.99 and the ranks scattered.
///
/// Zipf after Gray et al., "Quickly generating billion-record synthetic databases" (1994), as in YCSB.
struct KeySequence {
    private let count: Int64
    private let isZipf: Bool
    private var state: UInt64
    private let alpha: Double
    private let zeta: Double
    private let eta: Double
    private let half: Double

    init(count: Int64, isZipf: Bool, seed: UInt64) {
        self.count = count
        self.isZipf = isZipf
        state = seed
        let theta = 0.99
        var sum = 0.0
        if isZipf { for i in 1...count { sum += 1 / pow(Double(i), theta) } }
        zeta = sum
        half = 1 + pow(0.5, theta)
        alpha = 1 / (1 - theta)
        eta = isZipf ? (1 - pow(2 / Double(count), 1 - theta)) / (1 - half / sum) : 0
    }

    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    mutating func next() -> Int64 {
        let bits = random()
        if !isZipf { return Int64(bits.multipliedFullWidth(by: UInt64(count)).high) }
        let u = Double(bits >> 11) / Double(1 << 53)
        let scaled = u * zeta
        let rank =
            scaled < 1 ? 0 : scaled < half ? 1 : Int64(Double(count) * pow(eta * u - eta + 1, alpha))
        // A multiplication by an odd number that shares no factor with the count scatters the ranks over the keys.
        return Int64(UInt64(min(rank, count - 1)) &* 2_654_435_761 % UInt64(count))
    }
}
