import Foundation
import StreamTesting
import Synchronization
import Testing
import Weir

/// When the storage fails, a snapshot fails, and nothing else does.
@Suite struct SnapshotFaultTests {
    @Test(arguments: [SnapshotError.Code.storageFull, .notPermitted, .storageFailed])
    func theJobGoesOn(_ code: SnapshotError.Code) throws {
        let run = try FaultRun()
        try run.advance()
        #expect(run.job.snapshotStatus.age(at: run.clock.now) == nil)
        let first = try run.snapshot().get()
        try run.advance()
        for attempt in 1...3 {
            run.storage.fail(.commit, error: SnapshotError(code: code, message: "as the test wants"))
            let error = try #require(throws: SnapshotError.self) { try run.snapshot().get() }
            #expect(error.code == code && error.file.hasSuffix(".rows"))
            let status = run.job.snapshotStatus
            #expect(status.lastFailure?.code == code && status.consecutiveFailures == attempt)
            #expect(status.last?.id == first.id && status.completed == 1 && !status.isInProgress)
            #expect(status.age(at: run.clock.now) == .seconds(attempt))
            try run.advance()
        }
        #expect(try run.snapshot().get().id > first.id)
        let status = run.job.snapshotStatus
        #expect(status.lastFailure == nil && status.consecutiveFailures == 0 && status.completed == 2)
        #expect(status.age(at: run.clock.now) == .zero)
        try run.advance()
        #expect(FaultRun.lastLines(run.log) == FaultRun.expected(run.count))
        #expect(try run.linesAfterRestore() == FaultRun.expected(run.count + 1))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var extent: FaultySnapshotStorage.Extent
        var kind: SnapshotManifest.Kind
        var isStored: Bool
        var testDescription: String { "\(extent) \(kind)\(isStored ? " over a store" : "")" }
    }

    static let cases = FaultySnapshotStorage.Extent.allCases.flatMap { extent in
        [SnapshotManifest.Kind.snapshot, .savepoint].flatMap { kind in
            [false, true].map { Case(extent: extent, kind: kind, isStored: $0) }
        }
    }

    /// Whatever call of a snapshot fails: the new one or the one before is there, complete, and so is the next.
    @Test(arguments: cases) func everyCallMayFail(_ variant: Case) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("faults-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let backend: any StateBackend = variant.isStored ? ReferenceBackend(directory: directory.path) : MemoryBackend()
        let undisturbed = try prepared(backend)
        let calls = Mutex<[String]>([])
        undisturbed.storage.onCall { operation, name in calls.withLock { $0.append("\(operation) \(name)") } }
        _ = try undisturbed.snapshot(variant.kind).get()
        let all = calls.withLock { $0 }
        // Of the writes of one file the first and the last stand for all; the call after the last doesn't come.
        let numbers = (0...all.count).filter { number in
            guard number < all.count, all[number].hasPrefix("write") else { return true }
            return !all[..<number].contains(all[number]) || !all[(number + 1)...].contains(all[number])
        }
        #expect(numbers.count > 15, "the snapshot made fewer calls than it must")
        for number in numbers.map({ $0 + 1 }) {
            let run = try prepared(backend)
            run.storage.fail(
                number: number, error: SnapshotError(code: .storageFailed, message: "call \(number)"), variant.extent)
            let answer = try run.snapshot(variant.kind)
            let failures = run.storage.failures
            run.storage.heal()
            try expectOneOf([2, 3], run, answer, "\(variant.testDescription), call \(number)")
            #expect(try run.linesAfterRestore() == FaultRun.expected(run.count + 1), "call \(number)")
            try run.advance()
            let next = try run.snapshot().get()
            try expectOneOf([next.id], run, .success(next), "\(variant.testDescription), after call \(number)")
            try run.advance()
            #expect(FaultRun.lastLines(run.log) == FaultRun.expected(run.count), "call \(number)")

            if case .failure = answer {
                try expectNoLeftovers(run.objects, "\(variant.testDescription), after call \(number)")
            }

            // All that was left behind goes when the next run takes its first snapshot.
            try run.crashAndRestart()
            try run.advance()
            _ = try run.snapshot().get()
            try expectNoLeftovers(run.objects, "\(variant.testDescription), call \(number)")
            #expect(FaultRun.lastLines(run.log) == FaultRun.expected(run.count), "call \(number)")
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(files.isEmpty, "checkpoints that were not released: \(files)")
            #expect((failures == 0) == (number > all.count), "call \(number)")
        }
    }

    /// A run with two snapshots, of which the next deletes one.
    private func prepared(_ backend: any StateBackend) throws -> FaultRun {
        let run = try FaultRun(backend: backend)
        for _ in 0..<2 {
            try run.advance()
            _ = try run.snapshot().get()
        }
        try run.advance()
        return run
    }

    private func expectOneOf(
        _ ids: [Int], _ run: FaultRun, _ answer: Result<SnapshotReport, SnapshotError>, _ what: String
    ) throws {
        let repository = SnapshotRepository(run.objects, pipeline: "faulty")
        let newest = try #require(try repository.ids().last, "\(what): there is no snapshot any more")
        #expect(ids.contains(newest), "\(what)")
        if case .success(let report) = answer { #expect(newest == report.id, "\(what)") }
        for id in try repository.ids() { #expect(try repository.openUnchecked(id).verify().isEmpty, "\(what): \(id)") }
        #expect(run.job.snapshotStatus.isInProgress == false, "\(what)")
    }

    private func expectNoLeftovers(_ storage: MemorySnapshotStorage, _ what: String) throws {
        let repository = SnapshotRepository(storage, pipeline: "faulty")
        let files = try repository.ids().flatMap { try repository.manifest($0).files.map(\.object) }
        // The claims of the last eight numbers stay, to find the newest snapshot by.
        let newest = try repository.ids().last ?? 0
        let landmarks = (newest - 7...newest).map { "/0000000000\($0 < 10 ? "0" : "")\($0)/writer-" }
        let left = try storage.list("").map(\.name).filter { name in
            !files.contains(name) && !name.hasSuffix("/manifest") && !landmarks.contains { name.contains($0) }
        }
        #expect(left.isEmpty, "\(what)")
    }

    /// Work that waits until the test does it.
    private final class QueueingExecutor: SnapshotExecutor {
        private let work = Mutex<[@Sendable () -> Void]>([])

        func submit(_ body: @escaping @Sendable () -> Void) { work.withLock { $0.append(body) } }
        func finish() {}
        func drain() { while let next = work.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { next() } }
    }

    /// A job that is cancelled while its snapshot is being committed gives one answer.
    @Test func cancelledDuringTheCommit() throws {
        let executor = QueueingExecutor()
        let run = try FaultRun(executor: executor)
        try run.advance()
        let answers = Mutex<[Result<SnapshotReport, SnapshotError>]>([])
        run.job.requestSnapshot(.snapshot) { answer in answers.withLock { $0.append(answer) } }
        executor.drain()
        try run.settle()
        run.storage.onCall { [job = run.job, scheduler = run.scheduler] operation, name in
            guard operation == .putIfAbsent && name.hasSuffix("/manifest") else { return }
            job.cancel()
            scheduler.settle()
        }
        executor.drain()
        #expect(answers.withLock { $0.map { (try? $0.get())?.id } } == [1])
        #expect(try SnapshotRepository(run.objects, pipeline: "faulty").openLatest()?.manifest.id == 1)
    }
}
