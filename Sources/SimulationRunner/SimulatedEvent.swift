import StreamTesting
import Weir

/// The event of all shapes.
struct SimulatedEvent: Sendable, Hashable, Codable {
    /// The split that it is read from.
    var split: Int
    var key: Int
    /// Its number in its split.
    var number: Int
    var time: Timestamp

    /// How far behind a newer one an event may come, in milliseconds.
    static let bound: Int64 = 20

    /// Events of one to three splits: times that mostly rise, some late, some keys in many splits.
    static func draw(_ random: inout SplitMix64) -> [[SimulatedEvent]] {
        func draw(_ bound: Int) -> Int { Int(random.next(below: UInt64(bound))) }
        return (0..<(1 + draw(3))).map { split in
            var newest: Timestamp = 0
            // In every third split times are the last of ten milliseconds: the last ones of windows, and with the bound
            // also those at which windows end.
            let isCoarse = draw(3) == 0
            return (0..<draw(50)).map { number in
                newest += Int64(draw(draw(8) == 0 ? 120 : 15))
                let time = max(newest - Int64(draw(40)), 0)
                return SimulatedEvent(
                    split: split, key: draw(6), number: number, time: isCoarse ? time / 10 * 10 + 9 : time)
            }
        }
    }
}

/// The events as the rule of lateness at the source divides them, split by split and in order.
struct OnTime {
    var onTime: [SimulatedEvent] = []
    var late: [SimulatedEvent] = []

    init(_ splits: [[SimulatedEvent]]) {
        for events in splits {
            var newest: Timestamp?
            for event in events {
                if let newest, event.time <= newest - SimulatedEvent.bound - 1 {
                    late.append(event)
                } else {
                    newest = max(newest ?? .min, event.time)
                    onTime.append(event)
                }
            }
        }
    }
}

extension PipelineBuilder {
    /// The events, whose lateness doesn't depend on other splits.
    func events(_ source: SimulatedSource<SimulatedEvent>) -> DataStream<SimulatedEvent> {
        self.source(
            "events", source, time: { $0.time },
            watermarks: .boundedOutOfOrderness(
                .milliseconds(SimulatedEvent.bound), idleness: .never, lateness: .atSource))
    }
}
