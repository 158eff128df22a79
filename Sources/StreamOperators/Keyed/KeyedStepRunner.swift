public import StateBackend
public import StreamCore

/// Drives a keyed step of the user's: selects keys, fires timers, collects outputs, disposes of errors.
@usableFromInline
final class KeyedStepRunner<Step: KeyedStep> {
    /// The step; nil while it processes a batch, for which it is taken out: the fields of a local value are read without
    /// being retained for each record.
    @usableFromInline @exclusivity(unchecked) var step: Step?
    @usableFromInline let store: KeyedStateStore<Step.Key>
    @usableFromInline let timers: KeyedTimers<Step.Key, Step.TimerID>
    @usableFromInline let output: Collector<Step.Output>
    @usableFromInline let outlet: Outlet<Batch<Step.Output>>
    @usableFromInline let context: OperatorContext
    @usableFromInline @exclusivity(unchecked) var watermark = Timestamp.min
    /// The watermark that was passed on last: results must be newer, or they are late downstream.
    @usableFromInline @exclusivity(unchecked) var passedWatermark = Timestamp.min
    @usableFromInline let sides: SideCollectors
    @usableFromInline let timerErrors: ErrorHandler<String>
    /// Whether the watermark can ever rise.
    @usableFromInline let hasEventTime: Bool
    /// A misuse that could not be thrown where it was found.
    @usableFromInline @exclusivity(unchecked) var fault: JobError?

    /// A runner of what `make` makes of the step's state.
    @inlinable
    init(
        _ context: OperatorContext, _ outlet: Outlet<Batch<Step.Output>>, hasEventTime: Bool, onError: ErrorPolicy,
        _ make: (KeyedStateStore<Step.Key>) throws -> Step
    ) throws {
        self.context = context
        self.outlet = outlet
        sides = SideCollectors(context)
        self.hasEventTime = hasEventTime
        let processingTime = context.processingTime
        store = KeyedStateStore(context.state, clock: { processingTime.now })
        step = try make(store)
        timers = try KeyedTimers(state: context.state, processingTime: context.processingTime)
        output = Collector(outlet: outlet, batchSize: context.batchSize, counters: context.counters)
        timerErrors = try context.errors(onError, for: String.self)
        // The context belongs to what calls these; they must not keep the runner beyond it.
        context.onRestored { [unowned self] in restored(at: $0) }
        guard Step.TimerID.self != Never.self else { return }
        context.processingTime.onWake { [unowned self] in try wake(at: $0) }
    }

    /// Hands every record of a batch to the step, its key's state selected.
    @inlinable @inline(__always)
    func forEach<Element>(
        _ batch: KeyedBatch<Step.Key, Element>, _ errors: ErrorHandler<Element>,
        _ body: (inout Step, Element, borrowing ProcessContext<Step>) throws -> Void
    ) throws {
        let records = batch.records
        guard var step = step.take() else { preconditionFailure("a keyed step isn't called while it is at work") }
        defer { self.step = step }
        self.context.counters.addIn(batch.count)
        store.prepare(batch.keys, hashes: batch.hashes, count: batch.count)
        guard batch.count > 0 else { return }
        var context = ProcessContext(
            runner: self, key: batch.keys[0], timestamp: records.timestamps[0], timeDomain: .eventTime)
        try batch.forEachOrigin { range, origin in
            output.origin = origin
            for i in range {
                // Some records ahead: what is fetched much earlier has left the nearest cache before its turn comes.
                store.prefetch(batch.keys, hashes: batch.hashes, around: i, of: batch.count)
                context.currentKey = batch.keys[i]
                context.currentTimestamp = records.timestamps[i]
                store.select(context.currentKey, hash: batch.hashes[i])
                do { try body(&step, records.elements[i], context) } catch {
                    try errors.dispose(records.elements[i], at: records.timestamps[i], error, from: origin)
                }
            }
            try flush()
        }
    }

    /// Reacts to a signal of the (merged) input, and passes it on.
    @inlinable
    func receive(_ signal: Signal) throws {
        if case .watermark(let watermark) = signal {
            context.counters.note(watermark: watermark)
            self.watermark = watermark
            if watermark < .max { try fire(.eventTime, through: watermark) } else { try fireAll() }
            try flush()
            passedWatermark = watermark
        }
        try outlet.signal(signal)
    }

    /// Fires the timers that are due, in the order of their times.
    ///
    /// Those that callbacks set for a later time up to `time` fire as well. One set for no later than the timer whose
    /// callback it is waits for the next round: else this one might never end.
    @inlinable
    func fire(_ domain: TimeDomain, through time: Timestamp) throws {
        precondition(step != nil, "a keyed step's timers don't fire while it is at work")
        output.origin = nil
        store.tick()
        while let firing = timers.next(domain, through: time) {
            let timer = firing.timer
            store.select(firing.key, hash: firing.hash)
            let timestamp: Timestamp
            switch domain {
            case .eventTime: timestamp = timer.time
            case .processingTime: timestamp = max(timer.origin, passedWatermark.advanced(byMilliseconds: 1))
            }
            do {
                try step?.onTimer(
                    timer.id, at: timer.time,
                    ProcessContext(runner: self, key: firing.key, timestamp: timestamp, timeDomain: domain))
            } catch {
                try timerErrors.dispose(
                    "timer \(timer.id) of key \(firing.key) at \(timer.time)", at: timestamp, error, from: nil)
            }
        }
    }

    /// Fires every timer that is set, once: the input has ended.
    @inlinable
    func fireAll() throws {
        timers.end()
        while !timers.isEmpty {
            try fire(.eventTime, through: .max)
            try fire(.processingTime, through: .max)
        }
    }

    @usableFromInline
    func wake(at time: Timestamp) throws {
        do {
            try fire(.processingTime, through: time)
            try flush()
        } catch {
            throw JobError.wrap(error, .stepFailed, step: context.step)
        }
    }

    @usableFromInline
    func restored(at watermark: Timestamp) {
        self.watermark = watermark
        passedWatermark = watermark
        timers.restored()
    }

    @inlinable
    func setTimer(
        _ id: Step.TimerID, at time: Timestamp, in domain: TimeDomain, from timestamp: Timestamp, _ key: Step.Key
    ) {
        if domain == .eventTime && !hasEventTime { return refuseEventTime() }
        timers.set(id, at: time, in: domain, from: timestamp, key, store.selectedHash)
    }

    @usableFromInline
    func refuseEventTime() {
        fault = JobError(
            code: .stepFailed, step: context.step,
            message: "it sets a timer of event time, but its input has no watermarks; give the source a watermark "
                + "strategy other than .none, or set the timer `in: .processingTime`")
    }

    @inlinable
    func flush() throws {
        if let fault { throw fault }
        try output.flush()
        try sides.flush()
    }
}
