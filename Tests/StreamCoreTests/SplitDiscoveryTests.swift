import StreamTesting
import Synchronization
import Testing
import Weir

/// Splits that are found while the job runs.
struct SplitDiscoveryTests {
    private static func test(
        _ shelf: Shelf, _ seen: CollectSink<Int>, parallelism: Int = 1, seed: UInt64 = 0, atOnce: Int? = nil,
        forgets: Bool = false
    ) throws -> TestPipeline {
        try TestPipeline(parallelism: parallelism, batchSize: 2, seed: seed) { p in
            p.source("shelf", ShelfSource(shelf: shelf, atOnce: atOnce, forgets: forgets)).write("seen", to: seen)
        }
    }

    @Test func foundAtTheInterval() throws {
        let shelf = Shelf()
        let seen = CollectSink<Int>()
        shelf.put("a", [1, 2, 3])
        let test = try Self.test(shelf, seen)
        try test.settle()
        #expect(seen.elements == [1, 2, 3])
        shelf.put("b", [4, 5, 6])
        try test.advanceProcessingTime(by: .milliseconds(99))
        #expect(seen.elements.count == 3)
        try test.advanceProcessingTime(by: .milliseconds(1))
        #expect(seen.elements == [1, 2, 3, 4, 5, 6])
        shelf.complete()
        #expect(!test.isFinished)
        try test.advanceProcessingTime(by: .milliseconds(100))
        #expect(test.isFinished)
    }

    @Test(arguments: 0..<40, [nil, 1])
    func eachIsReadOnceWhateverHappens(seed: UInt64, atOnce: Int?) throws {
        var random = SplitMix64(seed: seed)
        let shelf = Shelf()
        let seen = CollectSink<Int>()
        let test = try Self.test(
            shelf, seen, parallelism: 1 + Int(random.next(below: 4)), seed: seed, atOnce: atOnce,
            forgets: seed % 2 == 0)
        var next = 0
        var names: [String] = []
        for _ in 0..<40 {
            switch random.next(below: 10) {
            case ..<3:
                let count = Int(random.next(below: 8))
                names.append("split \(names.count)")
                shelf.put(names[names.count - 1], Array(next..<next + count), released: Int(random.next(below: 5)))
                next += count
            case ..<6:
                if let name = names.randomElement(using: &random) {
                    shelf.release(name, 1 + Int(random.next(below: 5)))
                }
            case ..<8: try test.advanceProcessingTime(by: .milliseconds(Int64(random.next(below: 150))))
            default: try test.restart(parallelism: 1 + Int(random.next(below: 4)))
            }
        }
        for name in names { shelf.release(name, 100) }
        shelf.complete()
        try test.advanceProcessingTime(by: .milliseconds(100))
        #expect(test.isFinished, "seed \(seed)")
        #expect(seen.elements.sorted() == Array(0..<next), "seed \(seed)")
    }

    @Test func aNewSplitHoldsTheWatermarkAndDoesNotPullItBack() throws {
        let shelf = Shelf()
        let counts = CollectSink<String>()
        shelf.put("a", [1, 12, 25])
        let test = try TestPipeline { p in
            p.source(
                "shelf", ShelfSource(shelf: shelf), time: { Timestamp($0) }, watermarks: .boundedOutOfOrderness(.zero)
            )
            .keyBy { _ in 0 }
            .window(.tumbling(.milliseconds(10)))
            .aggregate("count", .count())
            .map { pane in "\(pane.window.start): \(pane.value)" }
            .write("counts", to: counts)
        }
        try test.settle()
        // The split has ended, and no other is there: its watermark is the source's.
        #expect(counts.elements == ["0: 1", "10: 1"])
        // 3 and 13 are too late: the watermark is 24 and stays.
        shelf.put("b", [3, 13, 26, 41], released: 2)
        shelf.put("c", [27, 42], released: 0)
        try test.advanceProcessingTime(by: .milliseconds(100))
        #expect(counts.elements.count == 2)
        // b is at 40, but c, which was found, may have records of before.
        shelf.release("b", 2)
        try test.settle()
        #expect(counts.elements.count == 2)
        try test.restart()
        #expect(counts.elements.count == 2)
        shelf.release("c", 2)
        try test.settle()
        #expect(counts.elements == ["0: 1", "10: 1", "20: 3"])
        shelf.complete()
        try test.advanceProcessingTime(by: .milliseconds(100))
        #expect(counts.elements == ["0: 1", "10: 1", "20: 3", "40: 2"])
    }

    @Test func splitsThatAreFoundAreAligned() throws {
        let shelf = Shelf()
        let seen = CollectSink<Int>()
        shelf.put("a", [1])
        let test = try TestPipeline(batchSize: 2) { p in
            p.source(
                "shelf", ShelfSource(shelf: shelf), time: { Timestamp($0) },
                watermarks: .boundedOutOfOrderness(.zero).aligned(within: .milliseconds(10))
            )
            .write("seen", to: seen)
        }
        try test.settle()
        // What has ended holds nobody back; what is behind does.
        shelf.put("b", [40, 41, 42, 43], released: 1)
        shelf.put("c", [60, 61, 62, 63])
        try test.advanceProcessingTime(by: .milliseconds(100))
        #expect(seen.elements.sorted() == [1, 40, 60, 61])
        shelf.release("b", 3)
        try test.settle()
        #expect(seen.elements.sorted() == [1, 40, 41, 42, 43, 60, 61, 62, 63])
    }

    @Test func aSplitThatWasBeingReadMustComeBack() throws {
        let shelf = Shelf()
        shelf.put("a", [1, 2, 3], released: 1)
        let test = try Self.test(shelf, CollectSink())
        try test.settle()
        shelf.remove("a")
        let error = #expect(throws: JobError.self) { try test.restart() }
        #expect(error?.message.contains("the split 'a'") == true)
        #expect(error?.code == .restoreFailed)
    }

    @Test(arguments: [false, true])
    func whatHasEndedMayGo(forgets: Bool) throws {
        let shelf = Shelf()
        let seen = CollectSink<Int>()
        shelf.put("a", [1])
        let test = try Self.test(shelf, seen, forgets: forgets)
        try test.settle()
        shelf.remove("a")
        try test.advanceProcessingTime(by: .milliseconds(100))
        try test.restart()
        shelf.put("a", [2])
        try test.advanceProcessingTime(by: .milliseconds(100))
        #expect(seen.elements == (forgets ? [1, 2] : [1]))
    }
}

/// Splits that a test puts there, whose records it releases.
private final class Shelf: Sendable {
    struct Content: Sendable {
        var numbers: [Int]
        var released: Int
    }

    private let state = Mutex<(splits: [String: Content], isComplete: Bool)>(([:], false))

    func put(_ name: String, _ numbers: [Int], released: Int = .max) {
        state.withLock { $0.splits[name] = Content(numbers: numbers, released: released) }
    }
    func release(_ name: String, _ count: Int) {
        state.withLock { state in
            let old = state.splits[name]?.released ?? 0
            state.splits[name]?.released = old > 1_000 ? old : old + count
        }
    }
    func remove(_ name: String) { state.withLock { $0.splits[name] = nil } }
    func complete() { state.withLock { $0.isComplete = true } }
    func content(_ name: String) -> Content? { state.withLock { $0.splits[name] } }
    var listing: SplitListing<String> {
        state.withLock { SplitListing($0.splits.keys.sorted(), isComplete: $0.isComplete) }
    }
}

private struct ShelfSource: Source {
    let shelf: Shelf
    var atOnce: Int?
    var forgets = false

    var discovery: SplitDiscovery<String>? {
        SplitDiscovery(every: .milliseconds(100), splitsAtOnce: atOnce, forgetsEndedSplits: forgets) { shelf.listing }
    }
    func splits(parallelism: Int) -> [String] { [] }
    func name(of split: String, number: Int) -> String { split }
    func makeReader(for split: String) -> Reader { Reader(shelf: shelf, split: split) }
    func makeReader(for split: String, from position: SplitPosition) throws -> Reader {
        Reader(shelf: shelf, split: split, next: Int(try position.offset))
    }

    struct Reader: SplitReader {
        let shelf: Shelf
        let split: String
        var next = 0

        var restartPosition: SplitPosition? { SplitPosition(Int64(next)) }

        mutating func read(into output: SourceOutput<Int>) -> ReadStatus {
            guard let content = shelf.content(split) else { return .waiting }
            while next < min(content.numbers.count, content.released) && !output.isFull {
                output.emit(content.numbers[next])
                next += 1
            }
            if next == content.numbers.count { return .end }
            return output.isFull ? .more : .waiting
        }
    }
}
