internal import StateBackend

/// How a step looks records up; see ``DataStream/attachLookup(_:_:_:)``.
public struct LookupOptions<Input: Sendable, Output: Sendable>: Sendable {
    /// Whether results leave in the order of the records.
    public var isOrdered = true
    /// How many look-ups run at a time on each worker.
    ///
    /// The default is 100.
    public var capacity = 100
    /// For how long a record is looked up, all attempts and the delays between them included.
    ///
    /// The default is 30 s.
    public var timeout = Duration.seconds(30)
    /// How often it is tried.
    ///
    /// The default is once.
    public var retry = LookupRetry.none
    /// Makes the result of a record whose time is over, nil for none; without it, it is an error, ``LookupTimeout``.
    public var onTimeout: (@Sendable (Input) throws -> Output?)?
    /// What becomes of a record whose last attempt failed.
    public var onError = ErrorPolicy.fail

    /// The defaults.
    public init() {}

    /// What is wrong, with the remedy; or nil.
    var problem: String? {
        if capacity < 1 { return "\(capacity) look-ups are to run at a time; let there be at least one" }
        if timeout < .milliseconds(1) {
            return "the look-up's timeout is \(timeout.milliseconds) ms; it must be at least 1 ms"
        }
        return retry.problem
    }
}

extension DataStream {
    /// Attaches a step that looks each record up with an asynchronous function.
    ///
    /// A stage of its own: the workers go on meanwhile. Results keep their records' timestamps, and never overtake a
    /// watermark; records in flight are part of the state.
    /// - Parameters:
    ///   - name: the step's name, unique in the pipeline; it identifies the step's state.
    ///   - options: capacity, timeout, retries, order.
    ///   - function: the look-up, run as a task of its own.
    public func attachLookup<Output: Sendable>(
        _ name: String, _ options: LookupOptions<Element, Output>,
        _ function: @escaping @Sendable (Element) async throws -> Output
    ) -> DataStream<Output> {
        if let problem = options.problem { builder.reject(name, problem) }
        let node = builder.add(name, .exchange, inputs: [port]) { build, node in
            let context = build.context(node: node)
            let jobOptions = build.shared.options
            let stage = try LookupStage(
                options: options, context: context, outlet: build.outlet(node: node, port: 0),
                wakeSignal: build.shared.wakeSignals[build.worker], executor: jobOptions.lookupExecutor,
                node: node, aligner: build.aligner, function)
            try context.state.add("in flight", stage)
            try context.state.add(
                "weir.idle", stage.idleness(parallelism: context.parallelism))
            context.onRestored { stage.restored(at: $0) }
            build.aligner.capturesItself(node)
            build.aligner.injections.append { [unowned stage] in try stage.begin(barrier: $0) }
            context.processingTime.onWake { now in
                do { try stage.wake(at: now) } catch { throw JobError.wrap(error, .stepFailed, step: name) }
            }
            build.add(
                task: InputTask(poll: {
                    do { return try stage.poll() } catch { throw JobError.wrap(error, .stepFailed, step: name) }
                }), node: node)
            build.add(sender: BlockableSender(isBlocked: { stage.isBlocked }, retry: { false }), node: node)
            let inlet = Inlet<Batch<Element>>(
                consumes: false, onBatch: { stage.enqueue($0) }, onSignal: { try stage.enqueue($0) })
            build.connect(inlet, input: 0, ofNode: node)
        }
        return DataStream<Output>(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }
}
