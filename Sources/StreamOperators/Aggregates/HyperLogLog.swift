internal import StateBackend

/// A sketch that estimates how many distinct values it has seen, in memory that doesn't grow with them.
///
/// HyperLogLog (Flajolet et al., 2007) over the stable hash, with Ertl's estimator (2017), which needs no correction
/// tables. The standard error is 1.04 / sqrt(2^precision): 0.81 % at the default precision of 14, in 16 KiB. Until 512
/// registers are set they are kept as a sparse list.
public struct HyperLogLog: Sendable, Equatable {
    /// The number of hash bits that choose a register, 4 through 18.
    public let precision: Int
    /// Index << 8 | rank of the registers set so far, ascending by index; unused once `registers` is there.
    private var sparse: [UInt32] = []
    private var registers: [UInt8] = []

    private static var sparseLimit: Int { 512 }

    /// An empty sketch.
    ///
    /// - Parameter precision: clamped to 4...18. The default is 14.
    public init(precision: Int = 14) { self.precision = Swift.min(Swift.max(precision, 4), 18) }

    /// The relative standard error of ``estimate``.
    public var standardError: Double { 1.04 / Double(1 << precision).squareRoot() }

    /// Adds the value with the given stable hash.
    public mutating func insert(hash: UInt64) {
        // The stable hash is a single folded multiplication; its bits are stirred once more before they are counted.
        let hash = StableHash.hash(hash)
        let index = UInt32(truncatingIfNeeded: hash >> UInt64(64 - precision))
        let rest = hash << UInt64(precision)
        let rank = UInt8(truncatingIfNeeded: Swift.min(rest.leadingZeroBitCount, 64 - precision) + 1)
        set(index, rank)
    }

    private mutating func set(_ index: UInt32, _ rank: UInt8) {
        guard registers.isEmpty else {
            if registers[Int(index)] < rank { registers[Int(index)] = rank }
            return
        }
        var low = 0
        var high = sparse.count
        while low < high {
            let middle = (low + high) / 2
            if sparse[middle] >> 8 < index { low = middle + 1 } else { high = middle }
        }
        let entry = index << 8 | UInt32(rank)
        if low < sparse.count && sparse[low] >> 8 == index {
            sparse[low] = Swift.max(sparse[low], entry)
        } else {
            sparse.insert(entry, at: low)
            if sparse.count > Self.sparseLimit { makeDense() }
        }
    }

    private mutating func makeDense() {
        registers = Array(repeating: 0, count: 1 << precision)
        for entry in sparse { registers[Int(entry >> 8)] = UInt8(truncatingIfNeeded: entry) }
        sparse = []
    }

    /// Adds everything that `other`, of the same precision, has seen.
    public mutating func merge(_ other: HyperLogLog) {
        precondition(precision == other.precision, "sketches of different precision can't be merged")
        if other.registers.isEmpty {
            for entry in other.sparse { set(entry >> 8, UInt8(truncatingIfNeeded: entry)) }
            return
        }
        if registers.isEmpty { makeDense() }
        for i in registers.indices where registers[i] < other.registers[i] { registers[i] = other.registers[i] }
    }

    /// The estimated number of distinct values.
    public var estimate: Int {
        let m = Double(1 << precision)
        let q = 64 - precision
        var histogram = [Int](repeating: 0, count: q + 2)
        if registers.isEmpty {
            histogram[0] = (1 << precision) - sparse.count
            for entry in sparse { histogram[Int(entry & 0xFF)] += 1 }
        } else {
            for register in registers { histogram[Int(register)] += 1 }
        }
        var z = m * Self.tau(1 - Double(histogram[q + 1]) / m)
        for rank in stride(from: q, through: 1, by: -1) { z = 0.5 * (z + Double(histogram[rank])) }
        z += m * Self.sigma(Double(histogram[0]) / m)
        let estimate = m * m / (2 * 0.693_147_180_559_945_3 * z)
        return estimate.isFinite ? Int(estimate.rounded()) : 0
    }

    private static func sigma(_ x: Double) -> Double {
        if x == 1 { return .infinity }
        var x = x
        var y = 1.0
        var z = x
        while true {
            x *= x
            let before = z
            z += x * y
            y += y
            if z == before { return z }
        }
    }

    private static func tau(_ x: Double) -> Double {
        if x == 0 || x == 1 { return 0 }
        var x = x
        var y = 1.0
        var z = 1 - x
        while true {
            x = x.squareRoot()
            let before = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == before { return z / 3 }
        }
    }
}
