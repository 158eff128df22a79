import StreamTesting
import Synchronization
import Testing
import Weir

// The code of Docs/guides/sources.md.

@Suite struct SourcesGuide {
    struct Order: Codable, EventTimed, Hashable {
        var id = 0
        var day = 1
        var eventTime: Timestamp = 0
    }

    /// Stands for a broker's topic.
    final class Topic: Sendable {
        private let logs = Mutex<[[Order]]>([])

        var partitions: [Int] { Array(0..<logs.withLock { $0.count }) }
        func end(of partition: Int) -> Int64 { Int64(logs.withLock { $0[partition].count }) }
        func addPartition() { logs.withLock { $0.append([]) } }
        func append(_ orders: [Order], to partition: Int) { logs.withLock { $0[partition] += orders } }
        func fetch(_ partition: Int, from offset: Int64, most: Int) -> [Order] {
            logs.withLock { Array($0[partition].dropFirst(Int(offset)).prefix(most)) }
        }
    }

    // snippet: reader
    struct TopicReader: SplitReader {
        let topic: Topic
        let partition: Int
        var next: Int64 = 0
        var end = Int64.max  // where the split ends

        var position: Int64 { next }

        var restartPosition: SplitPosition? {
            var encoder = StateEncoder()
            encoder.writeFixed(next)
            encoder.writeFixed(end)
            return SplitPosition(bytes: encoder.bytes, description: "\(next)")
        }

        mutating func read(into output: SourceOutput<Order>) -> ReadStatus {
            let orders = topic.fetch(partition, from: next, most: min(output.room, Int(end - next)))
            for order in orders { output.emit(order) }
            next += Int64(orders.count)
            if next == end { return .end }
            return output.isFull ? .more : .caughtUp
        }
    }
    // end snippet

    // snippet: source
    struct TopicSource: Source {
        let topic: Topic
        var isBounded = false

        var discovery: SplitDiscovery<Int>? {
            SplitDiscovery(every: .seconds(30)) { SplitListing(topic.partitions, isComplete: isBounded) }
        }

        func splits(parallelism: Int) -> [Int] { topic.partitions }

        func name(of partition: Int, number: Int) -> String { "orders/\(partition)" }

        func makeReader(for partition: Int) -> TopicReader {
            TopicReader(topic: topic, partition: partition, end: isBounded ? topic.end(of: partition) : .max)
        }

        func makeReader(for partition: Int, from position: SplitPosition) throws -> TopicReader {
            var decoder = StateDecoder(position.bytes)
            let next: Int64 = try decoder.readFixed()
            return TopicReader(topic: topic, partition: partition, next: next, end: try decoder.readFixed())
        }
    }
    // end snippet

    private static func orders(_ ids: Range<Int>) -> [Order] {
        ids.map { Order(id: $0, day: 1 + $0 % 2, eventTime: Timestamp($0) * 1_000) }
    }

    @Test func partitionsAreAdded() throws {
        let topic = Topic()
        let counts = CollectSink<Pane<Int, Int>>()
        topic.addPartition()
        topic.append(Self.orders(0..<60), to: 0)
        let test = try TestPipeline(parallelism: 2) { p in
            // snippet: watermarks
            let orders = p.source(
                "orders", TopicSource(topic: topic),
                watermarks: .boundedOutOfOrderness(.seconds(5), idleness: .after(.seconds(60))))
            // end snippet
            orders.keyBy(\.day).window(.tumbling(.seconds(30))).aggregate("count", .count())
                .write("counts", to: counts)
        }
        try test.settle()
        #expect(counts.elements.map(\.value) == [15, 15])
        topic.addPartition()
        topic.append(Self.orders(60..<100), to: 1)
        try test.advanceProcessingTime(by: .seconds(30))
        try test.restart(parallelism: 3)
        // Partition 0 holds the watermark until it has had nothing for a minute.
        #expect(counts.elements.count == 2)
        try test.advanceProcessingTime(by: .seconds(60))
        try test.advanceProcessingTime(by: .seconds(60))
        #expect(counts.elements.map(\.value) == Array(repeating: 15, count: 6))
    }

    @Test(arguments: SourceCheck.allCases, [false, true])
    func theTopicConforms(check: SourceCheck, isBounded: Bool) throws {
        // snippet: suite
        var suite = SourceSuite(expected: Self.orders(0..<40)) {
            let topic = Topic()
            for partition in 0..<2 {
                topic.addPartition()
                topic.append(Self.orders(partition * 20..<partition * 20 + 20), to: partition)
            }
            return TopicSource(topic: topic, isBounded: isBounded)
        }
        suite.ends = isBounded
        // end snippet
        if isBounded { return try suite.run(check) }
        // snippet: suite-later
        suite = suite.arriving(Self.orders(40..<50)) { source in
            source.topic.append(Self.orders(40..<45), to: 0)
            source.topic.addPartition()
            source.topic.append(Self.orders(45..<50), to: 2)
        }
        try suite.run(check)
        // end snippet
    }

    @Test func aBoundedReadKeepsItsEnd() throws {
        let topic = Topic()
        topic.addPartition()
        topic.append(Self.orders(0..<4), to: 0)
        let source = TopicSource(topic: topic, isBounded: true)
        var reader = source.makeReader(for: 0)
        #expect(reader.read(into: SourceOutput(batchSize: 3)) == .more)
        topic.append(Self.orders(4..<9), to: 0)
        var again = try source.makeReader(for: 0, from: try #require(reader.restartPosition))
        let output = SourceOutput<Order>(batchSize: 3)
        #expect(again.read(into: output) == .end)
        #expect(output.take().elements.map(\.id) == [3])
    }

    @Test func directories() async throws {
        try await withDirectory { directory in
            let made = CollectionSource(Self.orders(0..<50))
            // snippet: rolling
            var files = RollingFileOptions()
            files.compression = .zstd
            files.successMarker = .directory
            let sink = RollingFileSink<Order>("\(directory)/orders", .binary(), options: files) { "day=\($0.day)" }
            let writing = try Pipeline("writing") { p in
                p.source("made", made).commit("files", to: sink)
            }
            // end snippet
            var options = JobOptions(parallelism: 2)
            options.logger = JobOptions.silentLogger
            try await writing.run(options)
            let read = CollectSink<Order>()
            // snippet: directory
            var source = DirectorySource("\(directory)/orders", format: BinaryRecords<Order>())
            source.interval = .seconds(5)
            source.endMarker = "_SUCCESS"  // without it the source never ends
            // end snippet
            let orders = source
            let reading = try Pipeline("reading") { p in
                p.source("orders", orders, watermarks: .boundedOutOfOrderness(.seconds(60))).write("read", to: read)
            }
            try await reading.run(options)
            #expect(read.elements.map(\.id).sorted() == Array(0..<50))
        }
    }
}
