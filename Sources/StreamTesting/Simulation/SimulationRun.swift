internal import Synchronization
internal import Weir

/// What was not as it should be.
struct SimulationViolation: Error {
    let message: String
}

/// One run of a plan: the job's lives one after the other, and what must hold of them.
struct SimulationRun<Input: Sendable, Output: Hashable & Sendable> {
    typealias Violation = SimulationViolation

    let simulation: Simulation<Input, Output>
    let plan: SimulationPlan
    let events: [[Input]]
    let world = SimulatedWorld()
    private let storage: SimulatedStorage
    /// Where savepoints go that are for elsewhere.
    private let elsewhere: SimulatedStorage
    /// Whether the next attempt begins with what is elsewhere.
    private var beginsElsewhere = false
    private var stoppedElsewhere = false
    private let output = CommittedOutput<Output>()
    private let pipeline: Pipeline

    init(_ simulation: Simulation<Input, Output>, _ plan: SimulationPlan, _ events: [[Input]]) throws {
        self.simulation = simulation
        self.plan = plan
        self.events = events
        let world = world
        storage = SimulatedStorage(world)
        elsewhere = SimulatedStorage(world)
        let source = SimulatedSource(world: world, events: events, goesIdle: simulation.options.splitsGoIdle)
        output.world = world
        let output = output
        pipeline = try Pipeline(simulation.name) { try simulation.pipeline($0, source, output) }
    }

    /// Runs the plan.
    ///
    /// - Throws: ``Violation``.
    mutating func run() throws {
        for (number, attempt) in plan.attempts.enumerated() {
            if try live(attempt, number: number + 1) { break }
        }
        try checkResults()
        // Once more, undisturbed: a job that has ended has nothing more to say, and what was left over is collected.
        let results = output.committed.count
        let last = SimulationPlan.Attempt(
            seed: 1, parallelism: plan.attempts.last?.parallelism ?? 1, batchSize: 8, ringCapacity: 4,
            backend: plan.attempts.last?.backend ?? 0, stepsPerSnapshot: 0, ending: .none, injections: [])
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
    private mutating func live(_ attempt: SimulationPlan.Attempt, number: Int) throws -> Bool {
        world.begin(attempt, number: number)
        storage.restart()
        elsewhere.restart()
        world.clock.advance(by: .seconds(1))
        let scheduler = ManualScheduler(seed: attempt.seed)
        var options = JobOptions(parallelism: attempt.parallelism, batchSize: attempt.batchSize)
        options.scheduler = scheduler
        options.keyGroups = KeyGroups(count: plan.keyGroups)
        options.ringCapacity = attempt.ringCapacity
        options.clock = world.clock
        let writing = SimulatedExecutor()
        options.snapshotExecutor = writing
        options.restartTimer = { [world] in world.later($0, $1) }
        options.snapshots = snapshotOptions(attempt)
        options.start = beginsElsewhere ? .stored(elsewhere, nil) : .latest
        if attempt.restarts > 0 {
            options.restarts = .fixedDelay(attempts: attempt.restarts, delay: .milliseconds(200))
        }
        stoppedElsewhere = false
        defer { beginsElsewhere = stoppedElsewhere }
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        let job: Job
        do {
            let base = try backend(attempt)
            options.backend = base is MemoryBackend ? base : SimulatedBackend(base: base, world: world)
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
            while !job.isFinished {
                let isDone = scheduler.step()
                if !writing.run() && isDone { break }
            }
        }
        if job.snapshotStatus.lastBegun != nil && beginsElsewhere { world.note("begins with the savepoint elsewhere") }
        return try drive(job, scheduler, writing, attempt, number)
    }

    private func snapshotOptions(_ attempt: SimulationPlan.Attempt) -> SnapshotOptions {
        var random = SplitMix64(seed: attempt.seed &+ 2)
        // Mostly so long an interval that snapshots are taken at the plan's steps only, and at the end.
        var snapshots = SnapshotOptions(storage: storage, interval: .seconds(100_000_000))
        snapshots.timeout = attempt.snapshotTimeout > 0 ? .milliseconds(attempt.snapshotTimeout) : nil
        if attempt.stepsPerSnapshot > 0 && random.next(below: 4) == 0 {
            snapshots.interval = .milliseconds(Int64(200 + random.next(below: 3_000)))
            snapshots.minimumPause = .milliseconds(Int64(random.next(below: 400)))
        }
        snapshots.alignmentTimeout = attempt.overtakeAfter.map { .milliseconds($0) }
        snapshots.guarantee = simulation.options.guarantee
        snapshots.isIncremental = random.next(below: 4) > 0
        snapshots.retained = 1 + Int(random.next(below: 3))
        snapshots.commitAttempts = 1 + Int(random.next(below: 5))
        if attempt.restarts > 0 && random.next(below: 3) == 0 { snapshots.toleratedFailures = 0 }
        if snapshots.minimumPause == .zero { snapshots.maximumInFlight = 1 + Int(random.next(below: 3)) }
        return snapshots
    }

    /// Steps the job until it has ended, for whatever reason; whether that was the end of the input.
    private mutating func drive(
        _ job: Job, _ scheduler: ManualScheduler, _ writing: SimulatedExecutor, _ attempt: SimulationPlan.Attempt,
        _ number: Int
    ) throws -> Bool {
        // At once, nearly so, or so slowly that the job gets far ahead.
        let pieces = [Int.max, 6, 2][Int(attempt.seed % 3)]
        let inFlight = snapshotOptions(attempt).maximumInFlight
        var random = SplitMix64(seed: attempt.seed &+ 1)
        let answers = Mutex<(open: Int, durable: [Int])>((0, []))
        let stopped = Mutex<Result<StopReport, any Error>?>(nil)
        var watermarks = Watermarks()
        var restarts = 0
        var steps = 0
        while !job.isFinished && !world.isDown {
            steps += 1
            guard steps <= simulation.options.stepLimit else {
                throw Violation(
                    message: "attempt \(number) got stuck: no end after \(steps) steps; \(Self.describe(job))")
            }
            if case .stop(steps, let savepoint) = attempt.ending {
                world.note("stop, savepoint: \(savepoint.rawValue)")
                let place = savepoint == .none ? nil : savepoint == .own ? storage : elsewhere
                job.requestStop(drain: false, savepoint: place) { [world] result in
                    world.note("stopped: \(Self.describe(result))")
                    stopped.withLock { $0 = result }
                }
            }
            let mustSnapshot =
                attempt.stepsPerSnapshot > 0 && random.next(below: UInt64(attempt.stepsPerSnapshot)) == 0
                && answers.withLock({ $0.open < inFlight })
            if mustSnapshot {
                answers.withLock { $0.open += 1 }
                job.requestSnapshot(.snapshot) { [world] result in
                    answers.withLock { answers in
                        answers.open -= 1
                        guard case .success(let report) = result else { return }
                        world.note("snapshot \(report.id) is durable")
                        answers.durable.append(report.id)
                    }
                }
            }
            passTime(attempt, &random)
            writing.run(pieces == .max ? pieces : Int(random.next(below: UInt64(pieces))))
            scheduler.step()
            if pieces == .max { writing.run() }
            let durable = answers.withLock { answers in
                defer { answers.durable = [] }
                return answers.durable
            }
            world.count { $0.snapshots += durable.count }
            // One that has become durable says what the state is of the job that runs now.
            for id in durable where !simulation.stateChecks.isEmpty && !world.isDown {
                try world.observe { try checkState(SnapshotRepository(storage, pipeline: pipeline.name), id) }
            }
            let health = job.health
            if health.restarts > restarts {
                restarts = health.restarts
                world.count { $0.restarts += 1 }
                watermarks = Watermarks()
            }
            if steps % 8 == 0 && health.phase == .running { try watermarks.check(job.status) }
        }
        // A process goes on writing what its job has left it.
        writing.run()
        if !world.isDown && answers.withLock({ $0.open > 0 }) {
            throw Violation(message: "a snapshot that attempt \(number) was asked for was never answered")
        }
        return try judge(job, attempt, number, stopped.withLock { $0 })
    }

    /// The clock goes on, now and then by hours, and what waited for it happens.
    private func passTime(_ attempt: SimulationPlan.Attempt, _ random: inout SplitMix64) {
        guard random.next(below: 6) == 0 else { return }
        world.clock.advance(by: .milliseconds(Int64(1 + random.next(below: 200))))
        if attempt.jumps && random.next(below: 12) == 0 {
            let hours = 1 + random.next(below: 5)
            world.note("the clock jumps by \(hours) h")
            world.clock.advance(by: .seconds(Int64(3_600 * hours)))
        }
        world.callDue()
    }

    /// Whether the job has come to the end of the input; that it ended otherwise must have a reason.
    private mutating func judge(
        _ job: Job, _ attempt: SimulationPlan.Attempt, _ number: Int, _ stopped: Result<StopReport, any Error>?
    ) throws -> Bool {
        if world.isDown { return false }
        if let failure = job.failure {
            world.note("the job has failed: \(failure)")
            // A snapshot that has no time to be taken is a fault, too.
            if world.hasFaulted || attempt.snapshotTimeout > 0 { return false }
            throw Violation(message: "attempt \(number) failed: \(failure)")
        }
        if case .success? = stopped {
            world.count { $0.stops += 1 }
            if case .stop(_, .elsewhere) = attempt.ending { stoppedElsewhere = true }
            return false
        }
        return true
    }

    private static func describe(_ result: Result<StopReport, any Error>) -> String {
        switch result {
        case .success: "as asked"
        case .failure(let error): "no, \(error)"
        }
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
        // A savepoint can be opened by any.
        if beginsElsewhere { return wanted }
        guard let newest = try world.observe({ try repository.latest() }), let store = newest.stores.first else {
            return wanted
        }
        return backends.first { $0.name == store.backend } ?? wanted
    }

    // MARK: What must hold

    private func checkResults() throws {
        if let problem = output.problems.first { throw Violation(message: problem) }
        if !output.prepared.isEmpty {
            throw Violation(message: "\(output.prepared.count) transactions are left, prepared and not committed")
        }
        let committed = output.committed
        let isAtLeastOnce = simulation.options.guarantee == .atLeastOnce
        let expected = simulation.expected(events)
        var counts: [Output: Int] = [:]
        for result in expected { counts[result, default: 0] += 1 }
        let wanted = counts
        for result in committed { counts[result, default: 0] -= 1 }
        let missing = counts.filter { $0.value > 0 }.map { "\($0.key)" }.sorted()
        let surplus = counts.filter { $0.value < 0 && (!isAtLeastOnce || wanted[$0.key] == nil) }.map { "\($0.key)" }
            .sorted()
        guard missing.isEmpty && surplus.isEmpty else {
            throw Violation(
                message: "the committed results are not the expected ones; missing: \(Self.list(missing)); "
                    + "too many: \(Self.list(surplus))")
        }
        guard let order = simulation.order, !isAtLeastOnce else { return }
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
            if let problem = try repository.openUnchecked(id).verify().first {
                throw Violation(message: "snapshot \(id): \(problem)")
            }
            try checkState(repository, id)
        }
    }

    /// What a snapshot says of the state is the fold of what it says was read.
    private func checkState(_ repository: SnapshotRepository, _ id: Int) throws {
        guard simulation.options.guarantee == .exactlyOnce, try repository.ids().contains(id) else { return }
        let stored = try repository.openUnchecked(id)
        // Rows in a store's own files are looked at by the job that opens them.
        guard stored.manifest.stores.isEmpty else { return }
        // Where a barrier has overtaken batches, what was read isn't all in the state yet.
        let parts = stored.manifest.steps.flatMap(\.parts)
        guard !parts.contains(where: { $0.schema.kind == "in flight" && $0.rowCount > 0 }) else { return }
        for check in simulation.stateChecks {
            let read = Dictionary(
                stored.manifest.positions.map { ($0.split, $0.position) }, uniquingKeysWith: { first, _ in first })
            let prefix = events.enumerated().map { split, events in
                let position = read["\(split)"] ?? "0"
                return Array(events.prefix(position == "end" ? events.count : Int(position) ?? 0))
            }
            world.count { $0.stateChecks += 1 }
            if let problem = try check(SnapshotInspector(StoredContents(stored, scratch: "")), prefix) {
                throw Violation(message: "snapshot \(id): \(problem)")
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
                throw SimulationViolation(
                    message: "the watermark of '\(step.name)' fell from \(before) to \(step.watermark)")
            }
            last[step.name] = step.watermark
        }
    }
}
