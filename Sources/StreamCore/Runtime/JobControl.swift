internal import Synchronization

/// The switch that all workers of a job look at: running, cancelled or failed.
final class JobControl: Sendable {
    private let running = Atomic<Bool>(true)
    private let wakeSignals: [WakeSignal]
    private let outcome = Mutex<Outcome>(.running)

    enum Outcome: Sendable {
        case running
        case finished
        case cancelled
        case failed(JobError)
    }

    init(wakeSignals: [WakeSignal]) { self.wakeSignals = wakeSignals }

    var isRunning: Bool { running.load(ordering: .relaxed) }

    /// Why the workers have stopped, if they have.
    var stopped: Outcome { outcome.withLock { $0 } }

    /// Wakes the workers that sleep.
    func wake() { for signal in wakeSignals { signal.notify() } }

    /// Stops the workers as if their inputs had ended.
    func stop() { stop(.finished) }

    /// All workers have stopped; from now on nothing changes the outcome, which is returned.
    func finish() -> Outcome {
        outcome.withLock { outcome in
            if case .running = outcome { outcome = .finished }
            return outcome
        }
    }

    func cancel() { stop(.cancelled) }

    /// The first failure decides.
    func fail(_ error: any Error) { stop(.failed(JobError.asJobError(error))) }

    private func stop(_ reason: Outcome) {
        outcome.withLock { if case .running = $0 { $0 = reason } }
        running.store(false, ordering: .releasing)
        for signal in wakeSignals { signal.notify() }
    }
}
