public import StateBackend
public import StreamCore

/// Decides when a window's pane is emitted.
///
/// A trigger is a value without state; what it remembers per key and window is its `State`, which is saved with the
/// window. It is called for each record, and at the times that it asked its context for.
public protocol Trigger<Element>: Sendable, SendableType {
    /// The records.
    associatedtype Element: Sendable
    /// What is remembered per key and window; `Void` for nothing.
    associatedtype State: Sendable

    /// The state of a new window.
    func makeState() -> State

    /// A record was added to the window.
    func onElement(
        _ element: Element, at timestamp: Timestamp, in window: TimeWindow, _ state: inout State,
        _ context: inout TriggerContext
    ) -> TriggerResult

    /// The watermark has reached a time asked for. By default: go on.
    func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult

    /// The clock has reached a processing time asked for. By default: go on.
    func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult

    /// Windows have become one, `window`: takes over the state of another of them.
    ///
    /// Times asked for by either are forgotten; ask again for those that still apply.
    func onMerge(
        _ other: State, into window: TimeWindow, _ state: inout State, _ context: inout TriggerContext)

    /// How the state is saved. By default ``StateCodec/automatic``.
    var stateCodec: StateCodec<State> { get }

    /// Whether the trigger waits for watermarks before the window's end, so that a stream without them is rejected even
    /// where the shape needs none. By default true.
    var needsEventTime: Bool { get }

    /// Whether an early pane with the same result as the one before is left out. By default false: it is left out
    /// only when no record came since.
    var suppressesRepeats: Bool { get }

    /// What is wrong with the parameters, with the remedy, or nil.
    var problem: String? { get }
}

/// What a trigger wants done.
@frozen
public enum TriggerResult: Sendable, Equatable {
    /// Nothing.
    case goOn
    /// Emit the pane.
    case fire
    /// Forget the window's records.
    case purge
    /// Emit the pane, then forget the window's records.
    case fireAndPurge

    /// What is done when two triggers want this and `other`.
    public func union(_ other: TriggerResult) -> TriggerResult {
        let fires = self == .fire || self == .fireAndPurge || other == .fire || other == .fireAndPurge
        let purges = self == .purge || self == .fireAndPurge || other == .purge || other == .fireAndPurge
        return fires ? (purges ? .fireAndPurge : .fire) : (purges ? .purge : .goOn)
    }
}

extension Trigger {
    /// Goes on.
    @inlinable
    public func onEventTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult { .goOn }

    /// Goes on.
    @inlinable
    public func onProcessingTime(
        _ time: Timestamp, in window: TimeWindow, _ state: inout State, _ context: inout TriggerContext
    ) -> TriggerResult { .goOn }

    /// The codec that the state's type brings.
    public var stateCodec: StateCodec<State> { .automatic }

    /// True.
    public var needsEventTime: Bool { true }

    /// False.
    public var suppressesRepeats: Bool { false }

    /// Nothing.
    public var problem: String? { nil }
}

extension Trigger where State == Void {
    /// Nothing.
    @inlinable
    public func makeState() {}

    /// Nothing to write.
    public var stateCodec: StateCodec<Void> { StateCodec(encode: { _, _ in }, decode: { _ in }) }
}

/// What a trigger can see, and the times at which it wants to be called.
public struct TriggerContext {
    /// The watermark; `Timestamp.min` before there is one.
    public let watermark: Timestamp
    @usableFromInline let clock: ProcessingTime
    /// The times asked for, ascending, each once.
    @usableFromInline var eventTimes: [Timestamp] = []
    @usableFromInline var processingTimes: [Timestamp] = []

    @usableFromInline
    init(watermark: Timestamp, clock: ProcessingTime) {
        self.watermark = watermark
        self.clock = clock
    }

    /// The processing time, by the job's clock.
    public var processingTime: Timestamp { clock.now }

    /// Asks for a call when the watermark reaches `time`; for a time it has passed, when it next rises.
    ///
    /// In a call for a time, one that isn't later waits for the next rise as well; at the end of the input only the
    /// window's end is still called for.
    public mutating func wake(at time: Timestamp) { Self.insert(time, into: &eventTimes) }

    /// Asks for a call when the clock reaches `time`; at the end of the input it is made in any case.
    public mutating func wake(atProcessingTime time: Timestamp) { Self.insert(time, into: &processingTimes) }

    /// Takes back ``wake(at:)``.
    public mutating func cancel(at time: Timestamp) { eventTimes.removeAll { $0 == time } }

    /// Takes back ``wake(atProcessingTime:)``.
    public mutating func cancel(atProcessingTime time: Timestamp) { processingTimes.removeAll { $0 == time } }

    private static func insert(_ time: Timestamp, into times: inout [Timestamp]) {
        var index = times.count
        while index > 0 && times[index - 1] > time { index -= 1 }
        if index > 0 && times[index - 1] == time { return }
        times.insert(time, at: index)
    }
}
