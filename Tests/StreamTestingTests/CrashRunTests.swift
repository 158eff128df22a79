import Foundation
import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// Pipelines of several shapes, with snapshots at random moments, crashes and other parallelisms: what was committed is
/// what an undisturbed run gives.
@Suite struct CrashRunTests {
    struct Event: Sendable, Codable {
        var split: Int
        var key: Int
        var number: Int
        var time: Timestamp
    }

    enum Shape: String, CaseIterable, Sendable {
        case runningSums, windowsOfWindows, windowsOfManyKeys, unions, joins, sessions, timers
    }

    private static func events(_ splits: Int, _ count: Int, seed: UInt64) -> [[Event]] {
        var random = SplitMix64(seed: seed)
        return (0..<splits).map { split in
            var newest: Timestamp = 0
            return (0..<count).map { number in
                newest += Int64(random.next(below: 20))
                return Event(split: split, key: Int(random.next(below: 7)), number: number, time: newest)
            }
        }
    }

    /// The sum of a key's numbers so far, in the order of its split.
    struct RunningSum: KeyedProcessor {
        typealias Key = Pair<Int, Int>
        typealias Input = Event
        typealias Output = String
        let sum: ValueState<Key, Int>

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let new = (sum.value ?? 0) + event.number
            sum.value = new
            try context.emit("\(event.split)/\(event.key): \(new)")
        }
    }

    /// A line per key and period, when the period is over.
    struct Periods: KeyedProcessor {
        typealias Key = Int
        typealias Input = Event
        typealias Output = String
        enum TimerID: Hashable, Codable, Sendable { case end(of: Int64) }
        let counts: MapState<Key, Int64, Int>
        let numbers: ListState<Key, Int>

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let period = event.time / 60
            counts[period] = (counts[period] ?? 0) + 1
            numbers.append(event.number)
            context.setTimer(.end(of: period), at: (period + 1) * 60 - 1)
        }

        mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
            guard case .end(let period) = id else { return }
            try context.emit("\(context.key) at \(time): \(counts[period] ?? 0)")
            counts[period] = nil
        }
    }

    private static func describe(
        _ shape: Shape, _ splits: [[Event]]
    ) -> @Sendable (PipelineBuilder, EpochLog<String>) throws -> Void {
        { p, log in
            let source = CollectionSource(splits: splits)
            let events = p.source(
                "events", source, time: { $0.time }, watermarks: .boundedOutOfOrderness(.milliseconds(5)))
            switch shape {
            case .runningSums:
                events.keyBy { Pair($0.split, $0.key) }
                    .process("sums") { RunningSum(sum: try $0.value("sum")) }
                    .ended("out", in: log)
            case .windowsOfWindows:
                events.keyBy { $0.key }.window(.tumbling(.milliseconds(50))).aggregate("counts", .count())
                    .keyBy { $0.key % 2 }.window(.sliding(.milliseconds(200), every: .milliseconds(50)))
                    .aggregate("sums", Sum { (pane: Pane<Int, Int>) in pane.value })
                    .map { "\($0.key) \($0.window.start): \($0.value)" }
                    .ended("out", in: log)
            case .windowsOfManyKeys:
                // More than a small budget holds, in windows that are kept and in ones that are not.
                let keyed = events.keyBy { $0.number % 40 }
                let numbers = Sum { (event: Event) in event.number }
                let length = Duration.milliseconds(300)
                func words(_ name: String, _ panes: DataStream<Pane<Int, Int>>) -> DataStream<String> {
                    panes.map { "\(name) \($0.key) \($0.window): \($0.value)" }
                }
                words("tumbling", keyed.window(.tumbling(length)).aggregate("tumbling", numbers))
                    .union(
                        words(
                            "kept",
                            keyed.window(.tumbling(length), allowedLateness: .milliseconds(200))
                                .aggregate("kept", numbers)),
                        words(
                            "sliding",
                            keyed.window(.sliding(length, every: .milliseconds(100)), allowedLateness: length)
                                .aggregate("sliding", numbers)),
                        words(
                            "cumulating",
                            keyed.window(.cumulating(upTo: length, every: .milliseconds(100)))
                                .aggregate("cumulating", numbers))
                    )
                    .ended("out", in: log)
            case .unions:
                let moved = events.rebalance().map { Event(split: 9, key: $0.key, number: 1, time: $0.time) }
                let counted = events.keyBy { $0.key }.window(.tumbling(.milliseconds(40))).aggregate("counts", .count())
                    .map { Event(split: 8, key: $0.key, number: $0.value, time: $0.window.start) }
                events.union(moved, counted).keyBy { $0.key }.window(.tumbling(.milliseconds(120)))
                    .aggregate("sums", Sum { (event: Event) in event.number })
                    .map { "\($0.key) \($0.window.start): \($0.value)" }
                    .ended("out", in: log)
            case .joins:
                let left = events.filter { $0.split == 0 }.keyBy { $0.key }
                let right = events.filter { $0.split != 0 }.keyBy { $0.key }
                left.join("pairs", right, within: .between(.milliseconds(-10), .milliseconds(10))) {
                    "\($0.key): \($0.number) with \($1.split)/\($1.number)"
                }
                .ended("out", in: log)
            case .sessions:
                events.keyBy { $0.key }.window(.session(gap: .milliseconds(30))).aggregate("visits", .count())
                    .map { "\($0.key) \($0.window): \($0.value)" }
                    .ended("out", in: log)
            case .timers:
                events.keyBy { $0.key }
                    .process("periods") { Periods(counts: try $0.map("counts"), numbers: try $0.list("numbers")) }
                    .ended("out", in: log)
            }
        }
    }

    static let seeds = 0..<UInt64(50)

    @Test(arguments: Shape.allCases, seeds)
    func committedResultsAreThoseOfAnUndisturbedRun(_ shape: Shape, seed: UInt64) throws {
        let splits = Self.events(2 + Int(seed % 3), 60, seed: seed)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("crash-runs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let describe = Self.describe(shape, splits)
        var undisturbed = CrashRun(seed: seed, describe)
        undisturbed.takesSnapshots = false
        let expected = try undisturbed.run(crashes: 0, maximumParallelism: 1).sorted()
        #expect(!expected.isEmpty)
        let backends: [any StateBackend] =
            [MemoryBackend(), ReferenceBackend(directory: directory.path)]
            + (seed % 25 == 0 ? [RocksDBBackend(directory: directory.path)] : [])
        for backend in backends {
            var run = CrashRun(seed: seed, backend: backend, describe)
            let found = try run.run(crashes: 3).sorted()
            let difference = found.difference(from: expected)
            #expect(difference.isEmpty, "\(shape), \(backend.name), seed \(seed), \(run.snapshots) snapshots")
        }
    }
}
