internal import Weir

/// Everything that happens to a simulated job: drawn from a seed, and a value, so that a failing one can be shrunk.
public struct SimulationPlan: Sendable, Equatable {
    /// What the world outside is asked for.
    public enum Effect: String, Sendable, CaseIterable {
        /// A source's split is opened, or read.
        case open, read
        /// A snapshot's object is begun, written, completed, put at once, read, listed or deleted.
        case put, write, complete, putIfAbsent, get, list, delete
        /// A sink prepares a transaction, commits one, or recovers.
        case prepare, commit, recover
        /// A state's table writes rows to the store below it.
        case store
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
        /// It is done twice; a source that is read at least once gives some records again.
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
        /// How many of them in a row do.
        public var times = 1
    }

    /// A split that gives less than it has.
    public struct Stall: Sendable, Equatable {
        /// The split.
        public let split: Int
        /// The reads that give nothing: the first ones, or after each record when the split is slow.
        public let reads: Int
        /// Whether the split gives one record at a time, and then nothing for a while.
        public let isSlow: Bool
    }

    /// Where a savepoint is written.
    public enum Savepoint: String, Sendable, CaseIterable {
        /// Nowhere: none is taken.
        case none
        /// To the job's own storage.
        case own
        /// To another storage, from which the next attempt begins.
        case elsewhere
    }

    /// How an attempt ends before the input does.
    public enum Ending: Sendable, Equatable {
        /// It doesn't.
        case none
        /// The process is killed at the n-th effect.
        case crash(effect: Int, after: Bool)
        /// The job is stopped at the n-th step, with a savepoint or without.
        case stop(step: Int, savepoint: Savepoint)
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
        /// How long a barrier waits before it overtakes, in virtual milliseconds; nil for ever.
        public var overtakeAfter: Int?
        /// The virtual milliseconds after which a snapshot is given up; 0 for never.
        public var snapshotTimeout = 0
        /// How often the job may begin again by itself.
        public var restarts = 0
        /// Whether the clock jumps by hours now and then.
        public var jumps = false
        /// A split that is slow or stalled.
        public var stall: Stall?
        /// How it ends.
        public var ending: Ending
        /// What goes wrong.
        public var injections: [Injection]
    }

    /// The seed that the plan was drawn from.
    public let seed: UInt64
    /// The job's key groups: few, so that each worker's first and last one have keys.
    public var keyGroups: Int
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
        keyGroups = options.parallelism.upperBound + Int(random.next(below: 13))
        attempts = (0...count).map { number in
            Attempt(
                eventCount: eventCount, isLast: number == count, options: options, random: &random)
        }
    }
}

extension SimulationPlan: CustomStringConvertible {
    /// The plan, a line for each attempt.
    public var description: String {
        "\(keyGroups) key groups\n"
            + attempts.enumerated().map { number, attempt in
                var line =
                    "attempt \(number + 1): parallelism \(attempt.parallelism), batches of \(attempt.batchSize), rings of "
                    + "\(attempt.ringCapacity), backend \(attempt.backend), seed \(attempt.seed)"
                if attempt.stepsPerSnapshot > 0 { line += ", a snapshot every \(attempt.stepsPerSnapshot) steps" }
                if let limit = attempt.overtakeAfter { line += ", barriers overtake after \(limit) ms" }
                if attempt.snapshotTimeout > 0 { line += ", given up after \(attempt.snapshotTimeout) ms" }
                if attempt.restarts > 0 { line += ", \(attempt.restarts) restarts of its own" }
                if attempt.jumps { line += ", a clock that jumps" }
                if let stall = attempt.stall {
                    line += ", split \(stall.split) \(stall.isSlow ? "slow" : "stalled") by \(stall.reads) reads"
                }
                for injection in attempt.injections {
                    line += ", \(injection.effect.rawValue) \(injection.number) \(injection.fault.rawValue)"
                    if injection.times > 1 { line += " \(injection.times) times" }
                }
                switch attempt.ending {
                case .none: break
                case .crash(let effect, let after): line += ", crash \(after ? "after" : "before") effect \(effect)"
                case .stop(let step, let savepoint):
                    line += ", stop at step \(step)"
                    if savepoint != .none {
                        line += " with a savepoint in \(savepoint == .own ? "its" : "another") storage"
                    }
                }
                return line
            }.joined(separator: "\n")
    }
}
