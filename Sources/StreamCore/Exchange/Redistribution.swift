internal import StateBackend

/// How whole batches are spread over the workers.
@usableFromInline
enum Redistribution: Sendable {
    case roundRobin
    case toFirst
    case toAll
}

extension DataStream {
    /// Spreads the records evenly over the workers, batch by batch.
    ///
    /// Their order is lost.
    public func rebalance(_ name: String? = nil) -> DataStream<Element> {
        redistribute(self.name(name, "rebalance"), .roundRobin)
    }

    /// Sends all records to the first worker: for a sink that writes one file, or results that are ranked together.
    public func global(_ name: String? = nil) -> DataStream<Element> {
        redistribute(self.name(name, "global"), .toFirst)
    }

    /// Sends every record to every worker.
    public func broadcast(_ name: String? = nil) -> DataStream<Element> {
        redistribute(self.name(name, "broadcast"), .toAll)
    }

    private func redistribute(_ name: String, _ how: Redistribution) -> DataStream<Element> {
        let node = builder.add(name, .exchange, inputs: [port]) { build, node in
            let outlet: Outlet<Batch<Element>> = build.outlet(node: node, port: 0)
            let counters = build.context(node: node).counters
            let workers = build.parallelism
            guard workers > 1 else {
                let handOut = try build.handOut(
                    node: node, outlet: outlet, how == .roundRobin ? .batches(of: Element.self) : nil)
                let through = Inlet<Batch<Element>>(
                    consumes: true,
                    onBatch: { batch in
                        try handOut()
                        counters.addIn(batch.count)
                        counters.addOut(batch.count)
                        try outlet.push(batch)
                    },
                    onSignal: { signal in
                        // A barrier finds what is under way where it is: in the part's rows.
                        if case .barrier = signal {} else { try handOut() }
                        if case .watermark(let watermark) = signal { counters.note(watermark: watermark) }
                        try outlet.signal(signal)
                    })
                build.connect(through, input: 0, ofNode: node)
                return
            }
            let sender = try build.exchange(
                node: node, outlet: outlet, inFlight: how == .roundRobin ? .batches(of: Element.self) : nil)
            var next = build.worker
            // A batch that goes to another worker leaves its producer for good, so it is copied out of it.
            let inlet = Inlet<Batch<Element>>(
                consumes: false,
                onBatch: { batch in
                    counters.addIn(batch.count)
                    switch how {
                    case .roundRobin:
                        next = (next + 1) % workers
                        try sender.send(batch.copy(), to: next)
                    case .toFirst: try sender.send(batch.copy(), to: 0)
                    case .toAll: for target in 0..<workers { try sender.send(batch.copy(), to: target) }
                    }
                }, onSignal: { try sender.broadcast($0) })
            build.connect(inlet, input: 0, ofNode: node)
        }
        return DataStream(builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }

    /// This stream and others of the same type as one.
    ///
    /// The watermark is the lowest of theirs.
    public func union(_ others: DataStream<Element>...) -> DataStream<Element> {
        union(name(nil, "union"), with: others)
    }

    /// This stream and others of the same type as one, in a step of the given name.
    public func union(_ name: String, _ others: DataStream<Element>...) -> DataStream<Element> {
        union(name, with: others)
    }

    private func union(_ name: String, with others: [DataStream<Element>]) -> DataStream<Element> {
        let streams = [self] + others
        let inputCount = streams.count
        let node = builder.add(name, .operation, inputs: streams.map(\.port)) { build, node in
            let outlet: Outlet<Batch<Element>> = build.outlet(node: node, port: 0)
            let counters = build.context(node: node).counters
            let merger = build.context(node: node).mergeInputs(inputCount)
            for input in 0..<inputCount {
                let inlet = Inlet<Batch<Element>>(
                    consumes: true,
                    onBatch: { batch in
                        counters.addIn(batch.count)
                        counters.addOut(batch.count)
                        try outlet.push(batch)
                    },
                    onSignal: { signal in
                        try merger.receive(signal, from: input) { merged in
                            if case .watermark(let watermark) = merged { counters.note(watermark: watermark) }
                            try outlet.signal(merged)
                        }
                    })
                build.connect(inlet, input: input, ofNode: node)
            }
        }
        return DataStream(
            builder: builder, port: DataflowGraph.Port(node: node, port: 0),
            hasEventTime: streams.allSatisfy(\.hasEventTime))
    }
}

extension WorkerBuild {
    /// This worker's ends of an exchange: its receiver becomes an input task, its sender is returned.
    @usableFromInline
    func exchange<Payload: BatchPayload>(
        node: Int, outlet: Outlet<Payload>, inFlight codec: PayloadCodec<Payload>?
    ) throws -> ExchangeSender<Payload> {
        let channels = channels(node: node)
        let inFlight = codec.map { InFlight($0, environment) }
        if let inFlight { try instances[node].state.add("weir.in-flight", inFlight) }
        let receiver = ExchangeReceiver(
            channels: channels, worker: worker, outlet: outlet, counters: shared.counters[worker][node],
            merger: instance(node: node).mergeInputs(parallelism), node: node, aligner: aligner,
            inFlight: inFlight)
        let sender = ExchangeSender(channels: channels, worker: worker, receiver: receiver)
        var task = InputTask(poll: { try receiver.poll() })
        if let limit = aligner.overtakeAfter, inFlight != nil {
            task.overtake = { try receiver.overtake(now: $0, after: limit) }
        }
        add(task: task, node: node)
        add(sender: BlockableSender(isBlocked: { sender.isBlocked }, retry: { sender.retry() }), node: node)
        return sender
    }

    /// Where one worker needs no exchange: what hands out what a run of several had under way when it was snapshotted.
    ///
    /// It is called before anything is passed on, and by a task of its own when nothing comes.
    @usableFromInline
    func handOut<Payload: BatchPayload>(
        node: Int, outlet: Outlet<Payload>, _ codec: PayloadCodec<Payload>?
    ) throws -> () throws -> Void {
        guard let codec else { return {} }
        let inFlight = InFlight(codec, environment)
        try instances[node].state.add("weir.in-flight", inFlight)
        aligner.deliversDirectly(node)
        let handOut = {
            guard !inFlight.isEmpty else { return }
            while let (_, message) = inFlight.popFirst() {
                if case .batch(let payload) = message { try outlet.push(Payload.unwrap(payload)) }
            }
        }
        add(
            task: InputTask(poll: {
                let isIdle = inFlight.isEmpty
                try handOut()
                return isIdle ? .finished : .progress
            }), node: node)
        return handOut
    }
}
