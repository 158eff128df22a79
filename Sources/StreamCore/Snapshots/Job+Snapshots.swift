public import StateBackend

extension Job {
    /// How the job's snapshots are going: the last one, its age, failures.
    public var snapshotStatus: SnapshotStatus { coordinator.status }

    /// Takes a snapshot now, beside those that are taken at intervals, while the job goes on.
    ///
    /// - Returns: what it came to, once it is durable.
    /// - Throws: ``SnapshotError``; the job goes on all the same.
    @discardableResult
    public func takeSnapshot() async throws -> SnapshotReport {
        try await withCheckedContinuation { continuation in
            coordinator.request(.snapshot) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Takes a savepoint now, while the job goes on: a self-contained snapshot in the canonical form, which every
    /// backend and every parallelism can begin with and which Weir never deletes.
    ///
    /// - Parameter storage: where to; nil for the job's own storage.
    /// - Throws: ``SnapshotError``; the job goes on all the same.
    @discardableResult
    public func takeSavepoint(to storage: (any SnapshotStorage)? = nil) async throws -> SnapshotReport {
        try await withCheckedContinuation { continuation in
            coordinator.request(.savepoint, to: storage) { continuation.resume(returning: $0) }
        }.get()
    }

    /// As ``takeSnapshot()`` and ``takeSavepoint(to:)``, for callers that drive the workers themselves.
    package func requestSnapshot(
        _ kind: SnapshotManifest.Kind, to storage: (any SnapshotStorage)? = nil,
        _ completion: @escaping @Sendable (Result<SnapshotReport, SnapshotError>) -> Void
    ) {
        coordinator.request(kind, to: storage, completion)
    }
}
