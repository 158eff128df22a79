public import StateBackend
public import StreamCore

/// What a keyed step can see and do while it handles one record or timer.
///
/// Can't be kept.
@frozen
public struct ProcessContext<Step: KeyedStep>: ~Copyable {
    @usableFromInline let runner: KeyedStepRunner<Step>
    // Set anew for each record of a batch: one context for all of them holds the runner once.
    @usableFromInline var currentKey: Step.Key
    @usableFromInline var currentTimestamp: Timestamp
    /// Which time the timer waited for whose callback this is; ``TimeDomain/eventTime`` while a record is processed.
    public let timeDomain: TimeDomain

    @inlinable
    init(runner: KeyedStepRunner<Step>, key: Step.Key, timestamp: Timestamp, timeDomain: TimeDomain) {
        self.runner = runner
        currentKey = key
        currentTimestamp = timestamp
        self.timeDomain = timeDomain
    }

    /// The key.
    @inlinable public var key: Step.Key { currentKey }

    /// The event time of the record or timer, which is that of all that is emitted.
    ///
    /// Of a record its own; of a timer of event time the time that it was set for; of a timer of processing time the
    /// ``timestamp`` at which it was set, or, when the watermark has passed that, the first one after the watermark, so
    /// that results are not late.
    @inlinable public var timestamp: Timestamp { currentTimestamp }

    /// The watermark; `Timestamp.min` before there is one.
    @inlinable public var watermark: Timestamp { runner.watermark }

    /// The time that the job's clock shows.
    @inlinable public var processingTime: Timestamp { runner.context.processingTime.now }

    /// Emits a record with the current ``timestamp``.
    @inlinable
    public func emit(_ output: Step.Output) throws { try runner.output.emit(output, at: timestamp) }

    /// Emits a record to a side output, with the current ``timestamp``.
    @inlinable
    public func emit<Side: Sendable>(_ element: Side, to tag: SideOutput<Side>) throws {
        try runner.sides.emit(element, to: tag, at: timestamp)
    }

    /// Sets the key's timer of this name; one that was set before moves.
    ///
    /// The same name in both domains is two timers.
    ///
    /// A timer of event time goes off when the watermark reaches `time`; one set for the past, when the watermark next
    /// rises. A timer of processing time goes off when the clock has reached `time`; one set for now or the past, once
    /// the records at hand are processed. Timers of equal time go off in the order in which they were set.
    ///
    /// At the end of the input every timer goes off, those of event time first; one that has gone off then can't be set
    /// again.
    @inlinable
    public func setTimer(_ id: Step.TimerID, at time: Timestamp, in domain: TimeDomain = .eventTime) {
        runner.setTimer(id, at: time, in: domain, from: timestamp, key)
    }

    /// Cancels the key's timer of this name, if it is set.
    @inlinable
    public func cancelTimer(_ id: Step.TimerID, in domain: TimeDomain = .eventTime) {
        runner.timers.cancel(id, in: domain, key, runner.store.selectedHash)
    }
}
