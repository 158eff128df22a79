import Synchronization
import Weir

/// Runs all workers on the thread that asks for it, in turn: no thread is started, and the order is always the same.
final class CallerScheduler: Scheduler {
    private struct Given: Sendable {
        var workers: [ScheduledWorker] = []
        var completion: (@Sendable () -> Void)?
    }

    private let given = Mutex(Given())

    func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void) {
        given.withLock { $0 = Given(workers: workers, completion: completion) }
    }

    /// Steps the workers until all have finished.
    func drive() {
        let given = given.withLock { $0 }
        var left = given.workers
        while !left.isEmpty {
            for place in left.indices.reversed() where left[place].step() == .finished { left.remove(at: place) }
        }
        given.completion?()
    }
}
