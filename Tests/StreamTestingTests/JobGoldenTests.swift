import Foundation
import RocksDBBackend
import StreamTesting
import Synchronization
import Testing
import Weir

/// Snapshots of a whole job that version 1 of the format has written, with which a job begins and finishes.
///
/// They have timers, windows, sessions, a join, transactions that were prepared, and records that a barrier has overtaken; in
/// row files, and in stores of RocksDB.
///
/// `RECORD=1` writes them where there are none. They are of two workers, and nothing was committed before.
@Suite struct JobGoldenTests {
    struct Event: Sendable, Codable {
        var split: Int
        var key: Int
        var time: Timestamp
    }

    /// A line per key and period of 40 ms, when it is over.
    struct Periods: KeyedProcessor {
        typealias Key = Int
        typealias Input = Event
        typealias Output = String
        enum TimerID: Hashable, Codable, Sendable { case end(of: Int64) }
        let counts: MapState<Key, Int64, Int>

        mutating func process(_ event: Event, _ context: borrowing ProcessContext<Self>) throws {
            let period = event.time / 40
            counts[period] = (counts[period] ?? 0) + 1
            context.setTimer(.end(of: period), at: (period + 1) * 40 - 1)
        }

        mutating func onTimer(_ id: TimerID, at time: Timestamp, _ context: borrowing ProcessContext<Self>) throws {
            guard case .end(let period) = id else { return }
            try context.emit("period \(context.key) \(period): \(counts[period] ?? 0)")
            counts[period] = nil
        }
    }

    /// Lines in memory; a transaction has its lines with it, as if the database were in the snapshot.
    final class Lines: TransactionalSink {
        struct Transaction: Sendable, Hashable, Codable {
            var worker: Int
            var epoch: Int
            var lines: [String]
        }

        struct Writer: TransactionalWriter {
            typealias Element = String
            var open: Transaction

            mutating func begin(epoch: Int) { open.epoch = epoch }
            mutating func write(_ batch: Batch<String>) {
                for i in 0..<batch.count { open.lines.append(batch.elements[i]) }
            }
            mutating func prepare() -> Transaction? {
                defer { open.lines = [] }
                return open
            }
        }

        struct Committer: TransactionCommitter {
            let sink: Lines

            mutating func commit(_ transaction: Transaction) {
                sink.state.withLock { state in
                    guard state.done.insert(transaction).inserted else { return }
                    state.lines += transaction.lines
                }
            }
            mutating func recover(pending: [Transaction]) {
                for transaction in pending { commit(transaction) }
                let count = pending.reduce(0) { $0 + $1.lines.count }
                sink.state.withLock { $0.recovered = count }
            }
        }

        private let state = Mutex((done: Set<Transaction>(), lines: [String](), recovered: 0))

        var lines: [String] { state.withLock { $0.lines } }
        /// The lines of transactions that the snapshot had.
        var recovered: Int { state.withLock { $0.recovered } }

        func makeWriter(_ context: SinkContext) -> Writer {
            Writer(open: Transaction(worker: context.worker, epoch: 0, lines: []))
        }
        func makeCommitter(_ context: CommitterContext) -> Committer { Committer(sink: self) }
    }

    /// In two splits, in the order of their times; with pauses, and keys in no order.
    private static let splits: [[Event]] = (0..<2).map { split in
        (0..<40).map { i in
            Event(split: split, key: (i * i + 3 * split) % 5, time: Int64(i * 7 + i / 10 * 45 + split * 3))
        }
    }

    private static func pipeline(_ sink: Lines) throws -> Weir.Pipeline {
        try Pipeline("golden job") { p in
            let events = p.source(
                "events", CollectionSource(splits: splits), time: { $0.time },
                watermarks: .boundedOutOfOrderness(.milliseconds(5)))
            let keyed = events.keyBy("by-key") { $0.key }
            let windows = keyed.window(.tumbling(.milliseconds(50))).aggregate("counts", .count())
                .map { "window \($0.key) \($0.window.start): \($0.value)" }
            let sessions = keyed.window(.session(gap: .milliseconds(32))).aggregate("visits", .count())
                .map { "session \($0.key) \($0.window.start) to \($0.window.end): \($0.value)" }
            let periods = keyed.process("periods") { Periods(counts: try $0.map("counts")) }
            let left = events.filter { $0.split == 0 }.keyBy("left") { $0.key }
            let right = events.filter { $0.split != 0 }.keyBy("right") { $0.key }
            let pairs = left.join("pairs", right, within: .between(.milliseconds(-10), .milliseconds(10))) {
                "pair \($0.key) \($0.time) \($1.time)"
            }
            windows.union("all", sessions, periods, pairs).commit("out", to: sink)
        }
    }

    /// The lines of the whole input, worked out without the engine.
    private static func expected() throws -> [String] {
        let all = splits.joined()
        var lines: [String] = []
        for key in 0..<5 {
            let times = all.filter { $0.key == key }.map(\.time).sorted()
            for start in Set(times.map { $0 / 50 * 50 }) {
                lines.append("window \(key) \(start): \(times.count { $0 / 50 * 50 == start })")
            }
            for period in Set(times.map { $0 / 40 }) {
                lines.append("period \(key) \(period): \(times.count { $0 / 40 == period })")
            }
            var session: [Timestamp] = []
            for time in times + [Int64.max] {
                if let last = session.last, let first = session.first, time - last > 32 {
                    lines.append("session \(key) \(first) to \(last + 32): \(session.count)")
                    session = []
                }
                session.append(time)
            }
            // So that it doesn't matter what belongs together at a distance of just the gap.
            try #require(zip(times, times.dropFirst()).allSatisfy { $1 - $0 != 32 })
            for left in all where left.split == 0 && left.key == key {
                for right in all where right.split == 1 && right.key == key && abs(right.time - left.time) <= 10 {
                    lines.append("pair \(key) \(left.time) \(right.time)")
                }
            }
        }
        return lines.sorted()
    }

    private static func options(
        _ storage: any SnapshotStorage, _ backend: any StateBackend, _ scheduler: ManualScheduler, parallelism: Int
    ) -> JobOptions {
        var options = JobOptions(parallelism: parallelism, batchSize: 2)
        options.ringCapacity = 8
        options.scheduler = scheduler
        options.clock = VirtualClock()
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.snapshots = SnapshotOptions(storage: storage, interval: .seconds(1_000))
        options.snapshots?.alignmentTimeout = .zero
        options.start = .latest
        options.backend = backend
        options.memoryBudget = backend.name == "memory" ? nil : 1 << 16
        return options
    }

    private static func backend(_ name: String) -> any StateBackend {
        name == "memory" ? MemoryBackend() : RocksDBBackend()
    }

    /// The number of rows of each operator's own part.
    private static func rowCounts(_ manifest: SnapshotManifest) -> [String: Int] {
        let wanted = [
            "counts/windows", "visits/sessions", "periods/counts", "periods/weir.timers", "pairs/rows",
            "by-key/weir.in-flight", "out/weir.transactions", "events/weir.splits",
        ]
        let parts = manifest.steps.flatMap { step in step.parts.map { ("\(step.name)/\($0.name)", $0.rowCount) } }
        return Dictionary(wanted.map { ($0, 0) }) { $0 + $1 }.merging(parts.filter { wanted.contains($0.0) }) {
            $0 + $1
        }
    }

    private static func directory(_ name: String) -> String {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return tests.joined(separator: "/") + "/Golden/job-1/\(name)"
    }

    /// Takes snapshots at several moments, until one has something of everything, and keeps that.
    private static func record(_ name: String) throws {
        for seed in 0..<2_000 as Range<UInt64> {
            let (storage, scheduler) = (MemorySnapshotStorage(), ManualScheduler(seed: seed))
            let job = try pipeline(Lines()).start(options(storage, backend(name), scheduler, parallelism: 2))
            for _ in 0..<(20 + seed % 60) { scheduler.step() }
            let isDone = Mutex(false)
            job.requestSnapshot(.snapshot) { _ in isDone.withLock { $0 = true } }
            var steps = 0
            while !isDone.withLock({ $0 }) && steps < 10_000 {
                scheduler.step()
                steps += 1
            }
            job.cancel()
            while !job.isFinished { scheduler.step() }
            let repository = SnapshotRepository(storage, pipeline: "golden job")
            guard let manifest = try repository.latest(), rowCounts(manifest).allSatisfy({ $0.value > 0 }) else {
                continue
            }
            let transactions = manifest.part("weir.transactions", of: "out")?.byteCount ?? 0
            guard transactions > 200 else { continue }
            let kept = LocalSnapshotStorage(directory: directory(name))
            for object in try storage.list("") { _ = try kept.putIfAbsent(object.name, storage[object.name] ?? []) }
            return
        }
        Issue.record("no moment has something of everything")
    }

    /// The kept snapshot, in a storage that a job may write to.
    private static func kept(_ name: String) throws -> MemorySnapshotStorage {
        if ProcessInfo.processInfo.environment["RECORD"] == "1",
            !FileManager.default.fileExists(atPath: directory(name))
        {
            try record(name)
        }
        let storage = MemorySnapshotStorage()
        let files = LocalSnapshotStorage(directory: directory(name))
        for object in try files.list("") {
            storage[object.name] = try files.get(object.name, range: 0..<object.byteCount)
        }
        return storage
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var kept: String
        var backend: String
        var parallelism: Int
        var testDescription: String { "\(kept) by \(parallelism) over \(backend)" }
    }

    static let cases = [
        Case(kept: "memory", backend: "memory", parallelism: 2),
        Case(kept: "memory", backend: "memory", parallelism: 3),
        Case(kept: "memory", backend: "rocksdb", parallelism: 1),
        Case(kept: "rocksdb", backend: "rocksdb", parallelism: 2),
        Case(kept: "rocksdb", backend: "rocksdb", parallelism: 3),
    ]

    @Test(.serialized, arguments: cases) func aJobGoesOnFromIt(_ variant: Case) throws {
        let storage = try Self.kept(variant.kept)
        let manifest = try #require(try SnapshotRepository(storage, pipeline: "golden job").openLatest()).manifest
        for (part, count) in Self.rowCounts(manifest) { #expect(count > 0, "\(part) has no rows") }
        #expect(manifest.stores.map(\.backend) == (variant.kept == "memory" ? [] : ["rocksdb", "rocksdb"]))
        let (sink, scheduler) = (Lines(), ManualScheduler(seed: 5))
        let job = try Self.pipeline(sink).start(
            Self.options(storage, Self.backend(variant.backend), scheduler, parallelism: variant.parallelism))
        var steps = 0
        while !job.isFinished && steps < 100_000 {
            scheduler.step()
            steps += 1
        }
        #expect(job.isFinished && job.failure == nil)
        let expected = try Self.expected()
        #expect(sink.recovered > 0 && sink.recovered < expected.count)
        #expect(sink.lines.sorted() == expected)
    }

    /// The files of a store are for its backend alone; the error says what to do.
    @Test func aStoreIsNotForMemory() throws {
        let storage = try Self.kept("rocksdb")
        let error = #expect(throws: (any Error).self) {
            try Self.pipeline(Lines()).start(
                Self.options(storage, MemoryBackend(), ManualScheduler(), parallelism: 2))
        }
        let text = "\(try #require(error))"
        #expect(text.contains("lies in a store of the backend 'rocksdb', and the job's is 'memory'"), "\(text)")
        #expect(text.contains("add 'rocksdb' to JobOptions.readableBackends"), "\(text)")
    }
}
