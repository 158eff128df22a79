extension SnapshotWriter {
    /// Adds the files of a worker's store.
    ///
    /// An immutable file that the base has under the same name for the same worker, with the same size and the same last
    /// bytes, is shared; the others are put, by a link where the storage can.
    ///
    /// - Parameters:
    ///   - backend: the backend's name.
    ///   - worker: the worker.
    ///   - groups: its key groups.
    ///   - files: the files, which don't change any more.
    ///   - rowCounts: the rows of each state, by ``StateEnvironment/id(step:part:)``.
    public func addStore(
        backend: String, worker: Int, groups: Range<Int>, files: [StoreFile], rowCounts: [String: Int]
    ) throws {
        precondition(draft.kind == .snapshot, "a savepoint holds rows, not files of stores")
        let before = base?.stores.first { $0.worker == worker && $0.backend == backend && $0.groups == groups }
        var members: [SnapshotManifest.Store.Member] = []
        for file in files {
            let old = before?.members.first { $0.name == file.name && $0.isImmutable && file.isImmutable }
            let number: Int
            if let base, let old, try isSame(file, base.files[old.file]) {
                number = self.number(of: base.files[old.file])
            } else {
                let put = try put(file)
                draft.writtenBytes += put.byteCount
                number = self.number(of: put)
            }
            members.append(
                SnapshotManifest.Store.Member(name: file.name, file: number, isImmutable: file.isImmutable))
        }
        draft.stores.append(
            SnapshotManifest.Store(
                backend: backend, worker: worker, groups: groups, members: members, rowCounts: rowCounts))
    }

    private func put(_ file: StoreFile) throws -> SnapshotManifest.File {
        let object = newObject(".store")
        var checksum = CRC32C()
        let count = try LocalFile.read(file.path, for: object) { checksum.add($0) }
        try repository.storage.put(object, file: file.path)
        return SnapshotManifest.File(object: object, byteCount: count, checksum: checksum.value)
    }

    /// Whether a file is the one that the base has: a store that was filled anew may use a name again.
    private func isSame(_ file: StoreFile, _ old: SnapshotManifest.File) throws -> Bool {
        guard let status = try LocalFile.status(file.path, for: file.name), status.byteCount == old.byteCount else {
            return false
        }
        if let path = repository.storage.localPath(of: old.object),
            let other = try LocalFile.status(path, for: old.object), other.identity == status.identity
        {
            return true
        }
        // Where sorted tables have their properties, a number of the session that wrote them among these.
        let tail = max(0, old.byteCount - 4096)..<old.byteCount
        return try LocalFile.bytes(of: file.path, tail, for: file.name)
            == repository.storage.get(old.object, range: tail)
    }
}
