/// What travels over an exchange.
enum Message<Payload: BatchPayload>: Sendable {
    case batch(Payload)
    case signal(Signal)
}

/// The rings of one exchange, from each worker to each other one.
@usableFromInline
final class ExchangeChannels<Payload: BatchPayload>: Sendable {
    let wakeSignals: [WakeSignal]
    private let rings: [[Ring<Message<Payload>>]]

    init(wakeSignals: [WakeSignal], ringCapacity: Int) {
        self.wakeSignals = wakeSignals
        rings = wakeSignals.map { _ in wakeSignals.map { _ in Ring(capacity: ringCapacity) } }
    }

    var parallelism: Int { wakeSignals.count }

    func ring(from: Int, to: Int) -> Ring<Message<Payload>> { rings[from][to] }
}
