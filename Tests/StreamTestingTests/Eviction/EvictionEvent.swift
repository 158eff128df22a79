import StreamTesting
import Synchronization
import Weir

/// What the jobs of ``EvictionTests`` read.
struct EvictionEvent: Sendable, StateCodable {
    var split: Int
    var key: Int
    var number: Int
    var time: Timestamp

    /// What belongs together, with the split: the order of arrival is the same in every run then.
    var ownKey: Pair<Int, Int> { Pair(split, key) }

    init(split: Int, key: Int, number: Int, time: Timestamp) {
        (self.split, self.key, self.number, self.time) = (split, key, number, time)
    }

    init(decoding decoder: inout StateDecoder) throws {
        self.init(
            split: try decoder.decode(), key: try decoder.decode(), number: try decoder.decode(),
            time: try decoder.decode())
    }

    func encode(into encoder: inout StateEncoder) throws {
        try encoder.encode(split)
        try encoder.encode(key)
        try encoder.encode(number)
        try encoder.encode(time)
    }

    /// Splits of events of many keys, up to 25 ms out of order, about 6 ms apart.
    static func draw(seed: UInt64) -> [[EvictionEvent]] {
        var random = SplitMix64(seed: seed)
        return (0..<(2 + Int(random.next(below: 2)))).map { split in
            var newest: Timestamp = 25
            return (0..<180).map { number in
                newest += Int64(random.next(below: 12))
                return EvictionEvent(
                    split: split, key: Int(random.next(below: 70)), number: number,
                    time: newest - Int64(random.next(below: 25)))
            }
        }
    }
}

extension DataStream where Element == String {
    /// As `ended(_:in:)`, and says of what comes behind the watermark that it does.
    func endedOnTime(_ name: String, in log: EpochLog<String>) {
        _ = attach(name) { _, outlet in
            let state = Mutex((barrier: 0, watermark: Timestamp.min))
            return Inlet<Batch<String>>(
                consumes: false,
                onBatch: { batch in
                    let (barrier, watermark) = state.withLock { $0 }
                    log.add(
                        (0..<batch.count).map {
                            let isLate = watermark > .min && batch.timestamps[$0] <= watermark
                            return batch.elements[$0] + (isLate ? " (late)" : "")
                        }, after: barrier)
                },
                onSignal: { signal in
                    switch signal {
                    case .barrier(let number): state.withLock { $0.barrier = number }
                    case .watermark(let time): state.withLock { $0.watermark = time }
                    default: break
                    }
                    try (outlet as Outlet<Batch<String>>).signal(signal)
                })
        }
    }
}
