/// Random numbers of the generator: splitmix64, so that a seed gives the same file on every platform.
///
/// For the same reason only operations that IEEE 754 defines exactly are used on doubles (no logarithm, no sine).
struct GeneratorRandom {
    private var state: UInt64

    init(seed: UInt64) { state = Self.mix(seed) }

    /// A bijection that spreads its argument over 64 bits.
    static func mix(_ value: UInt64) -> UInt64 {
        var x = value &+ 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }

    /// 64 random bits.
    mutating func next() -> UInt64 {
        defer { state &+= 0x9E37_79B9_7F4A_7C15 }
        return Self.mix(state)
    }

    /// A number in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Whether something of this probability happens.
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// A number in 0..<`limit`.
    mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(limit)).high)
    }

    /// Milliseconds in `least..<least + spread`, most of them near `least` (the square of a uniform number).
    mutating func delay(_ least: Int64, _ spread: Int64) -> Int64 {
        let u = unit()
        return least + Int64(u * u * Double(spread))
    }
}

/// Draws ranks 0..<count with weights 1/(rank+1)^exponent for the exponents 1/2 and 1, by binary search.
struct GeneratorRanking {
    private var cumulative: [Double] = []

    init(count: Int, steep: Bool) {
        cumulative.reserveCapacity(count)
        var sum = 0.0
        for rank in 1...count {
            sum += 1 / (steep ? Double(rank) : Double(rank).squareRoot())
            cumulative.append(sum)
        }
    }

    func draw(_ random: inout GeneratorRandom) -> Int {
        let target = random.unit() * (cumulative.last ?? 0)
        var low = 0
        var high = cumulative.count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= target { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
