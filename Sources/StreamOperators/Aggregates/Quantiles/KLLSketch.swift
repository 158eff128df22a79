public import StateBackend

/// A sketch of the order of values, from which any quantile can be estimated, in memory that hardly grows with them.
///
/// KLL (Karnin, Lang and Liberty, "Optimal quantile approximation in streams", 2016), with the lazy compaction of Apache
/// DataSketches. Values lie on levels; one on level *h* stands for 2^*h* values. A full level is sorted, and every
/// second value of it goes up one level; whether the odd or the even ones is a coin that depends on nothing but the seed
/// and the numbers of values seen, so that the same values in the same order give the same sketch.
///
/// The rank error is at most ``rankError`` with 99 % probability: 1.33 % at the default accuracy of 200, which takes at
/// most some 600 values. Up to 200 values, quantiles are exact. Values unequal to themselves (NaN) count as the highest.
@frozen
public struct KLLSketch<Value: Comparable & Sendable>: Sendable {
    /// The number of values seen.
    @inlinable public var count: Int { total }
    /// The lowest value seen.
    @inlinable public var lowest: Value { low }
    /// The highest value seen.
    @inlinable public var highest: Value { high }
    /// About how many values are kept, 8 through 65,535.
    @inlinable public var accuracy: Int { k }

    @usableFromInline var total: Int
    @usableFromInline var low: Value
    @usableFromInline var high: Value
    @usableFromInline var k: Int
    /// Level 0, in no order.
    @usableFromInline var bottom: [Value]
    /// The levels from 1 on; values of a level are runs in order.
    @usableFromInline var levels: [[Value]]
    /// The number of values on all levels.
    @usableFromInline var held: Int
    /// The number of values from which on the sketch is compacted.
    @usableFromInline var limit: Int
    @usableFromInline var coin: UInt64

    /// A sketch of one value.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - accuracy: about how many values are kept, clamped to 8...65,535. The default is 200.
    ///   - seed: of the coin. Sketches that are to be merged do best with different ones.
    @inlinable
    public init(_ value: Value, accuracy: Int = 200, seed: UInt64 = 0) {
        k = Swift.min(Swift.max(accuracy, 8), 65_535)
        total = 1
        low = value
        high = value
        bottom = [value]
        levels = []
        held = 1
        limit = k
        coin = seed
    }

    /// The error in rank, as a share of ``count``, that an estimate keeps within with 99 % probability.
    ///
    /// The formula that the DataSketches project fitted: 2.296 / accuracy^0.9723.
    public var rankError: Double { Self.rankError(ofAccuracy: accuracy) }

    /// Adds a value.
    @inlinable
    public mutating func insert(_ value: Value) {
        total &+= 1
        if TotalOrder.precedes(value, low) { low = value }
        if TotalOrder.precedes(high, value) { high = value }
        bottom.append(value)
        held &+= 1
        if held > limit { compact() }
    }

    /// Adds everything that `other` has seen; the lower accuracy of both is the result's.
    @inlinable
    public mutating func merge(_ other: KLLSketch) {
        total &+= other.total
        if TotalOrder.precedes(other.low, low) { low = other.low }
        if TotalOrder.precedes(high, other.high) { high = other.high }
        k = Swift.min(k, other.k)
        coin = StableHash.combine(coin, other.coin)
        bottom += other.bottom
        while levels.count < other.levels.count { levels.append([]) }
        for level in other.levels.indices { levels[level] += other.levels[level] }
        held += other.held
        setLimit()
        while held > limit { compact() }
    }

    @inlinable
    mutating func setLimit() { limit = KLLCapacity.ofAll(levels: levels.count + 1, accuracy: k) }

    /// Compacts the lowest level that is full; there is one whenever all together are.
    @inlinable
    mutating func compact() {
        let depth = levels.count
        var level = 0
        while level < depth {
            let size = level == 0 ? bottom.count : levels[level - 1].count
            if size >= KLLCapacity.ofLevel(depth: depth - level, accuracy: k) { break }
            level += 1
        }
        var values: [Value] = []
        if level == 0 { swap(&values, &bottom) } else { swap(&values, &levels[level - 1]) }
        values.sort { TotalOrder.precedes($0, $1) }
        if level == depth {
            levels.append([])
            setLimit()
        }
        coin = StableHash.combine(coin, UInt64(truncatingIfNeeded: total))
        let odd = values.count & 1
        var next = odd + Int(truncatingIfNeeded: coin >> 32 & 1)
        while next < values.count {
            levels[level].append(values[next])
            next += 2
        }
        held -= values.count / 2
        // Of an odd number one value stays.
        values.removeLast(values.count - odd)
        if level == 0 { swap(&values, &bottom) } else { swap(&values, &levels[level - 1]) }
    }
}
