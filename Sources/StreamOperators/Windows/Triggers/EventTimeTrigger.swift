public import StreamCore

/// Fires when the watermark passes the window's end, and again for each late record: what windows do by default.
@frozen
public struct EventTimeTrigger<Element: Sendable>: Trigger {
    /// Nothing is remembered.
    public typealias State = Void

    /// The default trigger.
    @inlinable
    public init() {}

    /// Fires for a record that comes after the end; else waits for the end.
    @inlinable
    public func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout Void,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        if window.maxTimestamp <= context.watermark { return .fire }
        context.wake(at: window.maxTimestamp)
        return .goOn
    }

    /// Fires at the end.
    @inlinable
    public func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
    ) -> TriggerResult { time == window.maxTimestamp ? .fire : .goOn }

    /// Waits for the new end.
    @inlinable
    public func onMerge(
        _ other: Void, into window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
    ) {
        if window.maxTimestamp > context.watermark { context.wake(at: window.maxTimestamp) }
    }

    /// False: it waits for the end only.
    @inlinable
    public var needsEventTime: Bool { false }
}

extension Trigger {
    /// Fires when the watermark passes the window's end, and again for each late record.
    @inlinable
    public static func eventTime<Record>() -> Self where Self == EventTimeTrigger<Record> { EventTimeTrigger() }
}
