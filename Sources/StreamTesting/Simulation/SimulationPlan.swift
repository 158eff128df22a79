internal import Weir

/// Everything that happens to a simulated job: drawn from a seed, and a value, so that a failing one can be shrunk.
public struct SimulationPlan: Sendable, Equatable {
    /// What the world outside is asked for.
    public enum Effect: String, Sendable, CaseIterable {
        /// A source's split is read.
        case read
        /// A snapshot's object is begun, written, completed, put at once, read, listed or deleted.
        case put, write, complete, putIfAbsent, get, list, delete
        /// A sink prepares a transaction, commits one, or recovers.
        case prepare, commit, recover
    }

    /// How an effect goes wrong.
    public enum Fault: String, Sendable, CaseIterable {
        /// It fails and does nothing.
        case fails
        /// It does what it should, and fails all the same.
        case failsAfterwards
        /// Half of it is done before it fails.
        case tears
        /// A list lacks what was put last; a source has nothing for a while.
        case stale
        /// It is done twice.
        case repeats
    }

    /// A fault of the n-th effect of a kind.
    public struct Injection: Sendable, Equatable {
        /// The kind of effect.
        public let effect: Effect
        /// Which one of the attempt, from 1.
        public let number: Int
        /// How it goes wrong.
        public let fault: Fault
    }

    /// How an attempt ends before the input does.
    public enum Ending: Sendable, Equatable {
        /// It doesn't.
        case none
        /// The process is killed at the n-th effect.
        case crash(effect: Int, after: Bool)
        /// The job is stopped at the n-th step, with a savepoint or without.
        case stop(step: Int, savepoint: Bool)
    }

    /// One life of the job.
    public struct Attempt: Sendable, Equatable {
        /// What draws the order of workers, batch boundaries and jumps of the clock.
        public var seed: UInt64
        /// The number of workers.
        public var parallelism: Int
        /// The records of a batch, at most.
        public var batchSize: Int
        /// The batches of an exchange's ring.
        public var ringCapacity: Int
        /// The number of the backend among ``SimulationOptions/backends``.
        public var backend: Int
        /// The steps between two snapshots, on the average; 0 for none.
        public var stepsPerSnapshot: Int
        /// How long a barrier waits before it overtakes, in milliseconds; nil for ever.
        public var overtakeAfter: Int?
        /// How it ends.
        public var ending: Ending
        /// What goes wrong.
        public var injections: [Injection]
    }

    /// The seed that the plan was drawn from.
    public let seed: UInt64
    /// The job's lives, one after the other; nothing happens to the last one.
    public var attempts: [Attempt]

    /// A plan drawn from a seed.
    ///
    /// - Parameters:
    ///   - eventCount: the number of events, by which the moments of crashes are drawn.
    init(seed: UInt64, eventCount: Int, options: SimulationOptions) {
        self.seed = seed
        var random = SplitMix64(seed: seed ^ 0x5157_0BAD_CAFE_F00D)
        let count = Int(random.next(below: UInt64(options.maximumFailures + 1)))
        attempts = (0...count).map { number in
            Attempt(
                eventCount: eventCount, isLast: number == count, options: options, random: &random)
        }
    }
}

extension SimulationPlan.Attempt {
    init(eventCount: Int, isLast: Bool, options: SimulationOptions, random: inout SplitMix64) {
        func draw(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + Int(random.next(below: UInt64(range.count)))
        }
        seed = random.next()
        parallelism = draw(options.parallelism)
        batchSize = draw(1...9)
        ringCapacity = 1 << draw(0...3)
        // The first backend is the cheapest.
        backend = draw(0...3) == 0 ? draw(0...(options.backends.count - 1)) : 0
        stepsPerSnapshot = draw(0...7) == 0 ? 0 : draw(3...30)
        overtakeAfter = [nil, 0, 300][draw(0...2)]
        ending = .none
        injections = []
        guard !isLast else { return }
        // Half of them early, where every effect is another.
        let moment = draw(0...1) == 0 ? draw(1...60) : draw(1...(60 + 4 * eventCount))
        switch draw(0...9) {
        case 0: ending = .stop(step: moment, savepoint: true)
        case 1: ending = .stop(step: moment, savepoint: false)
        case 2: break
        default: ending = .crash(effect: moment, after: draw(0...1) == 0)
        }
        for _ in 0..<draw(0...3) {
            let effect = SimulationPlan.Effect.allCases[draw(0...(SimulationPlan.Effect.allCases.count - 1))]
            let faults = effect.faults
            injections.append(
                SimulationPlan.Injection(
                    effect: effect, number: draw(1...(draw(0...1) == 0 ? 4 : 40)),
                    fault: faults[draw(0...(faults.count - 1))]))
        }
    }
}

extension SimulationPlan.Effect {
    /// How such an effect may go wrong.
    var faults: [SimulationPlan.Fault] {
        switch self {
        case .read: [.fails, .stale]
        case .put, .putIfAbsent, .delete: [.fails, .failsAfterwards]
        case .complete: [.fails, .failsAfterwards]
        case .write: [.fails, .tears]
        case .get, .prepare, .recover: [.fails]
        case .list: [.fails, .stale]
        case .commit: [.fails, .failsAfterwards, .repeats]
        }
    }
}

extension SimulationPlan: CustomStringConvertible {
    /// The plan, a line for each attempt.
    public var description: String {
        attempts.enumerated().map { number, attempt in
            var line =
                "attempt \(number + 1): parallelism \(attempt.parallelism), batches of \(attempt.batchSize), rings of "
                + "\(attempt.ringCapacity), backend \(attempt.backend), seed \(attempt.seed)"
            if attempt.stepsPerSnapshot > 0 { line += ", a snapshot every \(attempt.stepsPerSnapshot) steps" }
            if let limit = attempt.overtakeAfter { line += ", barriers overtake after \(limit) ms" }
            for injection in attempt.injections {
                line += ", \(injection.effect.rawValue) \(injection.number) \(injection.fault.rawValue)"
            }
            switch attempt.ending {
            case .none: break
            case .crash(let effect, let after): line += ", crash \(after ? "after" : "before") effect \(effect)"
            case .stop(let step, let savepoint):
                line += ", stop at step \(step)\(savepoint ? " with a savepoint" : "")"
            }
            return line
        }.joined(separator: "\n")
    }
}
