public import StateBackend
public import StreamCore

/// What all steps of one's own over keyed streams have in common: keys, outputs and timers.
///
/// Conform to ``KeyedProcessor`` (one input), ``ConnectedProcessor`` (two inputs of the same keys) or
/// ``BroadcastProcessor`` (one input, and another one that every worker receives).
public protocol KeyedStep: SendableType {
    /// The keys.
    associatedtype Key: StreamKey
    /// The records that go out.
    associatedtype Output: Sendable
    /// The timers' names; by default there are none. Saved by its ``StateCodec/automatic`` codec: an enum without
    /// associated values, a number or a string will do, or make it `Codable`.
    associatedtype TimerID: Hashable & Sendable = Never

    /// Whether a stream without watermarks is refused when the pipeline is described.
    ///
    /// By default it is as soon as there are timers. A step that sets timers of processing time only says false.
    static var needsEventTime: Bool { get }

    /// Reacts to a timer of a key; the state's handles show the key's values.
    ///
    /// - Parameters:
    ///   - id: the timer's name.
    ///   - time: the time that it was set for.
    ///   - context: tells which kind of time that is, ``ProcessContext/timeDomain``.
    mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws
}

extension KeyedStep {
    /// Whether there are timers.
    @inlinable public static var needsEventTime: Bool { TimerID.self != Never.self }
}

extension KeyedStep where TimerID == Never {
    /// Never called.
    @inlinable
    public mutating func onTimer(_ id: Never, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {}
}
