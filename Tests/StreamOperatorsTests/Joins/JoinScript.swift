import StreamTesting
import Testing
import Weir

/// Plays scripts into steps, with restarts in between.
enum JoinScript {
    /// The words that come out: records as they are; watermarks as `w9`, the one at the end as `end`.
    ///
    /// Each segment, between two watermarks, is sorted: the order of keys and sides is left open.
    ///
    /// - Parameter restart: after how many steps of the script the job is stopped and goes on from its snapshot; nil for
    ///   never.
    static func play(
        _ steps: [ScriptStep<Event>], restart: Int? = nil, parallelism: Int = 1, batchSize: Int = 1_024,
        _ describe: (DataStream<Event>) throws -> DataStream<String>
    ) throws -> [String] {
        let input = TestInput<Event>("events")
        let log = OutputLog<String>()
        let test = try TestPipeline(parallelism: parallelism, batchSize: batchSize) { p in
            try describe(p.input(input)).logged("log", in: log)
        }
        for (index, step) in steps.enumerated() {
            if index == restart { try test.restart() }
            input.play([step])
            // All at once where nothing is to happen in between.
            if restart != nil { try test.settle() }
        }
        input.end()
        try test.settle()
        #expect(test.isFinished)
        return words(log.events)
    }

    static func words(_ events: [OutputEvent<String>]) -> [String] {
        var words: [String] = []
        var segment: [String] = []
        var watermark = Timestamp.min
        for event in events {
            switch event {
            case .record(let word, let time):
                #expect(word.hasSuffix("@\(time)"), "\(word) has timestamp \(time)")
                segment.append(word)
            case .signal(.watermark(let time)) where time > watermark:
                words += segment.sorted() + [time == .max ? "end" : "w\(time)"]
                segment = []
                watermark = time
            case .signal: break
            }
        }
        return words + segment.sorted()
    }

    /// Words with those between two watermarks sorted.
    static func sorted(_ words: [String]) -> [String] {
        var result: [String] = []
        var segment: [String] = []
        for word in words {
            guard word.first == "w" || word == "end" else {
                segment.append(word)
                continue
            }
            result += segment.sorted() + [word]
            segment = []
        }
        return result
    }

    /// The side of key `a` in `la` and `ra`.
    static func side(_ side: Character, of events: DataStream<Event>) -> KeyedStream<String, Event> {
        events.filter { $0.key.first == side }.keyBy { String($0.key.dropFirst()) }
    }

    /// `1-2@9`, with `_` for no record; the time is the later one.
    @Sendable
    static func pair(_ left: Event?, _ right: Event?) -> String {
        let time = max(left?.time ?? .min, right?.time ?? .min)
        return "\(left.map { "\($0.id)" } ?? "_")-\(right.map { "\($0.id)" } ?? "_")@\(time)"
    }

    /// A join's results, and its late records as `late-left-1@5`.
    static func withLate(
        _ joined: DataStream<String>, _ left: SideOutput<Event>, _ right: SideOutput<Event>
    ) -> DataStream<String> {
        joined.union(
            "all", joined.sideOutput(left).map { "late-left-\($0.id)@\($0.time)" },
            joined.sideOutput(right).map { "late-right-\($0.id)@\($0.time)" })
    }
}

/// Which records without a match an interval join gives.
enum JoinKind: CaseIterable, Sendable {
    case inner, left, right, full

    static let lateLeft = SideOutput<Event>("late left")
    static let lateRight = SideOutput<Event>("late right")

    /// The join, in a step named `join`.
    func attach<Key: StreamKey>(
        _ left: KeyedStream<Key, Event>, _ right: KeyedStream<Key, Event>, within bounds: JoinBounds
    ) -> DataStream<String> {
        let lateLeft = LateRecords.sideOutput(Self.lateLeft)
        let lateRight = LateRecords.sideOutput(Self.lateRight)
        return switch self {
        case .inner:
            left.join("join", right, within: bounds, lateLeft: lateLeft, lateRight: lateRight) {
                JoinScript.pair($0, $1)
            }
        case .left:
            left.leftJoin("join", right, within: bounds, lateLeft: lateLeft, lateRight: lateRight) {
                JoinScript.pair($0, $1)
            }
        case .right:
            left.rightJoin("join", right, within: bounds, lateLeft: lateLeft, lateRight: lateRight) {
                JoinScript.pair($0, $1)
            }
        case .full:
            left.fullJoin("join", right, within: bounds, lateLeft: lateLeft, lateRight: lateRight) {
                JoinScript.pair($0, $1)
            }
        }
    }

    /// All pairs tried one by one, and what is then left over.
    func results(_ left: [Event], _ right: [Event], _ lower: Int64, _ upper: Int64) -> [String] {
        var results: [String] = []
        var matched: Set<Int> = []
        for left in left {
            for right in right where left.key == right.key {
                let (difference, isFar) = right.time.subtractingReportingOverflow(left.time)
                if isFar || difference < lower || difference > upper { continue }
                results.append(JoinScript.pair(left, right))
                // Left ones as they are numbered, right ones below zero.
                matched.formUnion([left.id, ~right.id])
            }
        }
        if self == .left || self == .full {
            results += left.filter { !matched.contains($0.id) }.map { JoinScript.pair($0, nil) }
        }
        if self == .right || self == .full {
            results += right.filter { !matched.contains(~$0.id) }.map { JoinScript.pair(nil, $0) }
        }
        return results.sorted()
    }
}
