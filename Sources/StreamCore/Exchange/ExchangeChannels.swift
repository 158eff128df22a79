/// The rings of one exchange, from each worker to each other one.
final class ExchangeChannels: Sendable {
    let wakeSignals: [WakeSignal]
    private let rings: [[Ring<Message>]]

    init(wakeSignals: [WakeSignal], ringCapacity: Int) {
        self.wakeSignals = wakeSignals
        rings = wakeSignals.map { _ in wakeSignals.map { _ in Ring(capacity: ringCapacity) } }
    }

    var parallelism: Int { wakeSignals.count }

    func ring(from: Int, to: Int) -> Ring<Message> { rings[from][to] }
}
