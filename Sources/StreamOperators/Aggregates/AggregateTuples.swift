// One struct per number of aggregates: a pack can't yet require the same input of all its members (Swift 6.3).

/// Two aggregates of the same records at once.
@frozen
public struct Aggregates2<First: AggregateFunction, Second: AggregateFunction>: AggregateFunction
where Second.Input == First.Input {
    /// The records.
    public typealias Input = First.Input
    /// The partial results.
    public typealias Accumulator = (First.Accumulator, Second.Accumulator)
    /// The results, in the order of the aggregates.
    public typealias Output = (First.Output, Second.Output)

    @usableFromInline let members: (First, Second)

    /// The given aggregates, side by side.
    @inlinable
    public init(_ first: First, _ second: Second) { members = (first, second) }

    /// A partial result of each.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Accumulator {
        (members.0.start(element), members.1.start(element))
    }
    /// The record added to each.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        members.0.add(element, to: &accumulator.0)
        members.1.add(element, to: &accumulator.1)
    }
    /// Each merged.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        members.0.merge(other.0, into: &accumulator.0)
        members.1.merge(other.1, into: &accumulator.1)
    }
    /// The result of each.
    @inlinable
    public func result(_ accumulator: Accumulator) -> Output {
        (members.0.result(accumulator.0), members.1.result(accumulator.1))
    }
}

/// Three aggregates of the same records at once.
@frozen
public struct Aggregates3<First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction>:
    AggregateFunction
where Second.Input == First.Input, Third.Input == First.Input {
    /// The records.
    public typealias Input = First.Input
    /// The partial results.
    public typealias Accumulator = (First.Accumulator, Second.Accumulator, Third.Accumulator)
    /// The results, in the order of the aggregates.
    public typealias Output = (First.Output, Second.Output, Third.Output)

    @usableFromInline let members: (First, Second, Third)

    /// The given aggregates, side by side.
    @inlinable
    public init(_ first: First, _ second: Second, _ third: Third) { members = (first, second, third) }

    /// A partial result of each.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Accumulator {
        (members.0.start(element), members.1.start(element), members.2.start(element))
    }
    /// The record added to each.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        members.0.add(element, to: &accumulator.0)
        members.1.add(element, to: &accumulator.1)
        members.2.add(element, to: &accumulator.2)
    }
    /// Each merged.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        members.0.merge(other.0, into: &accumulator.0)
        members.1.merge(other.1, into: &accumulator.1)
        members.2.merge(other.2, into: &accumulator.2)
    }
    /// The result of each.
    @inlinable
    public func result(_ accumulator: Accumulator) -> Output {
        (members.0.result(accumulator.0), members.1.result(accumulator.1), members.2.result(accumulator.2))
    }
}

/// Four aggregates of the same records at once.
@frozen
public struct Aggregates4<
    First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction, Fourth: AggregateFunction
>: AggregateFunction
where Second.Input == First.Input, Third.Input == First.Input, Fourth.Input == First.Input {
    /// The records.
    public typealias Input = First.Input
    /// The partial results.
    public typealias Accumulator = (First.Accumulator, Second.Accumulator, Third.Accumulator, Fourth.Accumulator)
    /// The results, in the order of the aggregates.
    public typealias Output = (First.Output, Second.Output, Third.Output, Fourth.Output)

    @usableFromInline let members: (First, Second, Third, Fourth)

    /// The given aggregates, side by side.
    @inlinable
    public init(_ first: First, _ second: Second, _ third: Third, _ fourth: Fourth) {
        members = (first, second, third, fourth)
    }

    /// A partial result of each.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Accumulator {
        (members.0.start(element), members.1.start(element), members.2.start(element), members.3.start(element))
    }
    /// The record added to each.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        members.0.add(element, to: &accumulator.0)
        members.1.add(element, to: &accumulator.1)
        members.2.add(element, to: &accumulator.2)
        members.3.add(element, to: &accumulator.3)
    }
    /// Each merged.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        members.0.merge(other.0, into: &accumulator.0)
        members.1.merge(other.1, into: &accumulator.1)
        members.2.merge(other.2, into: &accumulator.2)
        members.3.merge(other.3, into: &accumulator.3)
    }
    /// The result of each.
    @inlinable
    public func result(_ accumulator: Accumulator) -> Output {
        (
            members.0.result(accumulator.0), members.1.result(accumulator.1), members.2.result(accumulator.2),
            members.3.result(accumulator.3)
        )
    }
}

/// Five aggregates of the same records at once.
@frozen
public struct Aggregates5<
    First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction, Fourth: AggregateFunction,
    Fifth: AggregateFunction
>: AggregateFunction
where Second.Input == First.Input, Third.Input == First.Input, Fourth.Input == First.Input, Fifth.Input == First.Input {
    /// The records.
    public typealias Input = First.Input
    /// The partial results.
    public typealias Accumulator = (
        First.Accumulator, Second.Accumulator, Third.Accumulator, Fourth.Accumulator, Fifth.Accumulator
    )
    /// The results, in the order of the aggregates.
    public typealias Output = (First.Output, Second.Output, Third.Output, Fourth.Output, Fifth.Output)

    @usableFromInline let members: (First, Second, Third, Fourth, Fifth)

    /// The given aggregates, side by side.
    @inlinable
    public init(_ first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth) {
        members = (first, second, third, fourth, fifth)
    }

    /// A partial result of each.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Accumulator {
        (
            members.0.start(element), members.1.start(element), members.2.start(element), members.3.start(element),
            members.4.start(element)
        )
    }
    /// The record added to each.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        members.0.add(element, to: &accumulator.0)
        members.1.add(element, to: &accumulator.1)
        members.2.add(element, to: &accumulator.2)
        members.3.add(element, to: &accumulator.3)
        members.4.add(element, to: &accumulator.4)
    }
    /// Each merged.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        members.0.merge(other.0, into: &accumulator.0)
        members.1.merge(other.1, into: &accumulator.1)
        members.2.merge(other.2, into: &accumulator.2)
        members.3.merge(other.3, into: &accumulator.3)
        members.4.merge(other.4, into: &accumulator.4)
    }
    /// The result of each.
    @inlinable
    public func result(_ accumulator: Accumulator) -> Output {
        (
            members.0.result(accumulator.0), members.1.result(accumulator.1), members.2.result(accumulator.2),
            members.3.result(accumulator.3), members.4.result(accumulator.4)
        )
    }
}

/// Six aggregates of the same records at once.
@frozen
public struct Aggregates6<
    First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction, Fourth: AggregateFunction,
    Fifth: AggregateFunction, Sixth: AggregateFunction
>: AggregateFunction
where
    Second.Input == First.Input, Third.Input == First.Input, Fourth.Input == First.Input, Fifth.Input == First.Input,
    Sixth.Input == First.Input
{
    /// The records.
    public typealias Input = First.Input
    /// The partial results.
    public typealias Accumulator = (
        First.Accumulator, Second.Accumulator, Third.Accumulator, Fourth.Accumulator, Fifth.Accumulator,
        Sixth.Accumulator
    )
    /// The results, in the order of the aggregates.
    public typealias Output = (First.Output, Second.Output, Third.Output, Fourth.Output, Fifth.Output, Sixth.Output)

    @usableFromInline let members: (First, Second, Third, Fourth, Fifth, Sixth)

    /// The given aggregates, side by side.
    @inlinable
    public init(_ first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth, _ sixth: Sixth) {
        members = (first, second, third, fourth, fifth, sixth)
    }

    /// A partial result of each.
    @inlinable @inline(__always)
    public func start(_ element: Input) -> Accumulator {
        (
            members.0.start(element), members.1.start(element), members.2.start(element), members.3.start(element),
            members.4.start(element), members.5.start(element)
        )
    }
    /// The record added to each.
    @inlinable @inline(__always)
    public func add(_ element: Input, to accumulator: inout Accumulator) {
        members.0.add(element, to: &accumulator.0)
        members.1.add(element, to: &accumulator.1)
        members.2.add(element, to: &accumulator.2)
        members.3.add(element, to: &accumulator.3)
        members.4.add(element, to: &accumulator.4)
        members.5.add(element, to: &accumulator.5)
    }
    /// Each merged.
    @inlinable
    public func merge(_ other: Accumulator, into accumulator: inout Accumulator) {
        members.0.merge(other.0, into: &accumulator.0)
        members.1.merge(other.1, into: &accumulator.1)
        members.2.merge(other.2, into: &accumulator.2)
        members.3.merge(other.3, into: &accumulator.3)
        members.4.merge(other.4, into: &accumulator.4)
        members.5.merge(other.5, into: &accumulator.5)
    }
    /// The result of each.
    @inlinable
    public func result(_ accumulator: Accumulator) -> Output {
        (
            members.0.result(accumulator.0), members.1.result(accumulator.1), members.2.result(accumulator.2),
            members.3.result(accumulator.3), members.4.result(accumulator.4), members.5.result(accumulator.5)
        )
    }
}
