import StreamTesting
import Synchronization
import Testing
import Weir

/// A snapshot that can't be used stops a job before it has opened anything; the error says what is wrong.
@Suite struct RestoreFaultTests {
    /// What of a pipeline was opened.
    private final class Opened: Sendable {
        let readers = Atomic<Int>(0)
        let writers = Atomic<Int>(0)
        var isNothing: Bool { readers.load(ordering: .relaxed) + writers.load(ordering: .relaxed) == 0 }
    }

    private struct Numbers: Source {
        let opened: Opened
        let base = CollectionSource(splits: [Array(0..<300), Array(300..<600)])
        var isRestartable = true

        func splits(parallelism: Int) -> [[Int]] { base.splits(parallelism: parallelism) }

        func makeReader(for split: [Int]) -> Reader {
            opened.readers.add(1, ordering: .relaxed)
            return Reader(base: base.makeReader(for: split), isRestartable: isRestartable)
        }

        func makeReader(for split: [Int], from position: SplitPosition) throws -> Reader {
            opened.readers.add(1, ordering: .relaxed)
            return Reader(base: try base.makeReader(for: split, from: position), isRestartable: isRestartable)
        }

        struct Reader: SplitReader {
            var base: CollectionReader<Int>
            let isRestartable: Bool
            var restartPosition: SplitPosition? { isRestartable ? base.restartPosition : nil }
            mutating func read(into output: SourceOutput<Int>) -> ReadStatus { base.read(into: output) }
        }
    }

    private struct Lines: Sink {
        let opened: Opened
        let base: CollectSink<Int>

        func makeWriter(_ context: SinkContext) -> CollectWriter<Int> {
            opened.writers.add(1, ordering: .relaxed)
            return base.makeWriter(context)
        }
    }

    private struct Run {
        let sink: CollectSink<Int>
        let scheduler: ManualScheduler
        let job: Job

        static func start(
            _ name: String, _ storage: any SnapshotStorage, _ start: StartPoint, opened: Opened = Opened(),
            isRestartable: Bool = true
        ) throws -> Run {
            let sink = CollectSink<Int>()
            let scheduler = ManualScheduler()
            let pipeline = try Pipeline(name) { p in
                p.source("numbers", Numbers(opened: opened, isRestartable: isRestartable))
                    .keyBy { $0 % 10 }.process("sums") { Sums(sum: try $0.value("sum")) }
                    .write("lines", to: Lines(opened: opened, base: sink))
            }
            var options = JobOptions(parallelism: 2, batchSize: 16)
            options.scheduler = scheduler
            options.snapshotExecutor = InlineSnapshotExecutor()
            options.snapshots = SnapshotOptions(storage: storage, interval: nil)
            options.start = start
            options.logger = JobOptions.silentLogger
            options.metricsInterval = nil
            options.clock = VirtualClock()
            return Run(sink: sink, scheduler: scheduler, job: try pipeline.start(options))
        }

        func snapshot() throws -> Result<SnapshotReport, SnapshotError> {
            for _ in 0..<6 { scheduler.step() }
            let answer = Mutex<Result<SnapshotReport, SnapshotError>?>(nil)
            job.requestSnapshot(.snapshot) { result in answer.withLock { $0 = result } }
            while answer.withLock({ $0 == nil }), !scheduler.step() {}
            return try #require(answer.withLock { $0 })
        }

        func cancel() {
            job.cancel()
            scheduler.settle()
        }
    }

    private struct Sums: KeyedProcessor {
        typealias Key = Int
        typealias Input = Int
        typealias Output = Int
        let sum: ValueState<Key, Int>

        mutating func process(_ number: Int, _ context: borrowing ProcessContext<Self>) throws {
            let new = (sum.value ?? 0) + number
            sum.value = new
            try context.emit(new)
        }
    }

    enum Fault: String, CaseIterable, Sendable {
        case damagedRows, truncatedManifest, missingFile, newerFormat, foreignPipeline, noSuchNumber, emptyStorage
    }

    @Test(arguments: Fault.allCases) func nothingIsOpened(_ fault: Fault) throws {
        let storage = MemorySnapshotStorage()
        let first = try Run.start("p", storage, .fresh)
        let id = try first.snapshot().get().id
        first.cancel()
        let manifestName = try #require(try storage.list("p/snapshots/").first?.name)
        let manifest = try #require(storage[manifestName])
        let file = try #require(try SnapshotRepository(storage, pipeline: "p").manifest(id).files.first?.object)
        var start = StartPoint.latest
        var code = SnapshotError.Code.damaged
        var name = manifestName
        switch fault {
        case .damagedRows:
            name = file
            storage[file]?[150] ^= 4
        case .truncatedManifest: storage[manifestName] = manifest.dropLast(30)
        case .missingFile:
            (code, name) = (.missingFile, file)
            storage[file] = nil
        case .newerFormat:
            code = .newerFormat
            storage[manifestName] = Self.newer(manifest)
        case .foreignPipeline:
            code = .foreignPipeline
            let other = try Run.start("q", storage, .fresh)
            _ = try other.snapshot().get()
            other.cancel()
            storage[manifestName] = storage["q" + manifestName.dropFirst()]
        case .noSuchNumber:
            (code, start) = (.noSnapshot, .snapshot(id + 1))
            name = manifestName.replacing("1/manifest", with: "2/manifest")
        case .emptyStorage: (code, start, name) = (.noSnapshot, .stored(MemorySnapshotStorage(), nil), "")
        }
        let opened = Opened()
        let error = try #require(throws: SnapshotError.self) { _ = try Run.start("p", storage, start, opened: opened) }
        #expect(error.code == code && error.file == name, "\(error)")
        #expect(opened.isNothing)
    }

    @Test func latestOfNoneIsFresh() throws {
        let run = try Run.start("p", MemorySnapshotStorage(), .latest)
        run.scheduler.settle()
        #expect(run.job.isFinished && run.sink.elements.count == 600)
    }

    @Test func aSourceThatCannotBeRestarted() throws {
        let storage = MemorySnapshotStorage()
        let run = try Run.start("p", storage, .latest, isRestartable: false)
        let error = try #require(throws: SnapshotError.self) { try run.snapshot().get() }
        #expect(error.code == .incompatible)
        #expect(error.message.contains("'numbers'") && error.message.contains("restartPosition"))
        #expect(run.job.snapshotStatus.consecutiveFailures == 1 && run.job.failure == nil)
        #expect(try storage.list("").isEmpty)
        run.scheduler.settle()
        #expect(run.job.isFinished && run.job.failure == nil && run.sink.elements.count == 600)
    }

    /// The bytes of an envelope with version 2, and the checksum that goes with it, worked out bit by bit.
    private static func newer(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = Array(bytes.dropLast(4))
        bytes[8] = 2
        var checksum = UInt32.max
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return bytes + withUnsafeBytes(of: (~checksum).littleEndian) { Array($0) }
    }
}
