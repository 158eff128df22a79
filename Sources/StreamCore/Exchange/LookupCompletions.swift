internal import Synchronization

/// What tasks have found out, on its way to the worker.
final class LookupCompletions<Output: Sendable>: Sendable {
    struct Completion: Sendable {
        /// The number of the look-up.
        let id: Int
        let result: Result<Output, any Error>
    }

    private let hasAny = Atomic<Bool>(false)
    private let waiting = Mutex<[Completion]>([])
    private let wakeSignal: WakeSignal

    init(wakeSignal: WakeSignal) { self.wakeSignal = wakeSignal }

    /// Called by a task, on any thread.
    func put(_ completion: Completion) {
        waiting.withLock { $0.append(completion) }
        // Before the look for a sleeper, as `WakeSignal` demands of those that notify.
        hasAny.store(true, ordering: .sequentiallyConsistent)
        wakeSignal.notify()
    }

    /// Called by the worker.
    func take() -> [Completion] {
        guard hasAny.load(ordering: .sequentiallyConsistent), hasAny.exchange(false, ordering: .acquiring) else {
            return []
        }
        return waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
