/// Keeps the last records of a window, a given number of them.
public struct CountEvictor<Element: Sendable>: Evictor {
    @usableFromInline let count: Int

    /// Keeps the last `count` records.
    @inlinable
    public init(_ count: Int) { self.count = count }

    /// Removes all but the last records.
    @inlinable
    public func evictBefore(_ elements: inout [TimedElement<Element>], in window: TimeWindow) {
        if elements.count > count { elements.removeFirst(elements.count - count) }
    }

    /// A count that isn't positive.
    @inlinable
    public var problem: String? {
        count > 0 ? nil : "the evictor's count is \(count); it must be at least 1"
    }
}

extension Evictor {
    /// Keeps the last `count` records of each window, by event time.
    @inlinable
    public static func count<Record>(_ count: Int) -> Self where Self == CountEvictor<Record> { CountEvictor(count) }
}
