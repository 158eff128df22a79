public import StreamCore

/// Fires whenever a window has got a given number of records since it last fired.
///
/// It doesn't fire at the window's end: combine it with ``EventTimeTrigger`` by ``AnyTrigger`` for the records left then.
public struct CountTrigger<Element: Sendable>: Trigger {
    /// The number of records since the last pane.
    public typealias State = Int

    @usableFromInline let count: Int

    /// Fires with every `count`-th record of a window.
    @inlinable
    public init(_ count: Int) { self.count = count }

    /// None yet.
    @inlinable
    public func makeState() -> Int { 0 }

    /// Counts, and fires when there are enough.
    @inlinable
    public func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout Int,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        state += 1
        guard state >= count else { return .goOn }
        state = 0
        return .fire
    }

    /// Adds both counts.
    @inlinable
    public func onMerge(
        _ other: Int, into window: TimeWindow, _ state: inout Int, _ context: inout TriggerContext
    ) { state += other }

    /// False.
    @inlinable
    public var needsEventTime: Bool { false }

    /// A count that isn't positive.
    @inlinable
    public var problem: String? {
        count > 0 ? nil : "the count trigger's count is \(count); it must be at least 1"
    }
}

extension Trigger {
    /// Fires with every `count`-th record of a window.
    @inlinable
    public static func count<Record>(_ count: Int) -> Self where Self == CountTrigger<Record> { CountTrigger(count) }
}
