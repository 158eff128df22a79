internal import StateBackend

/// The making of one worker's copy of the dataflow: the outlets so far, and what the copies share.
public final class WorkerBuild {
    let graph: DataflowGraph
    let shared: JobBuild
    /// The index of the worker.
    public let worker: Int
    var outlets: [DataflowGraph.Port: AnyObject] = [:]
    private var sideOutlets: [Int: SideOutlets] = [:]
    var tasks: [(node: Int, task: InputTask)] = []
    var senders: [(node: Int, sender: BlockableSender)] = []
    var idleActions: [() throws -> Bool] = []
    let alarm = WorkerAlarm()
    /// The steps' copies on this worker, by node.
    let instances: [StepInstance]
    /// Takes barriers through the copy.
    @usableFromInline let aligner: BarrierAligner
    /// What the steps' states share.
    let environment: StateEnvironment

    init(graph: DataflowGraph, shared: JobBuild, environment: StateEnvironment) {
        self.graph = graph
        self.shared = shared
        worker = environment.worker
        self.environment = environment
        aligner = BarrierAligner(
            graph: graph, aligns: shared.options.snapshots?.guarantee ?? .exactlyOnce == .exactlyOnce,
            overtakeAfter: shared.options.snapshots?.alignmentTimeout?.milliseconds)
        let alarm = alarm
        instances = graph.nodes.map { node in
            StepInstance(
                state: StepState(step: node.name, in: environment),
                processingTime: ProcessingTime(clock: shared.options.clock, alarm: alarm))
        }
    }

    func instance(node: Int) -> StepInstance { instances[node] }

    /// The outlet of a step's port on this worker.
    @usableFromInline
    func outlet<Payload: BatchPayload>(node: Int, port: Int) -> Outlet<Payload> {
        if port != 0 { return sides(ofNode: node).outlet(port: port) }
        let key = DataflowGraph.Port(node: node, port: port)
        if let outlet = outlets[key] as? Outlet<Payload> { return outlet }
        let outlet = Outlet<Payload>(sideOutputs: sides(ofNode: node))
        outlets[key] = outlet
        return outlet
    }

    private func sides(ofNode node: Int) -> SideOutlets {
        let sides = sideOutlets[node] ?? SideOutlets()
        sideOutlets[node] = sides
        return sides
    }

    /// Lets go of what the worker has taken over.
    func release() {
        outlets = [:]
        sideOutlets = [:]
        tasks = []
        senders = []
        idleActions = []
    }

    /// Connects `inlet` to the `index`-th input of step `node`.
    @usableFromInline
    func connect<Payload: BatchPayload>(_ inlet: Inlet<Payload>, input index: Int, ofNode node: Int) {
        let port = graph.nodes[node].inputs[index]
        let step = graph.nodes[node].name
        let code: JobError.Code = graph.nodes[node].kind.isSink ? .sinkFailed : .stepFailed
        // An error is named after the step in which it arose; those further up leave it as it is.
        let named = Inlet<Payload>(
            consumes: inlet.consumes,
            onBatch: { batch in
                do { try inlet.onBatch(batch) } catch { throw JobError.wrap(error, code, step: step) }
            },
            onSharedBatch: inlet.onSharedBatch.map { onSharedBatch in
                { batch in
                    do { try onSharedBatch(batch) } catch { throw JobError.wrap(error, code, step: step) }
                }
            },
            onSignal: { [aligner] signal in
                do {
                    switch signal {
                    case .barrier(let barrier): try aligner.arrive(barrier, node: node, input: index)
                    case .end:
                        try aligner.end(node: node, input: index)
                        try inlet.onSignal(signal)
                        try aligner.noteEnd(ofInputsOf: node)
                    case .watermark, .idle, .active: try inlet.onSignal(signal)
                    }
                } catch { throw JobError.wrap(error, code, step: step) }
            })
        // Whichever input was the last, it is the first one's way that every step passes barriers on.
        if index == 0 { aligner.onPass(node: node) { try inlet.onSignal(.barrier($0)) } }
        outlet(node: port.node, port: port.port).connect(named)
    }

    /// What an operator of step `node` is told.
    @usableFromInline
    func context(node: Int) -> OperatorContext {
        OperatorContext(
            step: graph.nodes[node].name, worker: worker, parallelism: shared.options.parallelism,
            batchSize: shared.options.batchSize, keyGroups: shared.options.keyGroups,
            processingTime: instances[node].processingTime, state: instances[node].state,
            counters: shared.counters[worker][node], sideOutputs: graph.nodes[node].sideOutputs,
            sides: sides(ofNode: node), instance: instances[node])
    }

    /// The pipeline's name.
    @usableFromInline var pipeline: String { shared.pipeline }

    /// Registers what a sink does when the job has ended by itself or was stopped; it may be called again.
    @usableFromInline
    func onClose(node: Int, _ action: @escaping () throws -> Void) { instances[node].close = action }

    @usableFromInline var parallelism: Int { shared.options.parallelism }
    /// The number of workers by which sources are divided: that of the job's first start.
    @usableFromInline var splitParallelism: Int { shared.splitParallelism }
    @usableFromInline var batchSize: Int { shared.options.batchSize }

    /// Registers what is to be done before the worker waits for input: passing on what was held back.
    ///
    /// The action tells
    /// whether there was anything.
    @usableFromInline
    func onIdle(_ action: @escaping () throws -> Bool) { idleActions.append(action) }

    /// The part of an exchange that the workers share, made by the first of them.
    func channels(node: Int) -> ExchangeChannels {
        if let channels = shared.exchanges[node] { return channels }
        let channels = ExchangeChannels(wakeSignals: shared.wakeSignals, ringCapacity: shared.options.ringCapacity)
        shared.exchanges[node] = channels
        return channels
    }

    @usableFromInline
    func add(task: InputTask, node: Int) { tasks.append((node, task)) }

    @usableFromInline
    func add(sender: BlockableSender, node: Int) { senders.append((node, sender)) }
}

/// What the copies of a dataflow share while they are made.
final class JobBuild {
    let options: JobOptions
    let wakeSignals: [WakeSignal]
    let counters: [[StepCounters]]
    var exchanges: [Int: ExchangeChannels] = [:]
    /// What the first worker's ``BarrierAligner`` has found out.
    var feeders: [[[Int]]]?
    var splits: [Int: [any Sendable]] = [:]
    var alignments: [String: AlignmentGroup] = [:]

    /// The number of workers by which sources are divided.
    let splitParallelism: Int

    /// Whether the copies begin with a snapshot.
    let isRestored: Bool

    /// The pipeline's name.
    let pipeline: String
    /// What the transactional sinks' copies share, by node.
    var commits: [Int: any StepCommits] = [:]

    /// - Parameter splitParallelism: what the snapshot says, if there is one.
    init(pipeline: String, options: JobOptions, stepCount: Int, splitParallelism: Int? = nil) {
        self.pipeline = pipeline
        self.splitParallelism = splitParallelism ?? options.parallelism
        isRestored = splitParallelism != nil
        self.options = options
        wakeSignals = (0..<options.parallelism).map { _ in WakeSignal() }
        counters = (0..<options.parallelism).map { _ in (0..<stepCount).map { _ in StepCounters() } }
    }
}
