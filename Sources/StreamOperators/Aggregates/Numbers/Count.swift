/// The number of records.
@frozen
public struct Count<Input>: AggregateFunction {
    /// A count of all records.
    @inlinable
    public init() {}

    /// 1.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Int { 1 }
    /// One more.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Int) { accumulator &+= 1 }
    /// The sum of both.
    @inlinable @inline(__always)
    public func merge(_ other: Int, into accumulator: inout Int) { accumulator &+= other }
    /// The number.
    @inlinable @inline(__always)
    public func result(_ accumulator: Int) -> Int { accumulator }
}

/// The number of records that meet a condition.
@frozen
public struct CountWhere<Input>: AggregateFunction {
    @usableFromInline let condition: @Sendable (Input) -> Bool

    /// A count of the records for which `condition` is true.
    @inlinable
    public init(_ condition: @escaping @Sendable (Input) -> Bool) { self.condition = condition }

    /// 1 or 0.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Int { condition(element) ? 1 : 0 }
    /// One more, or as many.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Int) { accumulator &+= condition(element) ? 1 : 0 }
    /// The sum of both.
    @inlinable @inline(__always)
    public func merge(_ other: Int, into accumulator: inout Int) { accumulator &+= other }
    /// The number.
    @inlinable @inline(__always)
    public func result(_ accumulator: Int) -> Int { accumulator }
}

extension AggregateFunction {
    /// The number of records.
    @inlinable
    public static func count<Element>() -> Self where Self == Count<Element> { Count() }

    /// The number of records for which `condition` is true.
    @inlinable
    public static func count<Element>(
        where condition: @escaping @Sendable (Element) -> Bool
    ) -> Self where Self == CountWhere<Element> { CountWhere(condition) }
}
