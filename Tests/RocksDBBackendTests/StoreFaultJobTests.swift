import Foundation
import RocksDBBackend
import StreamTesting
import Testing
import Weir

/// A store that fails at a barrier costs the snapshot, not the job, and no row; one that fails at a record costs the job.
@Suite struct StoreFaultJobTests {
    typealias Operation = FaultyStateBackend.Operation

    enum Base: String, CaseIterable {
        case reference, rocksDB

        func backend(in directory: TemporaryDirectory) -> any StateBackend {
            guard self == .rocksDB else { return ReferenceBackend(directory: directory.path) }
            var options = RocksDBBackend.Options()
            // Files as large states have them, of few rows.
            options.fileRows = 16
            return RocksDBBackend(directory: directory.path, options: options)
        }
    }

    private static let full = StateError(code: .storageFull, message: "no room, as planned")

    /// Every call of a kind that a snapshot makes fails once; then, while records come, all later writes do.
    @Test(arguments: Base.allCases, [24 << 10, 4 << 20])
    func onlyTheSnapshotFails(base: Base, memoryBudget: Int) throws {
        let directory = try TemporaryDirectory()
        let backend = FaultyStateBackend(base.backend(in: directory))
        let run = try StoreFaultJob(backend, memoryBudget: memoryBudget)
        run.send(1_000)
        _ = try run.snapshot().get()
        var failed: [Operation: Int] = [:]
        for operation in Operation.allCases where operation != .open && operation != .removeAll {
            let kind: SnapshotManifest.Kind = operation == .view ? .savepoint : .snapshot
            var number = 0
            while number < 40 {
                number += 1
                let place = "\(base), \(operation) \(number)"
                run.send(60)
                run.settle()
                try #require(run.job.failure == nil, "\(place): \(String(describing: run.job.failure))")
                run.clock.advance(by: .seconds(3))
                backend.fail(operation, number: number, error: Self.full)
                let result = try run.snapshot(kind)
                let failures = backend.failures
                backend.heal()
                guard failures > 0 else {
                    #expect(throws: Never.self, "\(place)") { try result.get() }
                    break
                }
                failed[operation, default: 0] += 1
                guard case .failure(let error) = result else {
                    // Tried once more, with success: that is right, too.
                    try #require(operation == .later, "\(place) went unnoticed")
                    continue
                }
                #expect(error.code == .storageFull, "\(place): \(error)")
                try expectGoingOn(run, after: .seconds(3), place)
                run.send(60)
                run.clock.advance(by: .seconds(2))
                #expect(run.job.snapshotStatus.age(at: run.clock.now) == .seconds(5), "\(place)")
                #expect(throws: Never.self, "\(place)") { try run.snapshot().get() }
                #expect(run.job.health.failedSnapshots == 0 && run.job.health.snapshotAge == .zero, "\(place)")
            }
        }
        // What a snapshot asks a store for.
        #expect(Set(failed.keys) == [.write, .writeLater, .later, .view, .checkpoint], "\(failed)")
        for round in 0..<6 {
            run.send(100)
            run.settle()
            backend.fail(.later, error: Self.full, goesOn: true)
            run.send(100)
            #expect(throws: SnapshotError.self, "round \(round)") { try run.snapshot().get() }
            run.settle()
            try #require(run.job.failure == nil, "round \(round): \(String(describing: run.job.failure))")
            backend.heal()
            if round % 2 == 1 { _ = try run.snapshot().get() }
        }
        run.send(300)
        try run.expectRightAfterRestore(backend)
    }

    private func expectGoingOn(
        _ run: StoreFaultJob, after age: Duration, _ place: String, _ code: SnapshotError.Code = .storageFull
    ) throws {
        try #require(run.job.failure == nil && !run.job.isFinished, "\(place): \(String(describing: run.job.failure))")
        let health = run.job.health
        #expect(health.phase == .running && health.failedSnapshots == 1 && health.snapshotAge == age, "\(place)")
        #expect(run.job.snapshotStatus.lastFailure?.code == code, "\(place)")
    }

    @Test(arguments: [Operation.read, .write, .scan])
    func aFailureAtARecordEndsTheJob(operation: Operation) throws {
        let directory = try TemporaryDirectory()
        let backend = FaultyStateBackend(ReferenceBackend(directory: directory.path))
        let run = try StoreFaultJob(backend, memoryBudget: 24 << 10)
        run.send(2_000)
        _ = try run.snapshot().get()
        backend.fail(operation, error: Self.full)
        run.send(2_000)
        run.settle()
        let error = try #require(run.job.failure)
        #expect((error.cause as? StateError)?.code == .storageFull, "\(error)")
        // From its newest snapshot, with a store that works, the results are as if nothing had been.
        try run.expectRightAfterRestore(backend)
    }

    /// Windows end while the store fails: what it has of them goes when it can, and no snapshot is taken before.
    @Test(arguments: Base.allCases, [Operation.write, .scan])
    func windowsThatEndMeanwhileAreNoReasonToFail(base: Base, operation: Operation) throws {
        let directory = try TemporaryDirectory()
        let backend = FaultyStateBackend(base.backend(in: directory))
        let run = try StoreFaultJob(backend, memoryBudget: 16 << 20)
        for round in 0..<3 {
            run.send(5_250)
            run.settle()
            _ = try run.snapshot().get()
            run.clock.advance(by: .seconds(3))
            backend.fail(operation, error: Self.full, goesOn: true)
            run.send(1_500)
            run.settle()
            try #require(run.job.failure == nil, "round \(round): \(String(describing: run.job.failure))")
            #expect(backend.failures == 1, "round \(round): it is asked again at the next barrier only")
            for _ in 0..<2 {
                guard case .failure(let error) = try run.snapshot() else {
                    Issue.record("rows of windows that had ended were still there, in round \(round)")
                    break
                }
                #expect(error.code == .storageFull, "\(error)")
            }
            try #require(run.job.failure == nil, "round \(round): \(String(describing: run.job.failure))")
            backend.heal()
            run.send(round == 1 ? 3_250 : 250)
            run.settle()
            _ = try run.snapshot().get()
        }
        run.send(300)
        try run.expectRightAfterRestore(backend)
    }

    /// A real disk that is full, or may not be written to, until it has room again, or may.
    @Test(arguments: [SnapshotError.Code.storageFull, .notPermitted])
    func aDiskCostsTheSnapshotOnly(code: SnapshotError.Code) throws {
        let directory = try TemporaryDirectory()
        var path = directory.path
        if code == .storageFull {
            guard let disk = directory.mountDisk(megabytes: 12) else { return }
            path = disk
        }
        defer { if code == .storageFull { umount2(path, 2) } }
        var options = RocksDBBackend.Options()
        options.fileRows = 16
        let backend = RocksDBBackend(directory: path, options: options)
        // All of the state fits into memory, so that no record needs the disk.
        let run = try StoreFaultJob(backend, memoryBudget: 16 << 20)
        run.send(1_000)
        _ = try run.snapshot().get()
        // The disk's files aren't found from outside.
        let database = directory.databases.first ?? path
        defer { if code == .notPermitted { directory.unlock(database) } }
        for round in 0..<3 {
            run.send(440)
            run.settle()
            run.clock.advance(by: .seconds(3))
            let filler = path + "/filler"
            if code == .storageFull { fill(filler) } else if !directory.lock(database) { return run.end() }
            guard case .failure(let error) = try run.snapshot() else {
                Issue.record("there was room, in round \(round)")
                break
            }
            #expect(error.code == code, "\(error)")
            try expectGoingOn(run, after: .seconds(3), "round \(round)", code)
            run.send(40)
            run.settle()
            try #require(run.job.failure == nil, "\(String(describing: run.job.failure))")
            if code == .storageFull {
                try FileManager.default.removeItem(atPath: filler)
            } else {
                directory.unlock(database)
            }
            run.send(20)
            #expect(throws: Never.self, "round \(round)") { try run.snapshot().get() }
        }
        try run.expectRightAfterRestore(backend)
    }

    /// Writes until there is no room left.
    private func fill(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        for size in [1 << 16, 4_096, 1] {
            while write(file, zeros, size) == size {}
        }
        close(file)
    }
}
