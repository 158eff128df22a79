import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// A state that gets a time to live under its old name, or loses it.
@Suite struct TimeToLiveChangeTests {
    struct Event: Sendable, Codable {
        var key: Int
        /// Which entry of maps is written; nil to tell what is there.
        var entry: Int?
    }

    /// A state of each kind, all of the same time to live.
    struct Kinds: KeyedProcessor {
        typealias Key = Int
        typealias Input = Event
        typealias Output = String

        let value: ValueState<Int, Int>
        let list: ListState<Int, Int>
        let map: MapState<Int, Int, Int>
        let ordered: OrderedMapState<Int, Int, Int>
        let reducing: ReducingState<Int, Int>
        let aggregating: AggregatingState<Int, Sum<Int, Int>>

        init(_ state: KeyedStateStore<Int>, _ life: TimeToLive?) throws {
            value = try state.value("value", timeToLive: life)
            list = try state.list("list", timeToLive: life)
            map = try state.map("map", timeToLive: life)
            ordered = try state.orderedMap("ordered", timeToLive: life)
            reducing = try state.reducing("reducing", timeToLive: life) { $0 + $1 }
            aggregating = try state.aggregating("aggregating", .sum { $0 }, timeToLive: life)
        }

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            guard let entry = event.entry else {
                var entries: [Int] = []
                ordered.forEach { entry, _ in entries.append(entry) }
                try context.emit(
                    "\(event.key): \(value.value ?? 0) \(list.elements) \(map.keys.sorted()) \(entries) "
                        + "\(reducing.value ?? 0) \(aggregating.value ?? 0)")
                return
            }
            value.value = entry
            list.append(entry)
            map[entry] = entry
            ordered[entry] = entry
            reducing.add(entry)
            aggregating.add(entry)
        }
    }

    private static func pipeline(_ input: TestInput<Event>, _ log: OutputLog<String>, _ life: Int?) throws -> Pipeline {
        try Pipeline("fading") { p in
            p.input(input).keyBy(\.key)
                .process("kinds") { try Kinds($0, life.map { TimeToLive(.milliseconds($0)) }) }
                .logged("out", in: log)
        }
    }

    /// What is told of a key, by the entries that were written to it and live.
    private static func line(_ key: Int, _ values: [Int], entries: [Int]) -> String {
        let sum = values.reduce(0, +)
        return "\(key): \(values.last ?? 0) \(values) \(entries) \(entries) \(sum) \(sum)"
    }

    private static func told(_ input: TestInput<Event>, _ log: OutputLog<String>, _ job: ManualJob) throws -> [String] {
        for key in 0..<30 { input.send(Event(key: key, entry: nil), at: 0) }
        try job.settle()
        return log.take().sorted()
    }

    static let changes: [(from: Int?, to: Int?)] = [(10, nil), (nil, 10), (10, 1_000)]

    @Test(arguments: changes.indices, [("memory", 2), ("memory", 3), ("rocksdb", 2), ("rocksdb", 3)])
    func changesByItself(_ change: Int, _ place: (backend: String, parallelism: Int)) throws {
        let (old, new) = Self.changes[change]
        let backend: any StateBackend = place.backend == "memory" ? MemoryBackend() : RocksDBBackend()
        let storage = MemorySnapshotStorage()
        do {
            let (input, log) = (TestInput<Event>("events"), OutputLog<String>())
            let job = try ManualJob(try Self.pipeline(input, log, old), storage, backend: backend)
            for key in 0..<20 { input.send(Event(key: key, entry: 1), at: 0) }
            try job.settle()
            // The second snapshot has changes only.
            try job.snapshot()
            try job.advance(to: 6)
            for key in 10..<30 { input.send(Event(key: key, entry: 2), at: 0) }
            try job.snapshot()
        }
        let (input, log) = (TestInput<Event>("events"), OutputLog<String>())
        // What the old program has read is not read again.
        for key in (0..<20).map({ $0 }) + (10..<30) { input.send(Event(key: key, entry: 9), at: 0) }
        let pipeline = try Self.pipeline(input, log, new)
        let manifest = try #require(try SnapshotRepository(storage, pipeline: "fading").latest())
        let check = try pipeline.check(against: manifest)
        let states = check.states.filter { $0.step == "kinds" && $0.written?.kind != "timers" }
        #expect(states.count == 6 && states.allSatisfy { $0.status == .both(.compatible) }, "\(check.lines)")
        #expect(check.needsRewrite == (place.backend == "rocksdb" && (old == nil || new == nil)))

        let job = try ManualJob(pipeline, storage, backend: backend, parallelism: place.parallelism, time: 12)
        func expected(first: Bool, second: Bool, entries: Bool) -> [String] {
            (0..<30).map { key in
                let values = (key < 20 ? [1] : []) + (key >= 10 ? [2] : [])
                let lives = key < 10 ? first : second
                let living = lives ? values : []
                return Self.line(key, living, entries: entries ? living : living.filter { $0 == 2 })
            }.sorted()
        }
        if old == nil {
            // All live one time to live after the restore, not after they were written.
            #expect(try Self.told(input, log, job) == expected(first: true, second: true, entries: true))
            try job.advance(to: 21)
            #expect(try Self.told(input, log, job) == expected(first: true, second: true, entries: true))
            try job.advance(to: 22)
            #expect(try Self.told(input, log, job) == expected(first: false, second: false, entries: false))
        } else {
            // What had expired by the restore stays away; the rest has its time, or lives on.
            #expect(try Self.told(input, log, job) == expected(first: false, second: true, entries: false))
            try job.snapshot()
            try job.advance(to: 16)
            #expect(try Self.told(input, log, job) == expected(first: false, second: new == nil, entries: false))
        }
    }
}
