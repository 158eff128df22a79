public import StateBackend
public import StreamCore

/// Fires when one of two triggers does.
///
/// Both see every record, and each the times that it asked for.
public struct AnyTrigger<First: Trigger, Second: Trigger>: Trigger where First.Element == Second.Element {
    /// The records.
    public typealias Element = First.Element

    /// What both triggers remember.
    public struct State: Sendable {
        var first: First.State
        var second: Second.State
        var firstTimes = Times()
        var secondTimes = Times()
    }

    /// The times that one of the triggers asked for.
    struct Times: Sendable {
        var event: [Timestamp] = []
        var processing: [Timestamp] = []

        mutating func take(_ time: Timestamp, from times: WritableKeyPath<Times, [Timestamp]>) -> Bool {
            guard let index = self[keyPath: times].firstIndex(of: time) else { return false }
            self[keyPath: times].remove(at: index)
            return true
        }
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
        let one = with(&state.firstTimes, context) {
            first.onElement(element, at: timestamp, in: window, &state.first, &$0)
        }
        let two = with(&state.secondTimes, context) {
            second.onElement(element, at: timestamp, in: window, &state.second, &$0)
        }
        unite(state, &context)
        return one.union(two)
    }

    /// Asks the triggers that wanted the call.
    public func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult {
        let isForFirst = state.firstTimes.take(time, from: \.event)
        let isForSecond = state.secondTimes.take(time, from: \.event)
        var result = TriggerResult.goOn
        if isForFirst {
            result = with(&state.firstTimes, context) { first.onEventTime(time, in: window, &state.first, &$0) }
        }
        if isForSecond {
            let two = with(&state.secondTimes, context) { second.onEventTime(time, in: window, &state.second, &$0) }
            result = result.union(two)
        }
        unite(state, &context)
        return result
    }

    /// Asks the triggers that wanted the call.
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult {
        let isForFirst = state.firstTimes.take(time, from: \.processing)
        let isForSecond = state.secondTimes.take(time, from: \.processing)
        var result = TriggerResult.goOn
        if isForFirst {
            result = with(&state.firstTimes, context) { first.onProcessingTime(time, in: window, &state.first, &$0) }
        }
        if isForSecond {
            result = result.union(
                with(&state.secondTimes, context) {
                    second.onProcessingTime(time, in: window, &state.second, &$0)
                })
        }
        unite(state, &context)
        return result
    }

    /// Both take over.
    public func onMerge(
        _ other: State, into window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) {
        // What was asked for before the merge is forgotten; it is no longer among the context's times.
        state.firstTimes.event.removeAll { !context.eventTimes.contains($0) }
        state.firstTimes.processing.removeAll { !context.processingTimes.contains($0) }
        state.secondTimes.event.removeAll { !context.eventTimes.contains($0) }
        state.secondTimes.processing.removeAll { !context.processingTimes.contains($0) }
        with(&state.firstTimes, context) { first.onMerge(other.first, into: window, &state.first, &$0) }
        with(&state.secondTimes, context) { second.onMerge(other.second, into: window, &state.second, &$0) }
        unite(state, &context)
    }

    /// Calls one of the triggers, which sees its own times only.
    private func with<Result>(
        _ times: inout Times, _ context: TriggerContext, _ call: (inout TriggerContext) -> Result
    ) -> Result {
        var own = TriggerContext(watermark: context.watermark, clock: context.clock)
        swap(&own.eventTimes, &times.event)
        swap(&own.processingTimes, &times.processing)
        let result = call(&own)
        times.event = own.eventTimes
        times.processing = own.processingTimes
        return result
    }

    /// The window is called for both triggers' times.
    private func unite(_ state: State, _ context: inout TriggerContext) {
        context.eventTimes = Self.union(state.firstTimes.event, state.secondTimes.event)
        context.processingTimes = Self.union(state.firstTimes.processing, state.secondTimes.processing)
    }

    private static func union(_ a: [Timestamp], _ b: [Timestamp]) -> [Timestamp] {
        a.isEmpty ? b : b.isEmpty || a == b ? a : Set(a + b).sorted()
    }

    /// Both codecs, one after the other, and the times.
    public var stateCodec: StateCodec<State> {
        let firstCodec = first.stateCodec
        let secondCodec = second.stateCodec
        return StateCodec<State>(
            of: { [firstCodec.schema, secondCodec.schema] },
            encode: { state, encoder in
                try firstCodec.encode(state.first, into: &encoder)
                try secondCodec.encode(state.second, into: &encoder)
                for times in [state.firstTimes, state.secondTimes] {
                    try encoder.encode(times.event)
                    try encoder.encode(times.processing)
                }
            },
            decode: { written in
                let firstCodec = firstCodec.reading(written, 0)
                let secondCodec = secondCodec.reading(written, 1)
                return { decoder in
                    var state = State(first: try firstCodec.decode(&decoder), second: try secondCodec.decode(&decoder))
                    state.firstTimes = Times(event: try decoder.decode(), processing: try decoder.decode())
                    state.secondTimes = Times(event: try decoder.decode(), processing: try decoder.decode())
                    return state
                }
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
