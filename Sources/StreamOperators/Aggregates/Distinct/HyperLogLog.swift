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
    private(set) var sparse: [UInt32] = []
    private(set) var registers: [UInt8] = []

    static var sparseLimit: Int { 512 }

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

    mutating func set(_ index: UInt32, _ rank: UInt8) {
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

    /// Adds everything that `other` has seen.
    ///
    /// Of two precisions the lower one is the result's: the finer sketch is folded to it first.
    public mutating func merge(_ other: HyperLogLog) {
        if other.precision < precision { self = folded(to: other.precision) }
        let other = other.folded(to: precision)
        if other.registers.isEmpty {
            for entry in other.sparse { set(entry >> 8, UInt8(truncatingIfNeeded: entry)) }
            return
        }
        if registers.isEmpty { makeDense() }
        for i in registers.indices where registers[i] < other.registers[i] { registers[i] = other.registers[i] }
    }

    /// The sketch that lower precision would have given of the same values; itself when `precision` isn't lower.
    ///
    /// The index bits that are dropped come first in the rest of the hash, whose leading zeros are the rank.
    public func folded(to precision: Int) -> HyperLogLog {
        guard precision < self.precision else { return self }
        var folded = HyperLogLog(precision: precision)
        let dropped = UInt32(self.precision - folded.precision)
        func fold(_ index: UInt32, _ rank: UInt8) {
            let rest = index & (1 << dropped - 1)
            let zeros = rest == 0 ? dropped + UInt32(rank) - 1 : UInt32(rest.leadingZeroBitCount) - (32 - dropped)
            folded.set(index >> dropped, UInt8(truncatingIfNeeded: zeros + 1))
        }
        for entry in sparse { fold(entry >> 8, UInt8(truncatingIfNeeded: entry)) }
        for (index, rank) in registers.enumerated() where rank > 0 { fold(UInt32(index), rank) }
        return folded
    }
}
