/// How records are folded into a result, as mergeable partial results.
///
/// Partial results of disjoint sets of records can be merged, which lets overlapping windows share work and sessions
/// join. `add` and `merge` must be associative and commutative up to equality of results, so that results don't depend
/// on arrival order. Write one as a struct: it is then specialised into the operator's loop.
public protocol AggregateFunction<Input>: Sendable {
    /// The records.
    associatedtype Input
    /// A partial result, of at least one record.
    associatedtype Accumulator: Sendable
    /// The result.
    associatedtype Output: Sendable

    /// The partial result of one record.
    func start(_ element: Input) -> Accumulator

    /// Adds a record to a partial result.
    func add(_ element: Input, to accumulator: inout Accumulator)

    /// Adds the records of another partial result, of later windows or sessions where there is an order.
    func merge(_ other: Accumulator, into accumulator: inout Accumulator)

    /// The result. May be asked for more than once, with records added in between.
    func result(_ accumulator: Accumulator) -> Output
}
