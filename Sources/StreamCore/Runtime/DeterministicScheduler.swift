/// Runs all workers on one thread, in an order drawn from a seed: the same seed, the same run.
///
/// That holds with a ``VirtualClock``. With the machine's clock, when a batch that isn't full is passed on depends on it
/// (``JobOptions/flushInterval``).
public struct DeterministicScheduler: Scheduler {
    /// The seed.
    public let seed: UInt64

    /// A scheduler that draws its order from `seed`.
    public init(seed: UInt64) { self.seed = seed }

    /// Starts the thread.
    public func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void) {
        let seed = seed
        WorkerThread.start(name: "weir-deterministic") {
            Self.drive(workers, seed: seed)
            completion()
        }
    }

    private static func drive(_ workers: [ScheduledWorker], seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var left = workers
        var idle = 0
        while !left.isEmpty {
            let chosen = Int(random.next(below: UInt64(left.count)))
            // Now and then one worker gets a long run, so that rings fill up and the others wait.
            let steps = random.next(below: 8) == 0 ? 32 : 1
            for _ in 0..<steps {
                let result = left[chosen].step()
                if result == .progress {
                    idle = 0
                    continue
                }
                if result == .finished { left.remove(at: chosen) } else { idle += 1 }
                break
            }
            // All wait for something outside: a source that has caught up.
            if idle > 64 * left.count, let first = left.first {
                first.announceSleep()
                first.sleep(atMost: .milliseconds(1))
                idle = 0
            }
        }
    }
}
