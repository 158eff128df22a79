internal import Synchronization

/// Runs the tasks of look-ups on a test's own thread, when the test says so.
final class ManualExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs all tasks until each waits or has ended; whether any could run.
    func drain() -> Bool {
        var any = false
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            any = true
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        return any
    }
}
