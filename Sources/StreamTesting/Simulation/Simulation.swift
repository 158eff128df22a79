internal import Synchronization
public import Weir

/// Runs a pipeline under seeds with crashes, faults, restarts and rescaling, and compares what it commits with an oracle.
///
/// ```swift
/// let simulation = Simulation<Click, ClickCount>("clicks per minute") { random in
///     [(0..<50).map { Click(user: Int(random.next(below: 5)), at: Timestamp($0) * 3_000) }]
/// } pipeline: { p, clicks, counts in
///     p.source("clicks", clicks, time: \.at, watermarks: .boundedOutOfOrderness(.seconds(5)))
///         .keyBy(\.user).window(.tumbling(.seconds(60))).aggregate("count", .count())
///         .map { ClickCount(user: $0.key, minute: $0.window.start, count: $0.value) }
///         .commit("counts", to: counts)
/// } expected: { splits in
///     countByHand(splits.joined())
/// }
/// try simulation.run(seeds: 1...500)
/// ```
/// One seed is one run: of all that happens, nothing depends on time or threads, so that a failing seed fails again. What
/// happens is a ``SimulationPlan``; when something is wrong, plan and events are made as small as possible and thrown as a
/// ``SimulationFailure``, with the last effects before it.
///
/// In the manner of FoundationDB's simulation (Zhou et al., "FoundationDB: A Distributed Unbundled Transactional Key Value
/// Store", 2021).
public struct Simulation<Input: Sendable, Output: Hashable & Sendable>: Sendable {
    /// The pipeline's name.
    public let name: String
    /// What may happen.
    public var options: SimulationOptions
    let events: @Sendable (inout SplitMix64) -> [[Input]]
    let pipeline: @Sendable (PipelineBuilder, SimulatedSource<Input>, CommittedOutput<Output>) throws -> Void
    let expected: @Sendable ([[Input]]) -> [Output]
    private(set) var order: (@Sendable (Output) -> AnyHashable)?
    private(set) var stateChecks: [@Sendable (SnapshotInspector, [[Input]]) throws -> String?] = []

    /// A simulation.
    ///
    /// - Parameters:
    ///   - name: the pipeline's name.
    ///   - options: what may happen.
    ///   - events: draws the events of a run: a list for each split of the source.
    ///   - pipeline: describes the pipeline, from the source to the output that commits.
    ///   - expected: the results of all events, worked out without the engine, in any order (but see ``ordered(by:)``).
    public init(
        _ name: String, options: SimulationOptions = SimulationOptions(),
        events: @escaping @Sendable (inout SplitMix64) -> [[Input]],
        pipeline: @escaping @Sendable (PipelineBuilder, SimulatedSource<Input>, CommittedOutput<Output>) throws -> Void,
        expected: @escaping @Sendable ([[Input]]) -> [Output]
    ) {
        self.name = name
        self.options = options
        self.events = events
        self.pipeline = pipeline
        self.expected = expected
    }

    /// Also checks the order of results that have the same key: it must be that of the expected ones.
    public func ordered(by key: @escaping @Sendable (Output) -> AnyHashable) -> Simulation {
        var copy = self
        copy.order = key
        return copy
    }

    /// Also checks a keyed state in every snapshot that is left: it must be what `fold` makes of the events that the
    /// snapshot says were read.
    ///
    /// - Parameters:
    ///   - state: the state's name.
    ///   - step: the step's name.
    ///   - fold: the state of those events, worked out without the engine; they are given by split.
    public func checking<Key: StreamKey, Value: Sendable & Equatable>(
        state: String, of step: String, _ fold: @escaping @Sendable ([[Input]]) -> [Key: Value]
    ) -> Simulation {
        var copy = self
        copy.stateChecks.append { inspector, prefix in
            var found: [Key: Value] = [:]
            try inspector.forEachEntry(step: step, state: state, groups: 0..<inspector.manifest.keyGroups) {
                (key: Key, value: Value) in found[key] = value
            }
            let wanted = fold(prefix)
            if found == wanted { return nil }
            return "state '\(state)' of step '\(step)' is \(found), but the events read make it \(wanted)"
        }
        return copy
    }

    /// Runs the simulation under each seed.
    ///
    /// - Returns: what the runs came to.
    /// - Throws: ``SimulationFailure`` for the first seed under which something is wrong; ``PipelineError`` when the
    ///   pipeline's description is.
    @discardableResult
    public func run(seeds: some Sequence<UInt64>) throws -> SimulationReport {
        var total = SimulationReport()
        for seed in seeds { total.add(try run(seed: seed)) }
        return total
    }

    /// Runs the simulation under one seed.
    ///
    /// - Throws: as ``run(seeds:)``.
    @discardableResult
    public func run(seed: UInt64) throws -> SimulationReport {
        var random = SplitMix64(seed: seed)
        let events = events(&random)
        let plan = SimulationPlan(
            seed: seed, eventCount: events.reduce(0) { $0 + $1.count }, options: options)
        let (violation, run) = try run(plan, events)
        guard let violation else { return run.world.report }
        throw try shrunk(violation, run)
    }

    /// What happens under a seed, line by line: effects, faults, crashes, restarts, for looking at a run that is as it
    /// should be.
    ///
    /// - Throws: as ``run(seeds:)``.
    public func trace(seed: UInt64) throws -> [String] {
        var random = SplitMix64(seed: seed)
        let events = events(&random)
        let plan = SimulationPlan(seed: seed, eventCount: events.reduce(0) { $0 + $1.count }, options: options)
        let (violation, run) = try run(plan, events)
        if let violation { throw try shrunk(violation, run) }
        return ["\(plan)"] + run.world.trace
    }

    private func run(
        _ plan: SimulationPlan, _ events: [[Input]]
    ) throws -> (violation: String?, run: SimulationRun<Input, Output>) {
        var run = try SimulationRun(self, plan, events)
        do {
            try run.run()
            return (nil, run)
        } catch let violation as SimulationViolation {
            return (violation.message, run)
        } catch let error as SnapshotError { return ("what is stored can't be read: \(error)", run) }
    }

    /// The failure with a plan and events that are as small as can be found.
    private func shrunk(_ violation: String, _ run: SimulationRun<Input, Output>) throws -> SimulationFailure {
        var best = run
        var message = violation
        var runs = 0
        func fails(_ plan: SimulationPlan, _ events: [[Input]]) throws -> Bool {
            runs += 1
            let (violation, run) = try self.run(plan, events)
            guard let violation else { return false }
            message = violation
            best = run
            return true
        }
        if options.shrinks {
            var hasShrunk = true
            while hasShrunk && runs < 400 {
                hasShrunk = false
                for plan in best.plan.smaller where try fails(plan, best.events) {
                    hasShrunk = true
                    break
                }
                if hasShrunk { continue }
                for events in Self.smaller(best.events) where try fails(best.plan, events) {
                    hasShrunk = true
                    break
                }
            }
        }
        return SimulationFailure(
            name: name, seed: run.plan.seed, violation: message, plan: best.plan,
            events: best.events.map { $0.map { "\($0)" } }, trace: best.world.trace, shrinkRuns: runs)
    }

    /// The events without some of them: large parts first.
    private static func smaller(_ events: [[Input]]) -> [[[Input]]] {
        var candidates: [[[Input]]] = []
        for split in events.indices where !events[split].isEmpty {
            var part = events[split].count
            while part >= 1 {
                var start = 0
                while start < events[split].count {
                    var fewer = events
                    fewer[split].removeSubrange(start..<min(start + part, events[split].count))
                    candidates.append(fewer)
                    start += part
                }
                part /= 2
            }
        }
        return candidates
    }
}
