public import StreamCore

/// Fires at regular times before the window's end, then as ``EventTimeTrigger`` does.
///
/// An early pane whose result is that of the pane before is left out.
public struct EarlyTrigger<Element: Sendable>: Trigger {
    /// Nothing is remembered.
    public typealias State = Void

    @usableFromInline let interval: Int64
    @usableFromInline let domain: TimeDomain

    /// Fires at every multiple of `interval` in the given notion of time.
    @inlinable
    public init(every interval: Duration, in domain: TimeDomain = .eventTime) {
        self.interval = interval.milliseconds
        self.domain = domain
    }

    /// Asks for the next regular time and the end; fires at once after the end.
    @inlinable
    public func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout Void,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        if window.maxTimestamp <= context.watermark { return .fire }
        context.wake(at: window.maxTimestamp)
        switch domain {
        case .eventTime: wake(after: max(timestamp, context.watermark), window, &context)
        case .processingTime: wakeByClock(after: context.processingTime, &context)
        }
        return .goOn
    }

    @inlinable
    func wake(after time: Timestamp, _ window: TimeWindow, _ context: inout TriggerContext) {
        let next = time.floored(to: interval).advanced(byMilliseconds: interval)
        if next < window.maxTimestamp { context.wake(at: next) }
    }

    @inlinable
    func wakeByClock(after time: Timestamp, _ context: inout TriggerContext) {
        context.wake(atProcessingTime: time.floored(to: interval).advanced(byMilliseconds: interval))
    }

    /// Fires, and asks for the next regular time that the watermark has not passed.
    @inlinable
    public func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
    ) -> TriggerResult {
        if time < window.maxTimestamp && domain == .eventTime {
            wake(after: max(time, context.watermark), window, &context)
        }
        return .fire
    }

    /// Fires, and asks for the next regular time while the window is open.
    @inlinable
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
    ) -> TriggerResult {
        guard context.watermark < window.maxTimestamp else { return .goOn }
        wakeByClock(after: max(time, context.processingTime), &context)
        return .fire
    }

    /// Asks for the end of the merged window and the next regular time.
    @inlinable
    public func onMerge(
        _ other: Void, into window: TimeWindow, _ state: inout Void, _ context: inout TriggerContext
    ) {
        guard window.maxTimestamp > context.watermark else { return }
        context.wake(at: window.maxTimestamp)
        switch domain {
        case .eventTime: wake(after: max(window.start, context.watermark), window, &context)
        case .processingTime: wakeByClock(after: context.processingTime, &context)
        }
    }

    /// Whether it goes by event time.
    @inlinable
    public var needsEventTime: Bool { domain == .eventTime }

    /// True.
    @inlinable
    public var suppressesRepeats: Bool { true }

    /// An interval that isn't positive.
    @inlinable
    public var problem: String? { WindowParameters.problem(length: interval, "early trigger's interval") }
}

extension Trigger {
    /// Fires every `interval` before the window's end (an early pane identical to the last is left out), at the end, and
    /// again for each late record.
    ///
    /// - Parameters:
    ///   - interval: the time between early panes; they come at its multiples.
    ///   - domain: whether it is event time, which is reproducible and the default, or processing time.
    @inlinable
    public static func early<Record>(
        every interval: Duration, in domain: TimeDomain = .eventTime
    ) -> Self where Self == EarlyTrigger<Record> { EarlyTrigger(every: interval, in: domain) }
}
