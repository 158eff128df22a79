import Foundation
import StreamTesting
import Synchronization
import Testing
import Weir

/// A directory whose files are read as they appear.
struct DirectorySourceTests {
    private static func put(_ name: String, _ ids: Range<Int>, in directory: String) throws {
        let path = directory + "/" + name
        let above = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: above, withIntermediateDirectories: true)
        try write(ids.map { "{\"id\": \($0), \"text\": \"x\"}\n" }.joined(), to: path)
    }

    @Test(arguments: [1, 3])
    func filesAreReadOnceAsTheyCome(parallelism: Int) async throws {
        try await withDirectory { directory in
            let seen = CollectSink<Int>()
            var source = DirectorySource(directory + "/in", format: Item.json) { $0.hasSuffix(".jsonl") }
            source.interval = .seconds(5)
            source.endMarker = "_SUCCESS"
            let input = source
            let test = try TestPipeline(parallelism: parallelism, batchSize: 4) { p in
                p.source("files", input).map { Int($0.id) }.write("seen", to: seen)
            }
            try test.settle()
            #expect(seen.elements.isEmpty)
            try Self.put("in/a.jsonl", 0..<10, in: directory)
            try Self.put("in/day=1/b.jsonl", 10..<15, in: directory)
            for name in ["in/.c.jsonl", "in/_d.jsonl", "in/_tmp/e.jsonl", "in/f.txt"] {
                try Self.put(name, 100..<101, in: directory)
            }
            try test.advanceProcessingTime(by: .seconds(4))
            #expect(seen.elements.isEmpty)
            try test.advanceProcessingTime(by: .seconds(1))
            #expect(seen.elements.sorted() == Array(0..<15))
            try test.restart(parallelism: 2)
            // Later files may sort before those that were read.
            try Self.put("in/0.jsonl", 15..<20, in: directory)
            try test.advanceProcessingTime(by: .seconds(5))
            try test.restart(parallelism: parallelism)
            #expect(seen.elements.sorted() == Array(0..<20))
            try Self.put("in/z.jsonl", 20..<22, in: directory)
            try write("", to: directory + "/in/_SUCCESS")
            try test.advanceProcessingTime(by: .seconds(5))
            #expect(seen.elements.sorted() == Array(0..<22))
            #expect(test.isFinished)
        }
    }

    /// A volume that isn't mounted has not deleted its files.
    @Test func aDirectoryThatIsGoneIsNotTakenForEmpty() async throws {
        try await withDirectory { directory in
            var source = DirectorySource(directory + "/in", format: Item.json)
            source.forgetsDeletedFiles = true
            let input = source
            let seen = CollectSink<Int>()
            let test = try TestPipeline { p in p.source("files", input).map { Int($0.id) }.write("seen", to: seen) }
            // Nothing was known: there is nothing to lose.
            try test.advanceProcessingTime(by: .seconds(1))
            try Self.put("in/a.jsonl", 0..<3, in: directory)
            try Self.put("in/b.jsonl", 3..<5, in: directory)
            try test.advanceProcessingTime(by: .seconds(1))
            try FileManager.default.removeItem(atPath: directory + "/in/a.jsonl")
            try test.advanceProcessingTime(by: .seconds(1))
            #expect(seen.elements == Array(0..<5))
            try FileManager.default.moveItem(atPath: directory + "/in", toPath: directory + "/away")
            let error = #expect(throws: JobError.self) { try test.advanceProcessingTime(by: .seconds(1)) }
            #expect(error?.code == .sourceFailed && error?.step == "files")
            #expect(error?.message.contains("'b.jsonl'") == true, "\(error.debugDescription)")
        }
    }

    /// What a step keeps, and what it shows, before and after a crash.
    struct Count: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = [Int]

        let total: ValueState<Int, Int>

        mutating func process(_ id: Int, _ context: borrowing ProcessContext<Self>) throws {
            total.update(default: 0) { $0 += 1 }
            try context.emit([id, total.value ?? 0])
        }
    }

    /// Files come while the job runs, which falls back to its newest snapshot again and again, with other workers.
    @Test(arguments: 0..<20)
    func filesAreReadOnceWhateverCrashes(seed: UInt64) async throws {
        try await withDirectory { directory in
            var random = SplitMix64(seed: seed)
            let shown = Mutex<[[Int]]>([])
            var source = DirectorySource(directory, format: Item.json)
            source.endMarker = "_SUCCESS"
            source.filesAtOnce = 1 + Int(seed % 3)
            source.forgetsDeletedFiles = seed % 2 == 0
            let input = source
            func start(_ snapshot: JobSnapshot?, at time: Timestamp) throws -> TestPipeline {
                try TestPipeline(
                    parallelism: 1 + Int(random.next(below: 4)), batchSize: 3, time: time, seed: random.next(),
                    restoring: snapshot
                ) { p in
                    p.source("files", input).map { Int($0.id) }.keyBy { $0 % 5 }
                        .process("count") { Count(total: try $0.value("total")) }
                        .map { pair in shown.withLock { $0.append(pair) } }
                        .write("none", to: CollectSink())
                }
            }
            var next = 0
            var time: Timestamp = 0
            var saved: (snapshot: JobSnapshot?, shown: Int) = (nil, 0)
            var test = try start(nil, at: time)
            for step in 0..<40 {
                switch random.next(below: 8) {
                case ..<3:
                    let count = Int(random.next(below: 9))
                    // Also before files that were read, and in directories that weren't there.
                    let place = ["", "a/", "day=\(step)/"][Int(random.next(below: 3))]
                    try Self.put("\(place)\(100 - step).jsonl", next..<next + count, in: directory)
                    next += count
                case ..<6:
                    time += Timestamp(random.next(below: 1_500))
                    try test.advanceProcessingTime(to: time)
                case ..<7: saved = (try test.snapshot(), shown.withLock { $0.count })
                default:
                    // What came after the snapshot is lost: the runtime's and what it showed.
                    shown.withLock { $0.removeLast($0.count - saved.shown) }
                    test = try start(saved.snapshot, at: time)
                }
            }
            try write("", to: directory + "/_SUCCESS")
            try test.advanceProcessingTime(to: time + 1_000)
            #expect(test.isFinished, "seed \(seed)")
            let pairs = shown.withLock { $0 }
            #expect(pairs.map { $0[0] }.sorted() == Array(0..<next), "seed \(seed)")
            for key in 0..<5 {
                let counts = pairs.filter { $0[0] % 5 == key }.map { $0[1] }.sorted()
                #expect(counts == Array(1..<(counts.count + 1)), "seed \(seed), key \(key)")
            }
        }
    }
}
