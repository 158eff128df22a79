/// What a worker's step came to.
public enum StepResult: Sendable {
    /// Something was done; step again.
    case progress
    /// There is nothing to do until another worker or a source has something.
    case idle
    /// The worker's inputs have ended and everything is passed on.
    case finished
}

/// A worker as a scheduler sees it.
public struct ScheduledWorker: Sendable {
    let worker: Worker
    let control: JobControl

    /// Does a bounded piece of work.
    ///
    /// Errors stop the job and are reported by it.
    public func step() -> StepResult {
        guard control.isRunning else {
            // A scheduler may keep the worker for long, and nobody would answer what it is asked.
            worker.mailbox.close()
            return .finished
        }
        do {
            let result = try worker.step()
            if result == .finished {
                worker.hasLeft = true
                worker.mailbox.finish(worker)
            }
            return result
        } catch {
            control.fail(error)
            worker.mailbox.close()
            return .finished
        }
    }

    /// Announces that the calling thread will ``sleep(atMost:)`` unless one more step finds something to do.
    public func announceSleep() { worker.wakeSignal.announceSleep() }

    /// Takes the announcement back.
    public func cancelSleep() { worker.wakeSignal.cancelSleep() }

    /// Sleeps until there may be something to do, `limit` at most.
    public func sleep(atMost limit: Duration) {
        let (seconds, attoseconds) = limit.components
        // As good as for ever from a day on.
        var nanoseconds = min(seconds, 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000
        if let due = worker.timeToAlarm { nanoseconds = min(nanoseconds, min(max(due, 1), 86_400_000) * 1_000_000) }
        worker.wakeSignal.sleep(nanoseconds: nanoseconds)
    }
}

/// The seam between workers and the threads that drive them.
///
/// Two implementations: ``ThreadedScheduler`` for speed, ``DeterministicScheduler`` for tests and replays.
public protocol Scheduler: Sendable {
    /// Begins to step each of `workers` until it has finished; calls `completion` once, when all have. Returns at once.
    func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void)
}
