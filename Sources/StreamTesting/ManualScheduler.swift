internal import Synchronization
public import Weir

/// A scheduler that works only when a test tells it to, on the test's own thread.
///
/// For one job at a time.
public final class ManualScheduler: Scheduler {
    private struct State: Sendable {
        var workers: [ScheduledWorker] = []
        var completion: (@Sendable () -> Void)?
        var random: SplitMix64
    }

    private let state: Mutex<State>

    /// A scheduler that draws the order of the workers from `seed`.
    public init(seed: UInt64 = 0) { state = Mutex(State(random: SplitMix64(seed: seed))) }

    /// Takes the workers over; they do nothing yet.
    public func run(_ workers: [ScheduledWorker], completion: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.workers = workers
            state.completion = completion
        }
    }

    /// Gives one worker, drawn at random, one round of work.
    ///
    /// - Returns: whether all have finished.
    @discardableResult
    public func step() -> Bool {
        let drawn: (worker: ScheduledWorker, index: Int)? = state.withLock { state in
            guard !state.workers.isEmpty else { return nil }
            let index = Int(state.random.next(below: UInt64(state.workers.count)))
            return (state.workers[index], index)
        }
        guard let drawn else { return true }
        guard drawn.worker.step() == .finished else { return false }
        let completion: (@Sendable () -> Void)? = state.withLock { state in
            state.workers.remove(at: drawn.index)
            guard state.workers.isEmpty else { return nil }
            defer { state.completion = nil }
            return state.completion
        }
        completion?()
        return completion != nil
    }

    /// Steps the workers, in random order, until none of them has anything to do.
    ///
    /// - Returns: whether all have finished.
    @discardableResult
    public func settle() -> Bool {
        // Taken out meanwhile: what a worker calls may look at the job.
        var (workers, random) = state.withLock { state in
            defer { state.workers = [] }
            return (state.workers, state.random)
        }
        var hasWork = true
        while hasWork && !workers.isEmpty {
            hasWork = false
            // Each once, in random order; again as long as one of them has got on.
            var round = workers.indices.map(\.self)
            var finished: Set<Int> = []
            while !round.isEmpty {
                let index = round.remove(at: Int(random.next(below: UInt64(round.count))))
                switch workers[index].step() {
                case .progress: hasWork = true
                case .idle: break
                case .finished:
                    hasWork = true
                    finished.insert(index)
                }
            }
            workers = workers.enumerated().filter { !finished.contains($0.offset) }.map(\.element)
        }
        let left = workers
        let seed = random
        let completion: (@Sendable () -> Void)? = state.withLock { state in
            state.workers = left
            state.random = seed
            guard left.isEmpty else { return nil }
            defer { state.completion = nil }
            return state.completion
        }
        completion?()
        return left.isEmpty
    }
}
