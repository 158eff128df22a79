/// A stored snapshot as the inspector reads it.
public struct StoredContents: SnapshotContents {
    private let snapshot: StoredSnapshot
    private let scratch: String

    /// The contents of a snapshot.
    ///
    /// - Parameter scratch: a directory for store files that the storage doesn't have as files; the caller removes it.
    public init(_ snapshot: StoredSnapshot, scratch: String) {
        self.snapshot = snapshot
        self.scratch = scratch
    }

    /// What the snapshot holds.
    public var manifest: SnapshotManifest { snapshot.manifest }

    /// Reads rows, each block checked.
    public func rows(step: String, part: String, groups: Range<Int>?, _ body: (StateRows) throws -> Void) throws {
        try snapshot.read(step: step, part: part, groups: groups, worker: nil, body)
    }

    /// The files of a worker's store.
    public func files(of store: SnapshotManifest.Store) throws -> [StoreFile] {
        try snapshot.storeFiles(worker: store.worker, scratch: scratch) ?? []
    }
}
