extension AggregateFunction {
    /// The `limit` highest values of a field, the highest first.
    @inlinable
    public static func top<Element, Value: Comparable & Sendable>(
        _ limit: Int, _ value: @escaping @Sendable (Element) -> Value
    ) -> Self where Self == TopN<Element, Value, Value> { TopN(limit, of: value, by: value) }

    /// The `limit` records that are highest by a field, the highest first; see ``TopN`` for equal ones.
    @inlinable
    public static func top<Element: Sendable, Rank: Comparable & Sendable>(
        _ limit: Int, by rank: @escaping @Sendable (Element) -> Rank
    ) -> Self where Self == TopN<Element, Element, Rank> { TopN(limit, of: { $0 }, by: rank) }

    /// A field of the `limit` records that are highest by another, the highest first; see ``TopN`` for equal ones.
    @inlinable
    public static func top<Element, Value: Sendable, Rank: Comparable & Sendable>(
        _ limit: Int, of value: @escaping @Sendable (Element) -> Value,
        by rank: @escaping @Sendable (Element) -> Rank
    ) -> Self where Self == TopN<Element, Value, Rank> { TopN(limit, of: value, by: rank) }

    /// A field of the `limit` records that are highest by another, the highest first; where rank and time are equal
    /// the lower value first.
    @inlinable
    public static func top<Element, Value: Comparable & Sendable, Rank: Comparable & Sendable>(
        _ limit: Int, of value: @escaping @Sendable (Element) -> Value,
        by rank: @escaping @Sendable (Element) -> Rank
    ) -> Self where Self == TopN<Element, Value, Rank> { TopN(limit, of: value, by: rank) }
}
