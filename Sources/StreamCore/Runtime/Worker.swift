internal import StateBackend

/// One worker: a copy of the dataflow, driven step by step by whichever scheduler.
///
/// Invariant (the reason for `@unchecked Sendable`): a worker is built by the thread that starts the job, then handed
/// to one scheduler, which steps it from one thread at a time.
final class Worker: @unchecked Sendable {
    private struct Input {
        let task: InputTask
        /// The sending ends that its batches can reach on this worker.
        let senders: [BlockableSender]
        var isFinished = false
    }

    let index: Int
    let wakeSignal: WakeSignal
    /// Later stages first, so that work on its way leaves before new work enters.
    private var inputs: [Input]
    private let senders: [BlockableSender]
    private let idleActions: [() throws -> Bool]
    private let clock: any ProcessingClock
    private let flushInterval: Int64
    private var lastFlush: Timestamp
    private var stepsSinceLook = 0
    private let alarm: WorkerAlarm
    /// The steps' copies, by node.
    let instances: [StepInstance]
    let stepCounters: [StepCounters]
    /// Questions from other threads, answered between two rounds of work.
    let mailbox: WorkerMailbox
    /// What the steps' states share.
    let environment: StateEnvironment

    init(build: WorkerBuild) {
        index = build.worker
        wakeSignal = build.shared.wakeSignals[build.worker]
        senders = build.senders.map(\.sender)
        idleActions = build.idleActions
        alarm = build.alarm
        instances = build.instances
        environment = build.environment
        stepCounters = build.shared.counters[build.worker]
        mailbox = WorkerMailbox(wakeSignal: wakeSignal)
        clock = build.shared.options.clock
        flushInterval = build.shared.options.flushInterval.milliseconds
        lastFlush = clock.now
        inputs = build.tasks.sorted { $0.node > $1.node }.map { node, task in
            let reachable = Set(build.graph.exchangesReachable(from: node))
            return Input(task: task, senders: build.senders.filter { reachable.contains($0.node) }.map(\.sender))
        }
    }

    deinit {
        mailbox.close()
        for instance in instances { instance.release() }
    }

    /// Gives every input that isn't held up by back-pressure a turn.
    func step() throws -> StepResult {
        var progress = mailbox.answer(self)
        if alarm.next < .max {
            let now = clock.now
            if alarm.next <= now {
                try alarm.ring(now)
                progress = true
            }
        }
        for sender in senders where sender.isBlocked() && sender.retry() { progress = true }
        var open = false
        for i in inputs.indices where !inputs[i].isFinished {
            open = true
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
        if !open && !senders.contains(where: { $0.isBlocked() }) { return progress ? .progress : .finished }
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

    private func passOnHeldBack() throws -> Bool {
        var any = false
        for action in idleActions where try action() { any = true }
        return any
    }
}
