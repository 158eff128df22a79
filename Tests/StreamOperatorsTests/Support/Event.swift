import StreamTesting
import Weir

/// The tests' record: told apart by its number.
struct Event: Hashable, Codable, Sendable {
    var id: Int
    var key: String
    var time: Timestamp
    var value = 0

    /// The session gap of windows whose records say it themselves: 1 to 60 ms.
    var gap: Int64 { Int64(1 + (value + 300) % 60) }
}

/// What a step of the tests gives: a pane, or a late record.
enum PaneOrLate: Sendable {
    case pane(Pane<String, [Int]>)
    case late(Int)
}

/// Folds events into their sorted numbers, so that results show each one that went in, and how often.
struct CollectIDs: AggregateFunction {
    func start(_ element: Event) -> [Int] { [element.id] }
    func add(_ element: Event, to accumulator: inout [Int]) { accumulator.append(element.id) }
    func merge(_ other: [Int], into accumulator: inout [Int]) { accumulator += other }
    func result(_ accumulator: [Int]) -> [Int] { accumulator.sorted() }
}

/// Random events in several splits, each in disorder within `bound` of its own (or beyond it).
struct RandomEvents {
    var splits: [[Event]] = []
    private(set) var bound: Int64
    var all: [Event] { splits.flatMap(\.self) }

    /// - Parameters:
    ///   - beyond: events that lag behind the bound, in one of so many; 0 for none.
    ///   - keys: the number of distinct keys, at most.
    init(_ random: inout SplitMix64, splits: Int? = nil, beyond: UInt64 = 0, keys: UInt64? = nil) {
        func draw(_ limit: UInt64) -> Int64 { Int64(random.next(below: limit)) }
        let bound = [0, 3, 20, 200][Int(draw(4))] as Int64
        self.bound = bound
        let keyCount = keys ?? [1, 3, 40][Int(draw(3))]
        let pace = [3, 12, 90][Int(draw(3))] as UInt64
        var id = 0
        for _ in 0..<(splits ?? Int(draw(4)) + 1) {
            var now = draw(200) - 300
            var events: [Event] = []
            for _ in 0..<draw(40) {
                now += draw(pace)
                var time = now - draw(UInt64(bound) + 1)
                if beyond > 0 && draw(beyond) == 0 { time -= draw(400) }
                events.append(Event(id: id, key: "k\(draw(keyCount))", time: time, value: Int(draw(1_000)) - 300))
                id += 1
            }
            self.splits.append(events)
        }
    }

    /// Stretches time, so that a millisecond becomes so many, and moves it.
    mutating func stretch(by factor: Int64, from start: Timestamp) {
        bound *= factor
        for split in splits.indices {
            for index in splits[split].indices {
                splits[split][index].time = start + splits[split][index].time * factor
            }
        }
    }

    var watermarks: WatermarkStrategy<Event> { .boundedOutOfOrderness(.milliseconds(bound)) }
}

extension PipelineBuilder {
    /// The events, with the watermarks that their bound allows.
    func events(_ events: RandomEvents, _ name: String = "events") -> DataStream<Event> {
        source(name, CollectionSource(splits: events.splits), time: { $0.time }, watermarks: events.watermarks)
    }
}
