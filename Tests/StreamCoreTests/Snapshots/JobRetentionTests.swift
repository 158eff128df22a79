import StreamTesting
import Testing
import Weir

/// Which snapshots a running job keeps, by the virtual clock.
struct JobRetentionTests {
    struct Case: Sendable, CustomStringConvertible {
        let retained: Int
        let retainedFor: Duration?
        /// What is left of ten snapshots, one each 100 ms, the third of which is a savepoint.
        let left: [Int]

        var description: String { "\(retained), \(retainedFor.map { "\($0)" } ?? "whatever their age")" }
    }

    private func options(_ storage: MemorySnapshotStorage, _ retained: Int, _ retainedFor: Duration?) -> JobOptions {
        var options = JobOptions(parallelism: 2, batchSize: 3)
        options.logger = JobOptions.silentLogger
        options.metricsInterval = nil
        options.snapshotExecutor = InlineSnapshotExecutor()
        options.snapshots = SnapshotOptions(storage: storage, interval: .milliseconds(100))
        options.snapshots?.retained = retained
        options.snapshots?.retainedFor = retainedFor
        return options
    }

    private func pipeline() throws -> Pipeline {
        try Pipeline("numbers") { p in
            p.source("numbers", NumberSource(count: 200, isEndless: true))
                .keyBy("by-digit") { $0 % 10 }
                .reduce("sum") { $0 + $1 }
                .commit("out", to: CommittedOutput<Int>())
        }
    }

    @Test(arguments: [
        Case(retained: 1, retainedFor: nil, left: [3, 10]),
        Case(retained: 2, retainedFor: nil, left: [3, 9, 10]),
        Case(retained: 4, retainedFor: nil, left: [3, 7, 8, 9, 10]),
        Case(retained: 1, retainedFor: .milliseconds(1), left: [3, 10]),
        Case(retained: 1, retainedFor: .milliseconds(250), left: [3, 8, 9, 10]),
        // As old as that, and not older.
        Case(retained: 1, retainedFor: .milliseconds(300), left: [3, 7, 8, 9, 10]),
        Case(retained: 4, retainedFor: .milliseconds(100), left: [3, 7, 8, 9, 10]),
        Case(retained: 2, retainedFor: .seconds(3_600), left: Array(1...10)),
        Case(retained: 20, retainedFor: nil, left: Array(1...10)),
    ])
    func byNumberAndAge(_ wanted: Case) throws {
        let storage = MemorySnapshotStorage()
        let clock = VirtualClock()
        let scheduler = ManualScheduler(seed: 11)
        var options = options(storage, wanted.retained, wanted.retainedFor)
        options.clock = clock
        options.scheduler = scheduler
        let job = try pipeline().start(options)
        let repository = SnapshotRepository(storage, pipeline: "numbers")
        for number in 1...10 {
            if number == 3 {
                // Takes the number of the next one.
                job.requestSnapshot(.savepoint) { _ in }
                scheduler.settle()
                continue
            }
            for _ in 0..<10 {
                clock.advance(by: .milliseconds(10))
                scheduler.settle()
            }
            #expect(job.snapshotStatus.last?.id == number)
            #expect(try repository.ids().suffix(wanted.retained).last == number)
        }
        #expect(try repository.ids() == wanted.left)
        // Whole, though they share files with those that are gone; and of those nothing is left.
        for id in try repository.ids() { #expect(try repository.open(id).verify().isEmpty, "snapshot \(id)") }
        let named = try Set(repository.ids().flatMap { try repository.manifest($0).files.map(\.object) })
        #expect(try Set(storage.list("numbers/files/").map(\.name)) == named)
        job.cancel()
        while !job.isFinished { scheduler.step() }
    }

    @Test(arguments: [Duration.zero, .milliseconds(-1), .seconds(-3_600)])
    func anAgeIsMoreThanZero(age: Duration) throws {
        let options = options(MemorySnapshotStorage(), 2, age)
        let error = try #require(#expect(throws: JobError.self) { _ = try pipeline().start(options) })
        #expect(error.code == .invalidOption)
        #expect(error.message.contains("snapshots.retainedFor") && error.message.contains("\(age)"))
    }
}
