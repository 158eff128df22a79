/// What simulated runs came to.
public struct SimulationReport: Sendable, Equatable, CustomStringConvertible {
    /// The seeds that were run.
    public var runs = 0
    /// The jobs' lives.
    public var attempts = 0
    /// Lives that ended in a crash.
    public var crashes = 0
    /// Lives that were stopped.
    public var stops = 0
    /// Lives that began with a snapshot.
    public var restores = 0
    /// How often jobs began again by themselves.
    public var restarts = 0
    /// Looks at a snapshot's state, to compare it with the fold of what was read.
    public var stateChecks = 0
    /// Snapshots that became durable.
    public var snapshots = 0
    /// Transactions that became visible.
    public var commits = 0
    /// Transactions that were aborted.
    public var aborts = 0
    /// The effects that jobs had.
    public var effects = 0
    /// Records that became visible.
    public var results = 0
    /// The faults, by name.
    public var faults: [String: Int] = [:]

    /// Nothing.
    public init() {}

    /// Adds what other runs came to.
    public mutating func add(_ other: SimulationReport) {
        runs += other.runs
        attempts += other.attempts
        crashes += other.crashes
        stops += other.stops
        restores += other.restores
        restarts += other.restarts
        stateChecks += other.stateChecks
        snapshots += other.snapshots
        commits += other.commits
        aborts += other.aborts
        effects += other.effects
        results += other.results
        faults.merge(other.faults, uniquingKeysWith: +)
    }

    /// The figures in one line.
    public var description: String {
        let faults = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "\(runs) runs: \(attempts) attempts, \(crashes) crashes, \(stops) stops, \(restores) restores, "
            + "\(restarts) restarts, \(snapshots) snapshots, \(stateChecks) state checks, \(commits) commits, "
            + "\(aborts) aborts, \(effects) effects, \(results) results; faults: \(faults.isEmpty ? "none" : faults)"
    }
}

/// A simulated run in which something was not as it should be.
public struct SimulationFailure: Error, Sendable, CustomStringConvertible {
    /// The simulation's name.
    public let name: String
    /// The seed that shows it.
    public let seed: UInt64
    /// What was wrong.
    public let violation: String
    /// The plan, as small as it could be made.
    public let plan: SimulationPlan
    /// The events that are left, an array per split, as text.
    public let events: [[String]]
    /// The last effects.
    public let trace: [String]
    /// How many runs it took to make the plan small.
    public let shrinkRuns: Int

    /// Everything, for people.
    public var description: String {
        let shown = events.enumerated().map { "  split \($0): \($1.joined(separator: ", "))" }.joined(separator: "\n")
        return """
            simulation '\(name)', seed \(seed): \(violation)
            the smallest plan found in \(shrinkRuns) runs:
            \(plan)
            its events:
            \(shown)
            the last effects, numbered in each attempt:
            \(trace.suffix(120).joined(separator: "\n"))
            """
    }
}
