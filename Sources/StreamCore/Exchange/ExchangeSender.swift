/// A worker's sending end of an exchange.
///
/// It never blocks: what a full ring doesn't take waits here, and as long as something waits the worker leaves the
/// inputs alone that lead to this exchange. That is the engine's back-pressure.
@usableFromInline
final class ExchangeSender<Payload: BatchPayload> {
    private let channels: ExchangeChannels
    private let worker: Int
    private let receiver: ExchangeReceiver<Payload>
    private var waiting: [[Message]]
    private var waitingCount = 0

    init(channels: ExchangeChannels, worker: Int, receiver: ExchangeReceiver<Payload>) {
        self.channels = channels
        self.worker = worker
        self.receiver = receiver
        waiting = Array(repeating: [], count: channels.parallelism)
    }

    /// Whether a ring was full and messages wait.
    @usableFromInline var isBlocked: Bool { waitingCount > 0 }

    /// Whether what is sent to worker `target` goes straight through, to this one itself.
    @usableFromInline
    func isOwn(_ target: Int) -> Bool { target == worker }

    /// Sends a batch to worker `target`, straight through when that is this one.
    @usableFromInline
    func send(_ payload: Payload, to target: Int) throws {
        if isOwn(target) {
            try receiver.deliverOwn(payload)
        } else {
            enqueue(.batch(payload), to: target)
        }
    }

    /// Sends a signal to worker `target`, straight through when that is this one.
    @usableFromInline
    func send(_ signal: Signal, to target: Int) throws {
        if isOwn(target) {
            try receiver.deliverOwn(signal)
        } else {
            enqueue(.signal(signal), to: target)
        }
    }

    /// Sends a signal to all workers, this one last.
    @usableFromInline
    func broadcast(_ signal: Signal) throws {
        for target in 0..<channels.parallelism where target != worker { enqueue(.signal(signal), to: target) }
        try receiver.deliverOwn(signal)
    }

    private func enqueue(_ message: Message, to target: Int) {
        if waiting[target].isEmpty && channels.ring(from: worker, to: target).push(message) {
            channels.wakeSignals[target].notify()
        } else {
            waiting[target].append(message)
            waitingCount += 1
        }
    }

    /// Tries again to send what waits; whether anything could be sent.
    @usableFromInline
    func retry() -> Bool {
        guard waitingCount > 0 else { return false }
        let before = waitingCount
        for target in waiting.indices where !waiting[target].isEmpty {
            let ring = channels.ring(from: worker, to: target)
            var sent = 0
            while sent < waiting[target].count && ring.push(waiting[target][sent]) { sent += 1 }
            if sent > 0 {
                waiting[target].removeFirst(sent)
                waitingCount -= sent
                channels.wakeSignals[target].notify()
            }
        }
        return waitingCount < before
    }
}
