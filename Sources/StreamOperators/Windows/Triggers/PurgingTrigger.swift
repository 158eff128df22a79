public import StateBackend
public import StreamCore

/// Fires when another trigger does, and then forgets the window's records.
public struct PurgingTrigger<Base: Trigger>: Trigger {
    /// The records.
    public typealias Element = Base.Element
    /// What the other trigger remembers.
    public typealias State = Base.State

    @usableFromInline let base: Base

    /// Purges whenever `base` fires.
    @inlinable
    public init(_ base: Base) { self.base = base }

    /// The other trigger's.
    @inlinable
    public func makeState() -> State { base.makeState() }

    /// Asks the other trigger, and purges when it fires.
    @inlinable
    public func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout State,
        _ context: inout TriggerContext
    ) -> TriggerResult { Self.purging(base.onElement(element, at: timestamp, in: window, &state, &context)) }

    /// Asks the other trigger, and purges when it fires.
    @inlinable
    public func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult { Self.purging(base.onEventTime(time, in: window, &state, &context)) }

    /// Asks the other trigger, and purges when it fires.
    @inlinable
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult { Self.purging(base.onProcessingTime(time, in: window, &state, &context)) }

    /// As the other trigger.
    @inlinable
    public func onMerge(
        _ other: State, into window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) { base.onMerge(other, into: window, &state, &context) }

    /// The other trigger's.
    @inlinable
    public var stateCodec: StateCodec<State> { base.stateCodec }

    /// As the other trigger.
    @inlinable
    public var needsEventTime: Bool { base.needsEventTime }

    /// As the other trigger.
    @inlinable
    public var suppressesRepeats: Bool { base.suppressesRepeats }

    /// The other trigger's.
    @inlinable
    public var problem: String? { base.problem }

    @inlinable
    static func purging(_ result: TriggerResult) -> TriggerResult { result == .fire ? .fireAndPurge : result }
}

extension Trigger {
    /// Fires when `base` does, and then forgets the window's records.
    @inlinable
    public static func purging<Base: Trigger>(_ base: Base) -> Self where Self == PurgingTrigger<Base> {
        PurgingTrigger(base)
    }
}
