import StateBackend
import StreamConnectors
import StreamCore
import StreamOperators
import Testing

@Suite struct ExchangeTests {
    static let disorder = 20
    /// More splits than some parallelisms have workers, fewer than others, one of them empty.
    static let splits = Item.splits([200, 150, 0, 1, 90], keys: 17, disorder: disorder, seed: 11)
    static let items = splits.flatMap { $0 }
    static let watermarks = WatermarkStrategy<Item>.boundedOutOfOrderness(.milliseconds(Int64(disorder)))

    /// Items of each split and key, in the order in which they come.
    private func orders(_ items: [Item]) -> [Pair<Int, Int>: [Int]] {
        items.reduce(into: [:]) { $0[Pair($1.split, $1.key), default: []].append($1.number) }
    }

    @Test(arguments: RunCase.all)
    func keyByKeepsEverythingInOrder(run: RunCase) async throws {
        let source = EventLog<Item>()
        let log = EventLog<Item>()
        let sink = CollectSink<Item>()
        let pipeline = try Pipeline("keyBy") { p in
            p.source("items", CollectionSource(splits: Self.splits), time: \.time, watermarks: Self.watermarks)
                .log("source", to: source)
                .keyBy(\.key)
                .log("keyed", to: log)
                .write("sink", to: sink)
        }
        let status = try await pipeline.run(run.options)
        #expect(multiset(sink.elements) == multiset(Self.items), "\(run)")
        #expect(sink.timestamped.allSatisfy { $0.element.time == $0.timestamp }, "\(run)")
        source.checkSignals(workers: run.parallelism, "source, \(run)")
        log.checkSignals(workers: run.parallelism, "\(run)")

        // Each split's records of a key in their order, on the worker that owns the key's group.
        #expect(orders(sink.elements) == orders(Self.items), "\(run)")
        let groups = KeyGroups()
        for (worker, items) in log.recordsByWorker.enumerated() {
            let owned = groups.range(ofWorker: worker, parallelism: run.parallelism)
            for item in items where !owned.contains(groups.group(ofHash: item.key.stableHash)) {
                Issue.record("\(item) on worker \(worker), \(run)")
            }
        }

        let newest = Self.items.map(\.time).max() ?? 0
        for step in ["items", "keyBy-2", "sink"] {
            #expect(status[step]?.recordsIn == Self.items.count, "\(step), \(run)")
        }
        #expect(status["items"]?.recordsOut == Self.items.count, "\(run)")
        #expect(status["keyBy-2"]?.recordsOut == Self.items.count, "\(run)")
        #expect(status["items"]?.newest == newest, "\(run)")
        for step in ["items", "keyBy-2", "sink"] { #expect(status[step]?.watermark == .max, "\(step), \(run)") }
    }

    @Test(arguments: RunCase.all)
    func redistributionLosesNothing(run: RunCase) async throws {
        let balanced = EventLog<Item>()
        let first = EventLog<Item>()
        let all = EventLog<Item>()
        let united = EventLog<Item>()
        let sinks = (0..<4).map { _ in CollectSink<Item>() }
        let pipeline = try Pipeline("redistribution") { p in
            let items = p.source(
                "items", CollectionSource(splits: Self.splits), time: \.time, watermarks: Self.watermarks)
            let more = p.source(
                "more", CollectionSource(splits: Array(Self.splits.prefix(1))), time: \.time,
                watermarks: Self.watermarks)
            items.rebalance().log("balanced", to: balanced).write("sink 0", to: sinks[0])
            items.global().log("first", to: first).write("sink 1", to: sinks[1])
            items.broadcast().log("all", to: all).write("sink 2", to: sinks[2])
            items.rebalance("again").union("united", more, items).log("union", to: united).write("sink 3", to: sinks[3])
        }
        try await pipeline.run(run.options)
        let expected = multiset(Self.items)
        #expect(multiset(sinks[0].elements) == expected, "\(run)")
        #expect(multiset(sinks[1].elements) == expected, "\(run)")
        #expect(multiset(sinks[2].elements) == expected.mapValues { $0 * run.parallelism }, "\(run)")
        #expect(multiset(sinks[3].elements) == multiset(Self.items + Self.items + Self.splits[0]), "\(run)")
        for (name, log) in [("balanced", balanced), ("first", first), ("all", all), ("union", united)] {
            log.checkSignals(workers: run.parallelism, "\(name), \(run)")
        }
        for (worker, items) in first.recordsByWorker.enumerated() where worker > 0 {
            #expect(items.isEmpty, "global, worker \(worker), \(run)")
        }
        for items in all.recordsByWorker { #expect(multiset(items) == expected, "broadcast, \(run)") }
        if run.parallelism == 2 && run.batchSize < 10 {
            // Evenly, to within a batch for each sender.
            let counts = balanced.recordsByWorker.map(\.count)
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 2 * run.batchSize, "rebalance \(counts), \(run)")
        }
    }

    /// Bursts after an exchange, before a second and a third one, through the smallest rings: the workers stop reading
    /// before memory fills up, and never wait for each other in a circle.
    @Test(arguments: RunCase.some)
    func blowUpThroughThreeExchanges(run: RunCase) async throws {
        var run = run
        run.ringCapacity = 1
        let batchSize = min(run.batchSize, 16)
        run.batchSize = batchSize
        let factor = 100
        let count = 100
        let made = Tally()
        let arrived = Tally()
        let sink = CollectSink<Pair<Int, Int>>()
        let pipeline = try Pipeline("blow-up") { p in
            p.source("numbers", CollectionSource(splits: [Array(0..<count / 2), Array(count / 2..<count)]))
                .keyBy("first") { $0 }
                .log("keyed", to: EventLog<Int>())
                .flatMap("blow up") { number in
                    made.add(factor)
                    return (0..<factor).map { number * factor + $0 }
                }
                .keyBy("second") { $0 % 31 }
                .transform("sum") { _ in Sums(factor: factor, arrived: arrived, made: made) }
                .rebalance("third")
                .global("fourth")
                .write("sink", to: sink)
        }
        let status = try await pipeline.run(run.options)
        let n = count * factor
        #expect(sink.elements.map(\.first).reduce(0, +) == n, "\(run)")
        #expect(sink.elements.map(\.second).reduce(0, +) == n * (n - 1) / 2, "\(run)")
        #expect(status["second"]?.recordsOut == n, "\(run)")
        // What a worker can be handed before it looks at back-pressure: a batch of its source and four from each ring.
        let bound =
            run.parallelism * (1 + 4 * (run.parallelism - 1)) * batchSize * factor + 20 * run.parallelism * batchSize
        let pending = sink.timestamped.map { Int($0.timestamp) }.max() ?? 0
        #expect(pending <= 2 * bound, "\(pending) pending, \(run)")
    }

    /// Sums per batch; the timestamp tells how many records were on their way.
    ///
    /// Fails when one has overtaken another.
    struct Sums: StreamOperator {
        let factor: Int
        let arrived: Tally
        let made: Tally
        var newest: [Pair<Int, Int>: Int] = [:]

        mutating func process(_ input: KeyedBatch<Int, Int>, _ output: Collector<Pair<Int, Int>>) throws {
            let pending = made.value - arrived.add(input.count)
            var sum = 0
            for i in 0..<input.count {
                let number = input.records.elements[i]
                sum += number
                // One record became these, in order, so they come in order for each key.
                let origin = Pair(number / factor, input.keys[i])
                if let last = newest[origin], last > number { throw Fault("\(number) after \(last)") }
                newest[origin] = number
            }
            try output.emit(Pair(input.count, sum), at: Timestamp(pending))
        }
    }
}
