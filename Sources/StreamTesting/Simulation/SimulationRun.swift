internal import Synchronization
internal import Weir

/// One run of a plan: the job's lives one after the other, and what must hold of them.
struct SimulationRun<Input: Sendable, Output: Hashable & Sendable> {
    /// What was not as it should be.
    struct Violation: Error {
        let message: String
    }

    let simulation: Simulation<Input, Output>
    let plan: SimulationPlan
    let events: [[Input]]
    let world = SimulatedWorld()
    private let storage: SimulatedStorage
    private let output = CommittedOutput<Output>()
    private let pipeline: Pipeline

    init(_ simulation: Simulation<Input, Output>, _ plan: SimulationPlan, _ events: [[Input]]) throws {
        self.simulation = simulation
        self.plan = plan
        self.events = events
        let world = world
        storage = SimulatedStorage(world)
        let source = SimulatedSource(world: world, events: events)
        output.world = world
        let output = output
        pipeline = try Pipeline(simulation.name) { try simulation.pipeline($0, source, output) }
    }

    /// Runs the plan.
    ///
    /// - Throws: ``Violation``.
    func run() throws {
        for (number, attempt) in plan.attempts.enumerated() {
            if try live(attempt, number: number + 1) { break }
        }
        try checkResults()
        // Once more, undisturbed: a job that has ended has nothing more to say, and what was left over is collected.
        let results = output.committed.count
        let last = SimulationPlan.Attempt(
            seed: 1, parallelism: plan.attempts.last?.parallelism ?? 1, batchSize: 8, ringCapacity: 4,
            backend: plan.attempts.last?.backend ?? 0, stepsPerSnapshot: 0, overtakeAfter: nil, ending: .none,
            injections: [])
        guard try live(last, number: plan.attempts.count + 1) else {
            throw Violation(message: "a job that had ended did not end again")
        }
        guard output.committed.count == results else {
            throw Violation(message: "\(output.committed.count - results) results came after the end of the input")
        }
        try checkLeftovers()
        world.count {
            $0.runs += 1
            $0.commits += output.commitCount
            $0.aborts += output.abortCount
            $0.results += results
        }
    }

    /// One life of the job; whether it has come to the end of the input.
    private func live(_ attempt: SimulationPlan.Attempt, number: Int) throws -> Bool {
        world.begin(attempt, number: number)
        storage.restart()
        world.clock.advance(by: .seconds(1))
        let scheduler = ManualScheduler(seed: attempt.seed)
        var options = JobOptions(parallelism: attempt.parallelism, batchSize: attempt.batchSize)
        options.scheduler = scheduler
        options.ringCapacity = attempt.ringCapacity
        options.clock = world.clock
        options.snapshotExecutor = InlineSnapshotExecutor()
        var snapshots = SnapshotOptions(storage: storage, interval: .seconds(1_000_000))
        snapshots.timeout = nil
        snapshots.alignmentTimeout = attempt.overtakeAfter.map { .milliseconds($0) }
        options.snapshots = snapshots
        options.start = .latest
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job: Job
        do {
            options.backend = try backend(attempt)
            options.memoryBudget = options.backend.name == "memory" ? nil : simulation.options.memoryBudget
            job = try pipeline.start(options)
        } catch {
            if world.isDown || world.hasFaulted { return false }
            throw Violation(message: "attempt \(number) could not start: \(error)")
        }
        if job.snapshotStatus.lastBegun != nil { world.count { $0.restores += 1 } }
        defer {
            // Nothing of it has an effect; the threads of a real process would just be gone.
            job.cancel()
            while !job.isFinished && !scheduler.step() {}
        }
        return try drive(job, scheduler, attempt, number)
    }

    /// Steps the job until it has ended, for whatever reason; whether that was the end of the input.
    private func drive(
        _ job: Job, _ scheduler: ManualScheduler, _ attempt: SimulationPlan.Attempt, _ number: Int
    ) throws -> Bool {
        var random = SplitMix64(seed: attempt.seed &+ 1)
        let answers = Mutex<(isBusy: Bool, reports: [SnapshotReport])>((false, []))
        let stopped = Mutex<Result<StopReport, any Error>?>(nil)
        var watermarks = Watermarks()
        var steps = 0
        while !job.isFinished && !world.isDown {
            steps += 1
            guard steps <= simulation.options.stepLimit else {
                throw Violation(
                    message: "attempt \(number) got stuck: no end after \(steps) steps; \(Self.describe(job))")
            }
            if case .stop(steps, let savepoint) = attempt.ending {
                world.note("stop\(savepoint ? " with a savepoint" : "")")
                job.requestStop(drain: false, savepoint: savepoint ? storage : nil) { result in
                    world.note("stopped: \(result)")
                    stopped.withLock { $0 = result }
                }
            }
            let mustSnapshot =
                attempt.stepsPerSnapshot > 0 && random.next(below: UInt64(attempt.stepsPerSnapshot)) == 0
                && !answers.withLock({ $0.isBusy })
            if mustSnapshot {
                answers.withLock { $0.isBusy = true }
                job.requestSnapshot(.snapshot) { result in
                    answers.withLock { answers in
                        answers.isBusy = false
                        if case .success(let report) = result { answers.reports.append(report) }
                    }
                }
            }
            if random.next(below: 6) == 0 {
                world.clock.advance(by: .milliseconds(Int64(1 + random.next(below: 200))))
            }
            scheduler.step()
            if steps % 8 == 0 { try watermarks.check(job.status) }
        }
        let reports = answers.withLock { $0.reports }
        world.count { $0.snapshots += reports.count }
        if world.isDown { return false }
        if let failure = job.failure {
            if world.hasFaulted { return false }
            throw Violation(message: "attempt \(number) failed: \(failure)")
        }
        if case .success? = stopped.withLock({ $0 }) {
            world.count { $0.stops += 1 }
            return false
        }
        try watermarks.check(job.status)
        return true
    }

    /// How far a job is, for people.
    private static func describe(_ job: Job) -> String {
        let steps = job.status.steps.map {
            "\($0.name) in \($0.recordsIn) out \($0.recordsOut) watermark \($0.watermark)"
        }
        return "\(steps.joined(separator: ", ")); snapshots: \(job.snapshotStatus.completed) durable, "
            + "\(job.snapshotStatus.isInProgress ? "one" : "none") in progress, last failure "
            + "\(job.snapshotStatus.lastFailure.map { "\($0)" } ?? "none")"
    }

    /// The backend that the plan says, unless what the newest snapshot holds can be opened by another one only.
    private func backend(_ attempt: SimulationPlan.Attempt) throws -> any StateBackend {
        let backends = simulation.options.backends
        let wanted = backends[min(attempt.backend, backends.count - 1)]
        let repository = SnapshotRepository(storage, pipeline: pipeline.name)
        guard let newest = try repository.latest(), let store = newest.stores.first else { return wanted }
        return backends.first { $0.name == store.backend } ?? wanted
    }

    // MARK: What must hold

    private func checkResults() throws {
        if let problem = output.problems.first { throw Violation(message: problem) }
        if !output.prepared.isEmpty {
            throw Violation(message: "\(output.prepared.count) transactions are left, prepared and not committed")
        }
        let committed = output.committed
        let expected = simulation.expected(events)
        var counts: [Output: Int] = [:]
        for result in expected { counts[result, default: 0] += 1 }
        for result in committed { counts[result, default: 0] -= 1 }
        let missing = counts.filter { $0.value > 0 }.map { "\($0.key)" }.sorted()
        let surplus = counts.filter { $0.value < 0 }.map { "\($0.key)" }.sorted()
        guard missing.isEmpty && surplus.isEmpty else {
            throw Violation(
                message: "the committed results are not the expected ones; missing: \(Self.list(missing)); "
                    + "too many: \(Self.list(surplus))")
        }
        guard let order = simulation.order else { return }
        let found = Dictionary(grouping: committed, by: order)
        for (key, results) in Dictionary(grouping: expected, by: order) where found[key] != results {
            throw Violation(
                message: "the results of \(key) are in another order: \(Self.list((found[key] ?? []).map { "\($0)" })) "
                    + "instead of \(Self.list(results.map { "\($0)" }))")
        }
    }

    private static func list(_ texts: [String]) -> String {
        guard !texts.isEmpty else { return "none" }
        return texts.prefix(5).joined(separator: ", ") + (texts.count > 5 ? " and \(texts.count - 5) more" : "")
    }

    /// Nothing is left that no snapshot needs; and what the last one says of the state is the fold of what was read.
    private func checkLeftovers() throws {
        world.begin(nil, number: 0)
        storage.restart()
        world.clock.advance(by: .seconds(1))
        let repository = SnapshotRepository(storage, pipeline: pipeline.name)
        let orphans = try repository.collectOrphans(before: world.clock.now)
        if !orphans.isEmpty { throw Violation(message: "files are left that no snapshot needs: \(Self.list(orphans))") }
        for id in try repository.ids() {
            let stored = try repository.openUnchecked(id)
            if let problem = stored.verify().first { throw Violation(message: "snapshot \(id): \(problem)") }
            // Rows in a store's own files are looked at by the job that opens them.
            for check in simulation.stateChecks where stored.manifest.stores.isEmpty {
                let read = Dictionary(
                    stored.manifest.positions.map { ($0.split, $0.position) }, uniquingKeysWith: { first, _ in first })
                let prefix = events.enumerated().map { split, events in
                    let position = read["\(split)"] ?? "0"
                    return Array(events.prefix(position == "end" ? events.count : Int(position) ?? 0))
                }
                if let problem = try check(SnapshotInspector(StoredContents(stored, scratch: "")), prefix) {
                    throw Violation(message: "snapshot \(id): \(problem)")
                }
            }
        }
    }
}

/// The steps' watermarks, which only rise.
private struct Watermarks {
    private var last: [String: Timestamp] = [:]

    mutating func check(_ status: JobStatus) throws {
        for step in status.steps {
            if let before = last[step.name], step.watermark < before {
                throw SimulationRun<Int, Int>.Violation(
                    message: "the watermark of '\(step.name)' fell from \(before) to \(step.watermark)")
            }
            last[step.name] = step.watermark
        }
    }
}
