internal import Synchronization

/// Where a job's snapshot files are written: one piece of work after the other, away from the workers.
package protocol SnapshotExecutor: Sendable {
    /// Has `work` done after all that was submitted before.
    func submit(_ work: @escaping @Sendable () -> Void)
    /// Nothing more will be submitted.
    func finish()
}

/// Does the work at once, on the thread that submits it: for jobs that are driven by hand.
package struct InlineSnapshotExecutor: SnapshotExecutor {
    package init() {}

    package func submit(_ work: @escaping @Sendable () -> Void) { work() }

    package func finish() {}
}

/// Does the work on a thread of its own, which begins with the first piece.
final class ThreadSnapshotExecutor: SnapshotExecutor {
    private struct State {
        var work = FIFOQueue<@Sendable () -> Void>()
        var isRunning = false
        var hasFinished = false
    }

    private let state = Mutex(State())
    private let wakeSignal = WakeSignal()

    func submit(_ work: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.work.append(work)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { WorkerThread.start(name: "weir-snapshots") { self.run() } } else { wakeSignal.notify() }
    }

    func finish() {
        state.withLock { $0.hasFinished = true }
        wakeSignal.notify()
    }

    private func run() {
        while true {
            if let work = next() {
                work()
                continue
            }
            wakeSignal.announceSleep()
            if let work = next() {
                wakeSignal.cancelSleep()
                work()
            } else if hasEnded() {
                wakeSignal.cancelSleep()
                return
            } else {
                wakeSignal.sleep(nanoseconds: 100_000_000)
            }
        }
    }

    /// Whether there is nothing more to do; what is submitted all the same gets a thread of its own.
    private func hasEnded() -> Bool {
        state.withLock { state in
            guard state.hasFinished && state.work.isEmpty else { return false }
            state.isRunning = false
            return true
        }
    }

    private func next() -> (@Sendable () -> Void)? { state.withLock { $0.work.popFirst() } }
}
