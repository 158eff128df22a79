public import StreamCore

/// Fires by the job's clock: when it reaches the window's end, or a while after a pane's first record.
///
/// A window whose time by the clock has not come when the input ends fires then.
public struct ProcessingTimeTrigger<Element: Sendable>: Trigger {
    /// When the delay is over; `Timestamp.max` when it hasn't begun.
    public typealias State = Timestamp

    private let delay: Int64?

    /// Fires when the clock reaches the window's end; with a `delay`, that long after the first record since the last
    /// pane.
    public init(delay: Duration? = nil) { self.delay = delay?.milliseconds }

    /// No delay has begun.
    public func makeState() -> Timestamp { .max }

    /// Asks for the time.
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
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout Timestamp, _ context: inout TriggerContext
    ) -> TriggerResult {
        state = .max
        return .fire
    }

    /// Asks for the time of the merged window: its end, or the earlier of both times.
    public func onMerge(
        _ other: Timestamp, into window: TimeWindow, _ state: inout Timestamp, _ context: inout TriggerContext
    ) {
        guard delay != nil else { return context.wake(atProcessingTime: window.maxTimestamp) }
        context.cancel(atProcessingTime: state)
        state = min(state, other)
        if state < .max { context.wake(atProcessingTime: state) }
    }

    /// False.
    public var needsEventTime: Bool { false }

    /// A delay that isn't positive.
    public var problem: String? {
        delay.flatMap { WindowParameters.problem(length: $0, "processing-time trigger's delay") }
    }
}

extension Trigger {
    /// Fires when the job's clock reaches the window's end.
    public static func processingTime<Record>() -> Self where Self == ProcessingTimeTrigger<Record> {
        ProcessingTimeTrigger()
    }

    /// Fires `delay` of processing time after the first record since the last pane.
    public static func processingTime<Record>(after delay: Duration) -> Self
    where Self == ProcessingTimeTrigger<Record> { ProcessingTimeTrigger(delay: delay) }
}
