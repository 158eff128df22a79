extension DataStream {
    /// Passes everything on, but holds up each batch and signal for a round of its worker's work, during which the
    /// steps before it meet a full downstream.
    ///
    /// For the testing kit: an operator must give the same whether or not it is held up.
    package func holding(_ name: String) -> DataStream<Element> {
        let node = builder.add(name, .exchange, inputs: [port]) { build, node in
            let stage = HoldingStage<Batch<Element>>(outlet: build.outlet(node: node, port: 0))
            build.add(task: InputTask(poll: { try stage.poll() }), node: node)
            build.aligner.injections.append { stage.insert(.barrier($0)) }
            build.add(sender: BlockableSender(isBlocked: { stage.isBlocked }, retry: { false }), node: node)
            // What is held leaves its producer for good, so it is copied.
            let inlet = Inlet<Batch<Element>>(
                consumes: false, onBatch: { stage.waiting.append(.batch($0.copy())) },
                onSignal: { stage.waiting.append(.signal($0)) })
            build.connect(inlet, input: 0, ofNode: node)
        }
        return DataStream(builder: builder, port: DataflowGraph.Port(node: node, port: 0), hasEventTime: hasEventTime)
    }
}

/// What waits between two stages of one worker.
private final class HoldingStage<Payload: BatchPayload> {
    var waiting: [Message] = []
    private var hasEnded = false
    private let outlet: Outlet<Payload>

    init(outlet: Outlet<Payload>) { self.outlet = outlet }

    /// Inserts a barrier where its input has sent its end, and so no barrier can come from there.
    func insert(_ barrier: Signal) {
        guard case .signal(.end)? = waiting.last else { return }
        waiting.insert(.signal(barrier), at: waiting.count - 1)
    }

    var isBlocked: Bool { !waiting.isEmpty }

    func poll() throws -> PollResult {
        if hasEnded { return .finished }
        guard !waiting.isEmpty else { return .idle }
        switch waiting.removeFirst() {
        case .batch(let payload): try outlet.push(Payload.unwrap(payload))
        case .signal(let signal):
            try outlet.signal(signal)
            hasEnded = signal == .end
        }
        return .progress
    }
}
