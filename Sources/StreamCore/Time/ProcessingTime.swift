/// A step's access to processing time on one worker: the job's clock, and calls when it reaches a time.
///
/// Used on the worker's thread only.
public final class ProcessingTime {
    @usableFromInline let clock: any ProcessingClock
    private let alarm: WorkerAlarm
    private var handler: ((Timestamp) throws -> Void)?
    /// The earliest time asked for; `Timestamp.max` for none.
    private(set) var wanted = Timestamp.max

    init(clock: any ProcessingClock, alarm: WorkerAlarm) {
        self.clock = clock
        self.alarm = alarm
    }

    /// The time that the job's clock shows.
    @inlinable public var now: Timestamp { clock.now }

    /// Asks for a call of ``StreamOperator/advance(toProcessingTime:_:)`` when the clock has reached `time`.
    ///
    /// Of several wishes the earliest counts; ask again in the call for the next one.
    public func wake(at time: Timestamp) {
        guard time < wanted else { return }
        wanted = time
        alarm.set(time)
    }

    /// Has `handler` called at the times asked for.
    ///
    /// For steps attached as bare inlets; operators needn't.
    public func onWake(_ handler: @escaping (Timestamp) throws -> Void) {
        self.handler = handler
        alarm.add(self)
    }

    /// Calls the handler if a time asked for has come.
    func wakeIfDue(_ now: Timestamp) throws {
        guard wanted <= now else { return }
        wanted = .max
        try handler?(now)
    }

    /// Calls the handler for the last time, with the end of time, if it still waits for one.
    @usableFromInline
    func end() throws {
        guard wanted < .max else { return }
        wanted = .max
        try handler?(.max)
        wanted = .max
    }

    func release() { handler = nil }
}

/// The earliest processing time that any step of a worker waits for.
final class WorkerAlarm {
    private var steps: [ProcessingTime] = []
    private(set) var next = Timestamp.max

    func set(_ time: Timestamp) { next = min(next, time) }

    func add(_ step: ProcessingTime) { steps.append(step) }

    /// Wakes the steps whose time has come.
    func ring(_ now: Timestamp) throws {
        next = .max
        for step in steps { try step.wakeIfDue(now) }
        for step in steps { next = min(next, step.wanted) }
    }
}
