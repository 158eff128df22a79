/// How many values the levels of a ``KLLSketch`` hold.
@usableFromInline
enum KLLCapacity {
    /// (2/3)^depth.
    @usableFromInline static let shares: [Double] = {
        var shares = [1.0]
        while shares.count < 64 { shares.append(shares[shares.count - 1] * 2 / 3) }
        return shares
    }()

    /// The number of values of the level that lies `depth` below the top; never under 8.
    @inlinable
    static func ofLevel(depth: Int, accuracy: Int) -> Int {
        Swift.max(8, Int((Double(accuracy) * shares[Swift.min(depth, 63)]).rounded(.up)))
    }

    /// The number of values of all levels together.
    @inlinable
    static func ofAll(levels: Int, accuracy: Int) -> Int {
        var sum = 0
        for depth in 0..<levels { sum += ofLevel(depth: depth, accuracy: accuracy) }
        return sum
    }
}
