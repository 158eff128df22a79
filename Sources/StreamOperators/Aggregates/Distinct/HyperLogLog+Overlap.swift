extension HyperLogLog {
    /// How much two sketches have in common, by inclusion and exclusion: |A ∩ B| = |A| + |B| − |A ∪ B|.
    public struct Overlap: Sendable, Equatable {
        /// The estimated number of values in either.
        public var union: Int
        /// The estimated number of values in both, not below 0 nor above the smaller sketch.
        public var intersection: Int
        /// The estimated share of the union that is in both, 0 through 1; 0 for two empty sketches.
        public var jaccard: Double
        /// The standard error of ``intersection``, in values.
        ///
        /// That of the three estimates together, so it is relative to the *union*: a small overlap of large sets is
        /// lost in it.
        public var intersectionError: Double
    }

    /// The sketch of what either has seen; see ``merge(_:)``.
    public func union(_ other: HyperLogLog) -> HyperLogLog {
        var union = self
        union.merge(other)
        return union
    }

    /// How much this sketch and `other` have in common; at the lower of their precisions.
    public func overlap(with other: HyperLogLog) -> Overlap {
        let a = folded(to: other.precision)
        let b = other.folded(to: precision)
        let union = a.union(b)
        let (sizeA, sizeB, sizeUnion) = (a.estimate, b.estimate, union.estimate)
        let intersection = Swift.min(Swift.max(sizeA + sizeB - sizeUnion, 0), sizeA, sizeB)
        let squares = [sizeA, sizeB, sizeUnion].reduce(0) { $0 + Double($1) * Double($1) }
        return Overlap(
            union: sizeUnion, intersection: intersection,
            jaccard: sizeUnion == 0 ? 0 : Swift.min(Double(intersection) / Double(sizeUnion), 1),
            intersectionError: union.standardError * squares.squareRoot())
    }
}
