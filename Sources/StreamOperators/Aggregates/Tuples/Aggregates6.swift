public import StateBackend
public import StreamCore

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
    /// A partial result of each, with the record's time.
    @inlinable @inline(__always)
    public func start(_ element: Input, at timestamp: Timestamp) -> Accumulator {
        (
            members.0.start(element, at: timestamp), members.1.start(element, at: timestamp),
            members.2.start(element, at: timestamp), members.3.start(element, at: timestamp),
            members.4.start(element, at: timestamp), members.5.start(element, at: timestamp)
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
    /// The record added to each, with its time.
    @inlinable @inline(__always)
    public func add(_ element: Input, at timestamp: Timestamp, to accumulator: inout Accumulator) {
        members.0.add(element, at: timestamp, to: &accumulator.0)
        members.1.add(element, at: timestamp, to: &accumulator.1)
        members.2.add(element, at: timestamp, to: &accumulator.2)
        members.3.add(element, at: timestamp, to: &accumulator.3)
        members.4.add(element, at: timestamp, to: &accumulator.4)
        members.5.add(element, at: timestamp, to: &accumulator.5)
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

    /// What is wrong with the first of them that is wrong.
    public var problem: String? {
        members.0.problem ?? members.1.problem ?? members.2.problem ?? members.3.problem
            ?? members.4.problem ?? members.5.problem
    }

    /// The codec of each, one after the other.
    public var accumulatorCodec: StateCodec<Accumulator> {
        let codecs = (
            members.0.accumulatorCodec, members.1.accumulatorCodec, members.2.accumulatorCodec,
            members.3.accumulatorCodec, members.4.accumulatorCodec, members.5.accumulatorCodec
        )
        return StateCodec(
            of: {
                [codecs.0.schema, codecs.1.schema, codecs.2.schema, codecs.3.schema, codecs.4.schema, codecs.5.schema]
            },
            encode: { value, encoder in
                try codecs.0.encode(value.0, into: &encoder)
                try codecs.1.encode(value.1, into: &encoder)
                try codecs.2.encode(value.2, into: &encoder)
                try codecs.3.encode(value.3, into: &encoder)
                try codecs.4.encode(value.4, into: &encoder)
                try codecs.5.encode(value.5, into: &encoder)
            },
            decode: { written in
                let codecs = (
                    codecs.0.reading(written, 0),
                    codecs.1.reading(written, 1),
                    codecs.2.reading(written, 2),
                    codecs.3.reading(written, 3),
                    codecs.4.reading(written, 4),
                    codecs.5.reading(written, 5)
                )
                return { decoder in
                    (
                        try codecs.0.decode(&decoder), try codecs.1.decode(&decoder), try codecs.2.decode(&decoder),
                        try codecs.3.decode(&decoder), try codecs.4.decode(&decoder), try codecs.5.decode(&decoder)
                    )
                }
            })
    }

    /// Whether each one's results are the same.
    public func isSame(_ a: Output, _ b: Output) -> Bool {
        members.0.isSame(a.0, b.0) && members.1.isSame(a.1, b.1) && members.2.isSame(a.2, b.2)
            && members.3.isSame(a.3, b.3) && members.4.isSame(a.4, b.4) && members.5.isSame(a.5, b.5)
    }
}
