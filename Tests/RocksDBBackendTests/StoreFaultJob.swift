import RocksDBBackend
import StreamTesting
import Synchronization
import Testing
import Weir

/// A job over a store that may fail; driven step by step.
final class StoreFaultJob {
    static let keys: Int64 = 300

    let storage: MemorySnapshotStorage
    let input: TestInput<Int64>
    let output: CommittedOutput<String>
    let clock = VirtualClock()
    let job: Job
    private let scheduler = ManualScheduler(seed: 7)

    /// - Parameter former: a job that ended, where it is to be gone on from its newest snapshot.
    init(_ backend: any StateBackend, after former: StoreFaultJob? = nil, memoryBudget: Int = 24 << 10) throws {
        storage = former?.storage ?? MemorySnapshotStorage()
        input = former?.input ?? TestInput("numbers")
        output = former?.output ?? CommittedOutput()
        var options = JobOptions(parallelism: former == nil ? 1 : 2, batchSize: 16)
        options.clock = clock
        options.scheduler = scheduler
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.backend = backend
        options.memoryBudget = memoryBudget
        options.snapshots = SnapshotOptions(storage: storage, interval: nil)
        options.start = .latest
        let (input, output) = (input, output)
        job = try Pipeline("faults") { p in
            let keyed = p.input(input).keyBy { $0 % Self.keys }
            keyed.process("hold") { try Held($0) }.commit("out", to: output)
            keyed.window(.tumbling(.milliseconds(500))).aggregate("count", .count())
                .map("text") { "window \($0.key) \($0.window.start) \($0.value)" }.commit("windows", to: output)
        }.start(options)
        scheduler.settle()
    }

    /// The numbers that were sent.
    private(set) var sent: Int64 = 0

    /// Sends the next numbers, which the job finds when it goes on.
    func send(_ count: Int, from first: Int64? = nil) {
        if let first { sent = first }
        for _ in 0..<count {
            input.send(sent &* 7_919, at: sent)
            sent += 1
        }
        input.watermark(sent - 1)
    }

    /// Goes on until there is nothing to do.
    func settle() { scheduler.settle() }

    /// Takes a snapshot; what it came to.
    func snapshot(_ kind: SnapshotManifest.Kind = .snapshot) throws -> Result<SnapshotReport, SnapshotError> {
        let answer = Mutex<Result<SnapshotReport, SnapshotError>?>(nil)
        job.requestSnapshot(kind) { result in answer.withLock { $0 = result } }
        // A store may write on a thread of its own.
        for _ in 0..<1_000_000 {
            scheduler.settle()
            if let result = answer.withLock({ $0 }) { return result }
        }
        return try #require(answer.withLock { $0 })
    }

    /// Has the job end, as a crash would.
    func end() {
        job.cancel()
        while !job.isFinished { scheduler.step() }
    }

    /// Goes on from the newest snapshot with other workers, to the end of the input, and looks at all that came out.
    func expectRightAfterRestore(_ backend: any StateBackend) throws {
        end()
        let next = try StoreFaultJob(backend, after: self)
        next.input.end()
        for _ in 0..<100_000 where !next.job.isFinished { next.settle() }
        #expect(next.job.isFinished)
        #expect(next.job.failure == nil)
        #expect(output.committed.sorted() == expected(Int(sent)).sorted())
    }

    /// What must come out after so many numbers, by dictionaries.
    private func expected(_ count: Int) -> [String] {
        var values: [Int64: Int64] = [:]
        var maps: [Int64: [Int64: Int64]] = [:]
        var windows: [Int64: [Int64: Int]] = [:]
        var results: [String] = []
        for index in 0..<Int64(count) {
            let number = index &* 7_919
            let key = number % Self.keys
            windows[index / 500 * 500, default: [:]][key, default: 0] += 1
            let value = (values[key] ?? 0) + number
            values[key] = value / Self.keys % 3 == 0 ? nil : value
            maps[key, default: [:]][number / Self.keys % 4] = number / 1_000 % 3 == 0 ? nil : number
            let map = maps[key, default: [:]].sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            results.append("\(key) \(value) \(map.joined(separator: ","))")
        }
        for (start, counts) in windows { results += counts.map { "window \($0.key) \(start) \($0.value)" } }
        return results
    }

    /// Puts what it knows of a key into words, so that every wrong row shows.
    private struct Held: KeyedProcessor {
        typealias Key = Int64
        typealias Input = Int64
        typealias Output = String
        typealias TimerID = Never

        let value: ValueState<Int64, Int64>
        let map: MapState<Int64, Int64, Int64>

        init(_ state: KeyedStateStore<Int64>) throws {
            value = try state.value("value")
            map = try state.map("map")
        }

        mutating func process(_ element: Int64, _ context: borrowing ProcessContext<Self>) throws {
            let sum = (value.value ?? 0) + element
            value.value = sum / StoreFaultJob.keys % 3 == 0 ? nil : sum
            map[element / StoreFaultJob.keys % 4] = element / 1_000 % 3 == 0 ? nil : element
            var entries: [(Int64, Int64)] = []
            map.forEach { entries.append(($0, $1)) }
            let text = entries.sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
            try context.emit("\(context.key) \(sum) \(text)")
        }
    }
}
