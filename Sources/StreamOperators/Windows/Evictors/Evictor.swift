/// Removes records of a window before or after its function sees them.
///
/// A window with an evictor keeps all its records. What is removed is gone for later panes as well.
public protocol Evictor<Element>: Sendable {
    /// The records.
    associatedtype Element: Sendable

    /// Removes records before the function sees them; they are in the order of their times.
    func evictBefore(_ elements: inout [TimedElement<Element>], in window: TimeWindow)

    /// Removes records after the function has seen them. By default none.
    func evictAfter(_ elements: inout [TimedElement<Element>], in window: TimeWindow)

    /// What is wrong with the parameters, with the remedy, or nil. By default nothing.
    var problem: String? { get }
}

extension Evictor {
    /// Removes none.
    public func evictAfter(_ elements: inout [TimedElement<Element>], in window: TimeWindow) {}

    /// Nothing.
    public var problem: String? { nil }
}
