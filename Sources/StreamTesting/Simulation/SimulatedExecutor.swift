internal import Synchronization
internal import Weir

/// Writes a job's snapshots piece by piece, when it is told to: between two rounds of the workers.
final class SimulatedExecutor: SnapshotExecutor {
    private let work = Mutex<[@Sendable () -> Void]>([])

    func submit(_ work: @escaping @Sendable () -> Void) { self.work.withLock { $0.append(work) } }

    func finish() {}

    /// Does the oldest pieces of work, `count` of them at most; what they submit counts, too.
    ///
    /// - Returns: whether there was anything to do.
    @discardableResult
    func run(_ count: Int = .max) -> Bool {
        var done = 0
        while done < count, let next = work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            next()
            done += 1
        }
        return done > 0
    }
}
