/// A worker's receiving end of an exchange: takes what the other workers sent, and what its own sends it directly,
/// merges the watermarks and passes everything on.
@usableFromInline
final class ExchangeReceiver<Payload: BatchPayload> {
    private let channels: ExchangeChannels
    private let worker: Int
    private let outlet: Outlet<Payload>
    private let counters: StepCounters
    private let merger: SignalMerger
    /// The other workers, in the order in which they are asked next.
    private var others: [Int]
    private let node: Int
    private let aligner: BarrierAligner
    /// The last barrier of each sender; infinite when it has ended.
    private var barriers: [Int]
    /// The barrier that was passed on last.
    private var passed = 0
    /// What a barrier has overtaken; nil where none may.
    private let inFlight: InFlight<Payload>?
    /// Since when a barrier has waited for some of the senders.
    private var waitingSince: Timestamp?
    /// Whether what feeds this worker's own sender is held back until the others have come to the barrier.
    private var isHolding = false

    init(
        channels: ExchangeChannels, worker: Int, outlet: Outlet<Payload>, counters: StepCounters,
        merger: SignalMerger, node: Int, aligner: BarrierAligner, inFlight: InFlight<Payload>?
    ) {
        self.inFlight = inFlight
        self.node = node
        self.aligner = aligner
        barriers = Array(repeating: 0, count: channels.parallelism)
        aligner.capturesItself(node)
        aligner.deliversDirectly(node)
        self.channels = channels
        self.worker = worker
        self.outlet = outlet
        self.counters = counters
        self.merger = merger
        others = (0..<channels.parallelism).filter { $0 != worker }
    }

    /// Takes a few messages from each ring.
    @usableFromInline
    func poll() throws -> PollResult {
        guard !merger.hasEnded else { return .finished }
        var result = PollResult.idle
        if let inFlight, !inFlight.isEmpty {
            // Before anything else: it is older.
            for _ in 0..<(4 * channels.parallelism) {
                guard !aligner.isHeldBack(node), let (sender, message) = inFlight.popFirst() else { break }
                result = .progress
                try deliver(message, from: sender)
            }
            guard inFlight.isEmpty else { return result }
        }
        for other in others {
            let ring = channels.ring(from: other, to: worker)
            for _ in 0..<4 {
                // What a sender sent after the barrier waits until all others have come to it.
                guard barriers[other] <= passed || !aligner.aligns, !aligner.isHeldBack(node) else { break }
                guard let (message, producerWaits) = ring.pop() else { break }
                result = .progress
                if producerWaits { channels.wakeSignals[other].notify() }
                try deliver(message, from: other)
            }
        }
        // The next poll begins with another one.
        if others.count > 1 { others.append(others.removeFirst()) }
        return merger.hasEnded ? .finished : result
    }

    /// Lets a barrier that has waited long enough overtake what is in the rings before it.
    ///
    /// - Returns: whether anything was moved.
    func overtake(now: Timestamp, after limit: Int64) throws -> Bool {
        guard let inFlight, !merger.hasEnded else { return false }
        guard barriers.contains(where: { $0 > passed && $0 < .max }) else { return false }
        guard let since = waitingSince else {
            waitingSince = now
            return limit == 0 ? try overtake(now: now, after: 0) : false
        }
        guard now - since >= limit else { return false }
        var hasMoved = false
        for other in others {
            let ring = channels.ring(from: other, to: worker)
            while barriers[other] <= passed, let (message, producerWaits) = ring.pop() {
                hasMoved = true
                if producerWaits { channels.wakeSignals[other].notify() }
                switch message {
                case .signal(.barrier(let barrier)): barriers[other] = max(barriers[other], barrier)
                case .signal(.end):
                    barriers[other] = .max
                    inFlight.append(message, from: other)
                case .batch, .signal: inFlight.append(message, from: other)
                }
            }
        }
        if hasMoved { try passBarrier() }
        return hasMoved
    }

    /// A batch that this worker sends itself.
    func deliverOwn(_ payload: Payload) throws {
        try handOutForeign()
        try deliver(payload)
    }

    /// A signal that this worker sends itself.
    func deliverOwn(_ signal: Signal) throws {
        if case .barrier = signal {} else { try handOutForeign() }
        try deliver(signal, from: worker)
    }

    /// After a change of parallelism what was in flight may have been sent by what is now this worker's own sender, so it comes
    /// before anything that this sends.
    private func handOutForeign() throws {
        guard let inFlight, inFlight.isForeign, !inFlight.isEmpty else { return }
        while let (sender, message) = inFlight.popFirst() { try deliver(message, from: sender) }
    }

    private func deliver(_ message: Message, from sender: Int) throws {
        switch message {
        case .batch(let payload): try deliver(Payload.unwrap(payload))
        case .signal(let signal): try deliver(signal, from: sender)
        }
    }

    private func deliver(_ payload: Payload) throws {
        counters.addOut(payload.count)
        try outlet.push(payload)
    }

    private func deliver(_ signal: Signal, from sender: Int) throws {
        switch signal {
        case .barrier(let barrier):
            guard barrier > barriers[sender] else { return }
            barriers[sender] = barrier
            if sender == worker && aligner.aligns && !isHolding {
                isHolding = true
                aligner.hold(node: node)
            }
            return try passBarrier()
        case .end:
            barriers[sender] = .max
            try passBarrier()
        case .watermark, .idle, .active: break
        }
        try merger.receive(signal, from: sender) { merged in
            if case .watermark(let watermark) = merged { counters.note(watermark: watermark) }
            try outlet.signal(merged)
        }
        if merger.hasEnded { try aligner.noteEnd(node: node) }
    }

    /// Passes on a barrier that all senders have come to.
    private func passBarrier() throws {
        guard let barrier = barriers.min(), barrier > passed, barrier < .max else { return }
        passed = barrier
        waitingSince = nil
        // This worker's own sender may be at a later one already, when the snapshot of this one has failed.
        if isHolding && barriers[worker] <= passed {
            aligner.release(node: node)
            isHolding = false
        }
        try aligner.reach(barrier, node: node)
        try outlet.signal(.barrier(barrier))
    }
}
