/// A worker's receiving end of an exchange: takes what the other workers sent, and what its own sends it directly,
/// merges the watermarks and passes everything on.
@usableFromInline
final class ExchangeReceiver<Payload: BatchPayload> {
    private let channels: ExchangeChannels<Payload>
    private let worker: Int
    private let outlet: Outlet<Payload>
    private let counters: StepCounters
    private let merger: SignalMerger
    /// The other workers, in the order in which they are asked next.
    private var others: [Int]

    @usableFromInline
    init(
        channels: ExchangeChannels<Payload>, worker: Int, outlet: Outlet<Payload>, counters: StepCounters,
        merger: SignalMerger
    ) {
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
        for other in others {
            let ring = channels.ring(from: other, to: worker)
            for _ in 0..<4 {
                guard let (message, producerWaits) = ring.pop() else { break }
                result = .progress
                if producerWaits { channels.wakeSignals[other].notify() }
                switch message {
                case .batch(let payload): try deliver(payload)
                case .signal(let signal): try deliver(signal, from: other)
                }
            }
        }
        // The next poll begins with another one.
        if others.count > 1 { others.append(others.removeFirst()) }
        return merger.hasEnded ? .finished : result
    }

    /// A batch for this worker.
    func deliver(_ payload: Payload) throws {
        counters.addOut(payload.count)
        try outlet.push(payload)
    }

    /// A signal from worker `sender`.
    func deliver(_ signal: Signal, from sender: Int) throws {
        try merger.receive(signal, from: sender) { merged in
            if case .watermark(let watermark) = merged { counters.note(watermark: watermark) }
            try outlet.signal(merged)
        }
    }
}
