internal import StateBackend

/// One worker: a copy of the dataflow, driven step by step by whichever scheduler.
///
/// Invariant (the reason for `@unchecked Sendable`): a worker is built by the thread that starts the job, then handed
/// to one scheduler, which steps it from one thread at a time.
final class Worker: @unchecked Sendable {
    private struct Input {
        let node: Int
        let task: InputTask
        /// The sending ends that its batches can reach on this worker.
        let senders: [BlockableSender]
        var isFinished = false
    }

    let index: Int
    let wakeSignal: WakeSignal
    // Exclusive access is not checked at run time where a field is used with each batch: a worker's parts are on its thread
    // alone, and none calls back into another that is at work.
    /// Later stages first, so that work on its way leaves before new work enters.
    @exclusivity(unchecked) private var inputs: [Input]
    private let senders: [BlockableSender]
    private let idleActions: [() throws -> Bool]
    private let clock: any ProcessingClock
    private let flushInterval: Int64
    @exclusivity(unchecked) private var lastFlush: Timestamp
    @exclusivity(unchecked) private var stepsSinceLook = 0
    private let alarm: WorkerAlarm
    /// The steps' copies, by node.
    let instances: [StepInstance]
    let stepCounters: [StepCounters]
    /// Questions from other threads, answered between two rounds of work.
    let mailbox: WorkerMailbox
    /// What the steps' states share.
    let environment: StateEnvironment
    private let aligner: BarrierAligner
    private let snapshots: WorkerSnapshots
    /// Begins snapshots when they are due; set once the job is complete.
    var coordinator: SnapshotCoordinator? {
        didSet { snapshots.find = { [weak coordinator] in coordinator?.progress(ofBarrier: $0) } }
    }
    /// Whether nobody steps the worker any more: it has finished, and answers on other threads.
    @exclusivity(unchecked) var hasLeft = false
    /// Whether it may go as soon as no snapshot is under way: the next one is taken at once.
    @exclusivity(unchecked) private var isLeaving = false
    /// What sending a barrier came to, where it failed.
    @exclusivity(unchecked) private var fault: (any Error)?

    init(build: WorkerBuild) {
        index = build.worker
        wakeSignal = build.shared.wakeSignals[build.worker]
        senders = build.senders.map(\.sender)
        idleActions = build.idleActions
        alarm = build.alarm
        instances = build.instances
        environment = build.environment
        stepCounters = build.shared.counters[build.worker]
        aligner = build.aligner
        snapshots = WorkerSnapshots(
            stepNames: build.graph.nodes.map(\.name), instances: instances, counters: stepCounters,
            environment: build.environment, aligner: build.aligner)
        mailbox = WorkerMailbox(wakeSignal: wakeSignal)
        clock = build.shared.options.clock
        flushInterval = build.shared.options.flushInterval.milliseconds
        lastFlush = clock.now
        inputs = build.tasks.sorted { $0.node > $1.node }.map { node, task in
            let reachable = Set(build.graph.exchangesReachable(from: node))
            return Input(
                node: node, task: task, senders: build.senders.filter { reachable.contains($0.node) }.map(\.sender))
        }
    }

    /// Milliseconds until the next call that somebody asked for by the clock; nil when nobody did.
    var timeToAlarm: Int64? {
        alarm.next < .max ? alarm.next.subtractingReportingOverflow(clock.now).partialValue : nil
    }

    deinit {
        mailbox.close()
        for instance in instances { instance.release() }
        aligner.release()
        closeStore()
    }

    /// Closes the state's store, when nobody works with the worker any more.
    func closeStore() { environment.closeStore() }

    /// Gives every input that isn't held up by back-pressure a turn.
    func step() throws -> StepResult {
        var progress = mailbox.answer(self)
        if let fault { throw fault }
        // Also when all inputs have ended: what a sink couldn't prepare must not be missing from the last snapshot.
        try environment.failure.check()
        coordinator?.tick()
        if snapshots.drive() { progress = true }
        // While a barrier is under way nothing may come that no batch has brought about.
        if alarm.next < .max && !aligner.isAligning {
            let now = clock.now
            if alarm.next <= now {
                try alarm.ring(now)
                progress = true
            }
        }
        for sender in senders where sender.isBlocked() && sender.retry() { progress = true }
        if snapshots.mayOvertake, aligner.overtakeAfter != nil {
            // Also where the downstream is full: that is what makes barriers wait.
            let now = clock.now
            for input in inputs where !input.isFinished {
                if let overtake = input.task.overtake, try overtake(now) { progress = true }
            }
        }
        var open = false
        for i in inputs.indices where !inputs[i].isFinished {
            open = true
            if aligner.isHeldBack(inputs[i].node) { continue }
            if inputs[i].senders.contains(where: { $0.isBlocked() }) { continue }
            let polled = try inputs[i].task.poll()
            try environment.failure.check()
            switch polled {
            case .progress: progress = true
            case .idle: break
            case .finished:
                inputs[i].isFinished = true
                progress = true
            }
        }
        if !open && !senders.contains(where: { $0.isBlocked() }) {
            // Told also while a snapshot is under way: there may always be one.
            let result = coordinator?.leave(worker: index) ?? .finished
            isLeaving = result == .finished
            if snapshots.isActive || progress && !isLeaving { return .progress }
            if isLeaving { try closeSinks() }
            return result
        }
        if progress {
            stepsSinceLook += 1
            if stepsSinceLook >= 16 {
                stepsSinceLook = 0
                let now = clock.now
                if now - lastFlush >= flushInterval {
                    lastFlush = now
                    _ = try passOnHeldBack()
                }
            }
            return .progress
        }
        return try passOnHeldBack() ? .progress : .idle
    }

    /// Begins a snapshot.
    ///
    /// - Parameter atOnce: whether all of it is to be taken at once, because nobody steps the worker any more.
    func beginSnapshot(_ barrier: Int, _ progress: SnapshotInProgress, atOnce: Bool) {
        do {
            try snapshots.begin(barrier, progress)
            if atOnce || isLeaving { try snapshots.completeNow() }
        } catch {
            progress.fail(error)
            fault = error
        }
    }

    /// Tells the sources what to do.
    func control(_ command: SourceCommand) { for instance in instances { instance.control?(command) } }

    /// Has the transactional sinks prepare what they have, where no snapshot will; whether they have.
    func prepareSinks(barrier: Int) -> Bool {
        environment.barrier = barrier
        do {
            for instance in instances {
                do { try instance.prepare?() } catch {
                    throw JobError.wrap(error, .sinkFailed, step: instance.state.step)
                }
            }
            return true
        } catch {
            fault = error
            return false
        }
    }

    /// Has the sinks let go of what they hold.
    func closeSinks() throws {
        for instance in instances {
            do { try instance.close?() } catch { throw JobError.wrap(error, .sinkFailed, step: instance.state.step) }
        }
    }

    private func passOnHeldBack() throws -> Bool {
        var any = false
        for action in idleActions where try action() { any = true }
        return any
    }
}

extension Worker {
    /// Builds a worker: a copy of each step, sources' splits assigned, sinks opened.
    convenience init(
        _ graph: DataflowGraph, _ shared: JobBuild, _ environment: StateEnvironment, withSinks: Bool = true
    ) throws {
        let build = WorkerBuild(graph: graph, shared: shared, environment: environment)
        var isComplete = false
        defer {
            build.release()
            if !isComplete {
                for instance in build.instances { instance.release() }
                build.aligner.release()
                environment.closeStore()
            }
        }
        for (node, description) in graph.nodes.enumerated() where withSinks || description.kind != .sink {
            do { try description.build(build, node) } catch {
                let code: JobError.Code =
                    switch description.kind {
                    case .source: .sourceFailed
                    case .sink, .transactionalSink: .sinkFailed
                    default: .stepFailed
                    }
                throw JobError.wrap(error, code, step: description.name)
            }
        }
        shared.feeders = build.aligner.connect(tasks: Set(build.tasks.map(\.node)), known: shared.feeders)
        self.init(build: build)
        isComplete = true
    }
}
