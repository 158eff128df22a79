internal import Synchronization

/// Runs each worker on a thread of its own.
///
/// A worker without work sleeps, but for a look at its sources now and then.
public struct ThreadedScheduler: Scheduler {
    /// Rounds without work before a worker sleeps.
    ///
    /// Longer spins cost CPU when idle and lose on shared cores.
    private static let spins = 200
    /// How long a worker sleeps before it asks its sources again: a quarter of the time that it has slept without finding
    /// anything, within these bounds.
    ///
    /// So what comes at 1,000 a second waits for half a millisecond at most, and a worker that has had nothing to do for a
    /// while looks fifty times a second. A look costs some 50 µs, waking up and going to sleep included.
    private static let sleepBounds = (shortest: Int64(400_000), longest: Int64(20_000_000))

    /// A scheduler with a thread per worker.
    public init() {}

    /// Starts a thread per worker.
    public func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void) {
        let left = Left(workers.count)
        for worker in workers {
            WorkerThread.start(name: "weir-\(worker.worker.index)") {
                Self.drive(worker)
                if left.decrease() == 0 { completion() }
            }
        }
    }

    private static func drive(_ worker: ScheduledWorker) {
        var idleRounds = 0
        var slept: Int64 = 0
        while true {
            switch worker.step() {
            case .finished: return
            case .progress:
                idleRounds = 0
                slept = 0
            case .idle:
                idleRounds += 1
                if idleRounds < spins {
                    WakeSignal.pause()
                    continue
                }
                worker.announceSleep()
                switch worker.step() {
                case .finished: return
                case .progress:
                    worker.cancelSleep()
                    idleRounds = 0
                    slept = 0
                case .idle:
                    let limit = min(max(slept / 4, sleepBounds.shortest), sleepBounds.longest)
                    worker.sleep(atMost: .nanoseconds(limit))
                    slept += limit
                }
            }
        }
    }

    private final class Left: Sendable {
        private let count: Atomic<Int>
        init(_ count: Int) { self.count = Atomic(count) }
        func decrease() -> Int { count.subtract(1, ordering: .acquiringAndReleasing).newValue }
    }
}
