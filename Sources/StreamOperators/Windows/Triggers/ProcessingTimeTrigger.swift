public import StreamCore

/// Fires by the job's clock: when it reaches the window's end, or a while after a pane's first record.
///
/// A window whose time by the clock has not come when the input ends fires then.
public struct ProcessingTimeTrigger<Element: Sendable>: Trigger {
    /// When the delay is over; `Timestamp.max` when it hasn't begun.
    public typealias State = Timestamp

    @usableFromInline let delay: Int64?

    /// Fires when the clock reaches the window's end; with a `delay`, that long after the first record since the last
    /// pane.
    @inlinable
    public init(delay: Duration? = nil) { self.delay = delay?.milliseconds }

    /// No delay has begun.
    @inlinable
    public func makeState() -> Timestamp { .max }

    /// Asks for the time.
    @inlinable
    public func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout Timestamp,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        if let delay {
            if state == .max { state = context.processingTime.advanced(byMilliseconds: delay) }
            context.wake(atProcessingTime: state)
        } else {
            context.wake(atProcessingTime: window.maxTimestamp)
        }
        return .goOn
    }

    /// Fires.
    @inlinable
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout Timestamp, _ context: inout TriggerContext
    ) -> TriggerResult {
        state = .max
        return .fire
    }

    /// Asks for the time of the merged window: its end, or the earlier of both times.
    @inlinable
    public func onMerge(
        _ other: Timestamp, into window: TimeWindow, _ state: inout Timestamp, _ context: inout TriggerContext
    ) {
        guard delay != nil else { return context.wake(atProcessingTime: window.maxTimestamp) }
        context.cancel(atProcessingTime: state)
        state = min(state, other)
        if state < .max { context.wake(atProcessingTime: state) }
    }

    /// False.
    @inlinable
    public var needsEventTime: Bool { false }

    /// A delay that isn't positive.
    @inlinable
    public var problem: String? {
        delay.flatMap { WindowParameters.problem(length: $0, "processing-time trigger's delay") }
    }
}

extension Trigger {
    /// Fires when the job's clock reaches the window's end.
    @inlinable
    public static func processingTime<Record>() -> Self where Self == ProcessingTimeTrigger<Record> {
        ProcessingTimeTrigger()
    }

    /// Fires `delay` of processing time after the first record since the last pane.
    @inlinable
    public static func processingTime<Record>(after delay: Duration) -> Self
    where Self == ProcessingTimeTrigger<Record> { ProcessingTimeTrigger(delay: delay) }
}
