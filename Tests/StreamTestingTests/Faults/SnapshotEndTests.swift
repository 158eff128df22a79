import Foundation
import RocksDBBackend
import StreamTesting
import Synchronization
import Testing
import Weir

/// Snapshots that are asked for in the moment in which the job ends.
@Suite struct SnapshotEndTests {
    /// Does its work when the test says so.
    final class QueuedExecutor: SnapshotExecutor {
        private let work = Mutex<[@Sendable () -> Void]>([])

        func submit(_ piece: @escaping @Sendable () -> Void) { work.withLock { $0.append(piece) } }

        func finish() {}

        /// Does the next piece; whether there was one.
        func runOne() -> Bool {
            let piece = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            piece?()
            return piece != nil
        }
    }

    /// - Parameters:
    ///   - pieces: of the executor's work that are done before the end.
    ///   - steps: of the workers between request and end.
    private func run(
        _ kind: SnapshotManifest.Kind, _ backend: any StateBackend, cancels: Bool, pieces: Int, steps: Int
    ) throws -> Result<SnapshotReport, SnapshotError>? {
        let executor = QueuedExecutor()
        let run = try FaultRun(backend: backend, executor: executor)
        try run.advance()
        let answers = Mutex<[Result<SnapshotReport, SnapshotError>]>([])
        let early = run.job
        early.requestSnapshot(kind) { answer in answers.withLock { $0.append(answer) } }
        for _ in 0..<pieces {
            _ = executor.runOne()
            for _ in 0..<steps { _ = run.scheduler.step() }
        }
        if cancels { early.cancel() } else { run.input.end() }
        repeat { run.scheduler.settle() } while executor.runOne()
        if !cancels, let failure = early.failure { throw failure }
        let all = answers.withLock { $0 }
        #expect(all.count == 1)

        let late = Mutex<[Result<SnapshotReport, SnapshotError>]>([])
        early.requestSnapshot(kind) { answer in late.withLock { $0.append(answer) } }
        repeat { run.scheduler.settle() } while executor.runOne()
        let last = late.withLock { $0 }
        #expect(last.count == 1)
        if case .failure(let error)? = last.first {
            #expect(error.code == .noSnapshot)
        } else {
            Issue.record("a snapshot of a job that has ended")
        }
        if case .success? = all.first {
            // What was promised is there; sources that had ended stay ended.
            let lines = try run.linesAfterRestore()
            let note: Comment = "\(kind), \(backend.name), cancels \(cancels), \(pieces) pieces, \(steps) steps"
            #expect(lines == FaultRun.expected(run.count + 1) || !cancels && lines.isEmpty, note)
        }
        return all.first
    }

    @Test(arguments: ["memory", "reference", "rocksdb"], [SnapshotManifest.Kind.snapshot, .savepoint])
    func eachIsAnsweredOnce(_ backend: String, kind: SnapshotManifest.Kind) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("ends-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let backend: any StateBackend =
            switch backend {
            case "memory": MemoryBackend()
            case "reference": ReferenceBackend(directory: directory.path)
            default: RocksDBBackend(directory: directory.path)
            }
        var (taken, refused) = (0, 0)
        for cancels in [false, true] {
            for pieces in 0..<10 {
                for steps in [0, 1, 3, 9] {
                    switch try run(kind, backend, cancels: cancels, pieces: pieces, steps: steps) {
                    case .success?: taken += 1
                    case .failure(let error)?:
                        refused += 1
                        #expect(error.code == .noSnapshot, "\(error), \(cancels), \(pieces) pieces, \(steps) steps")
                    case nil: Issue.record("\(cancels), \(pieces) pieces, \(steps) steps")
                    }
                }
            }
        }
        #expect(taken > 10 && refused > 10)
    }
}
