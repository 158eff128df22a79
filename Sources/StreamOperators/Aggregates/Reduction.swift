/// Combines records pairwise into one of their own type.
@frozen
public struct Reduction<Input: Sendable>: AggregateFunction {
    @usableFromInline let combine: @Sendable (Input, Input) -> Input

    /// Combines with an associative and commutative function.
    @inlinable
    public init(_ combine: @escaping @Sendable (Input, Input) -> Input) { self.combine = combine }

    /// The record.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Input { element }
    /// The record combined with those before.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Input) { accumulator = combine(accumulator, element) }
    /// Both combined.
    @inlinable @inline(__always)
    public func merge(_ other: Input, into accumulator: inout Input) { accumulator = combine(accumulator, other) }
    /// The combined record.
    @inlinable @inline(__always)
    public func result(_ accumulator: Input) -> Input { accumulator }
}
