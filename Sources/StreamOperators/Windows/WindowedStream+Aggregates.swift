public import StreamCore

extension WindowedStream {
    /// Folds the records of each key and window into two results at once; see ``aggregate(_:_:)``.
    @inlinable
    public func aggregate<First: AggregateFunction, Second: AggregateFunction>(
        _ name: String, _ first: First, _ second: Second
    ) -> DataStream<Pane<Key, (First.Output, Second.Output)>>
    where First.Input == Element, Second.Input == Element {
        aggregate(name, Aggregates2(first, second))
    }

    /// Folds the records of each key and window into three results at once; see ``aggregate(_:_:)``.
    @inlinable
    public func aggregate<First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction>(
        _ name: String, _ first: First, _ second: Second, _ third: Third
    ) -> DataStream<Pane<Key, (First.Output, Second.Output, Third.Output)>>
    where First.Input == Element, Second.Input == Element, Third.Input == Element {
        aggregate(name, Aggregates3(first, second, third))
    }

    /// Folds the records of each key and window into four results at once; see ``aggregate(_:_:)``.
    @inlinable
    public func aggregate<
        First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction, Fourth: AggregateFunction
    >(
        _ name: String, _ first: First, _ second: Second, _ third: Third, _ fourth: Fourth
    ) -> DataStream<Pane<Key, (First.Output, Second.Output, Third.Output, Fourth.Output)>>
    where First.Input == Element, Second.Input == Element, Third.Input == Element, Fourth.Input == Element {
        aggregate(name, Aggregates4(first, second, third, fourth))
    }

    /// Folds the records of each key and window into five results at once; see ``aggregate(_:_:)``.
    @inlinable
    public func aggregate<
        First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction, Fourth: AggregateFunction,
        Fifth: AggregateFunction
    >(
        _ name: String, _ first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth
    ) -> DataStream<Pane<Key, (First.Output, Second.Output, Third.Output, Fourth.Output, Fifth.Output)>>
    where
        First.Input == Element, Second.Input == Element, Third.Input == Element, Fourth.Input == Element,
        Fifth.Input == Element
    {
        aggregate(name, Aggregates5(first, second, third, fourth, fifth))
    }

    /// Folds the records of each key and window into six results at once; see ``aggregate(_:_:)``.
    @inlinable
    public func aggregate<
        First: AggregateFunction, Second: AggregateFunction, Third: AggregateFunction, Fourth: AggregateFunction,
        Fifth: AggregateFunction, Sixth: AggregateFunction
    >(
        _ name: String, _ first: First, _ second: Second, _ third: Third, _ fourth: Fourth, _ fifth: Fifth,
        _ sixth: Sixth
    ) -> DataStream<Pane<Key, (First.Output, Second.Output, Third.Output, Fourth.Output, Fifth.Output, Sixth.Output)>>
    where
        First.Input == Element, Second.Input == Element, Third.Input == Element, Fourth.Input == Element,
        Fifth.Input == Element, Sixth.Input == Element
    {
        aggregate(name, Aggregates6(first, second, third, fourth, fifth, sixth))
    }
}
