public import ServiceLifecycle
public import StateBackend
public import StreamCore
internal import Synchronization

/// A job as a service: it is stopped, not killed, when its process is asked to shut down.
///
/// ```swift
/// let job = try pipeline.start(options)
/// let group = ServiceGroup(
///     services: [JobService(job)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
/// try await group.run()
/// ```
///
/// On a graceful shutdown sources read no further, the last snapshot is taken and what transactional sinks hold is
/// committed, as ``StreamCore/Job/stop(drain:savepoint:)`` does. When that fails the job is cancelled, and ``run()`` throws
/// why: what was not committed is repeated by the next start. Cancelling the service cancels the job.
public struct JobService: Service {
    /// The job.
    public let job: Job
    /// Whether event time is brought to its end before the job stops, so that open windows fire.
    public let drains: Bool
    /// Where a savepoint is written before the job stops; nil for none.
    public let savepoint: (any SnapshotStorage)?

    /// A service that runs until the job, which was started already, ends.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - drains: whether open windows and timers fire at a shutdown: for a job that is not to go on. The default is false.
    ///   - savepoint: where a savepoint is to be written at a shutdown. The default is none.
    public init(_ job: Job, drains: Bool = false, savepoint: (any SnapshotStorage)? = nil) {
        self.job = job
        self.drains = drains
        self.savepoint = savepoint
    }

    /// Waits for the job's end, and stops it when the service is asked to shut down.
    ///
    /// - Throws: ``StreamCore/JobError`` when the job fails; what ``StreamCore/Job/stop(drain:savepoint:)`` throws when it
    ///   couldn't be stopped in good order; `CancellationError` when the service was cancelled.
    public func run() async throws {
        let failure = StopFailure()
        do {
            try await withTaskCancellationHandler {
                try await withGracefulShutdownHandler {
                    _ = try await job.wait()
                } onGracefulShutdown: {
                    Task { await stop(failure) }
                }
            } onCancel: {
                job.cancel()
            }
        } catch let error as CancellationError {
            throw failure.error ?? error
        }
    }

    private func stop(_ failure: StopFailure) async {
        do { try await job.stop(drain: drains, savepoint: savepoint) } catch {
            guard !job.isFinished else { return }
            failure.note(error)
            job.cancel()
        }
    }
}

/// Why a job couldn't be stopped.
private final class StopFailure: Sendable {
    private let noted = Mutex<(any Error)?>(nil)

    var error: (any Error)? { noted.withLock { $0 } }

    func note(_ error: any Error) { noted.withLock { $0 = error } }
}
