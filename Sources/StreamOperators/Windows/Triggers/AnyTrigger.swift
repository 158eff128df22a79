public import StateBackend
public import StreamCore

/// Fires when one of two triggers does.
///
/// Both see every record and every time that either asked for.
public struct AnyTrigger<First: Trigger, Second: Trigger>: Trigger where First.Element == Second.Element {
    /// The records.
    public typealias Element = First.Element

    /// What both triggers remember.
    public struct State: Sendable {
        var first: First.State
        var second: Second.State
    }

    private let first: First
    private let second: Second

    /// Fires when `first` or `second` does.
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    /// Both triggers' states.
    public func makeState() -> State { State(first: first.makeState(), second: second.makeState()) }

    /// Asks both triggers.
    public func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout State,
        _ context: inout TriggerContext
    ) -> TriggerResult {
        let one = first.onElement(element, at: timestamp, in: window, &state.first, &context)
        return one.union(second.onElement(element, at: timestamp, in: window, &state.second, &context))
    }

    /// Asks both triggers.
    public func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult {
        let one = first.onEventTime(time, in: window, &state.first, &context)
        return one.union(second.onEventTime(time, in: window, &state.second, &context))
    }

    /// Asks both triggers.
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult {
        let one = first.onProcessingTime(time, in: window, &state.first, &context)
        return one.union(second.onProcessingTime(time, in: window, &state.second, &context))
    }

    /// Both take over.
    public func onMerge(
        _ other: State, into window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) {
        first.onMerge(other.first, into: window, &state.first, &context)
        second.onMerge(other.second, into: window, &state.second, &context)
    }

    /// Both codecs, one after the other.
    public var stateCodec: StateCodec<State> {
        let firstCodec = first.stateCodec
        let secondCodec = second.stateCodec
        return StateCodec<State>(
            encode: { state, encoder in
                try firstCodec.encode(state.first, into: &encoder)
                try secondCodec.encode(state.second, into: &encoder)
            },
            decode: { decoder in
                State(first: try firstCodec.decode(&decoder), second: try secondCodec.decode(&decoder))
            })
    }

    /// Whether either does.
    public var needsEventTime: Bool { first.needsEventTime || second.needsEventTime }

    /// Whether both do.
    public var suppressesRepeats: Bool { first.suppressesRepeats && second.suppressesRepeats }

    /// The first problem of either.
    public var problem: String? { first.problem ?? second.problem }
}

extension Trigger {
    /// Fires when `first` or `second` does.
    public static func any<First: Trigger, Second: Trigger>(
        _ first: First, _ second: Second
    ) -> Self where Self == AnyTrigger<First, Second> { AnyTrigger(first, second) }
}
