/// A snapshot that can be read.
public struct StoredSnapshot: Sendable {
    /// What it holds.
    public let manifest: SnapshotManifest
    /// Where it is.
    public let storage: any SnapshotStorage

    /// Hands rows of a state to `body`, such that loading them one after the other gives the state.
    ///
    /// A later row of a key replaces an earlier one, and may say that the key was removed. Every block is checked before
    /// its rows are handed on.
    ///
    /// - Parameters:
    ///   - step: the step's name.
    ///   - part: the state's name. A state that the snapshot doesn't have has no rows.
    ///   - groups: the key groups wanted; nil for all. Rows that belong to no group are always handed on.
    ///   - worker: the worker whose rows are wanted; nil for all.
    public func read(
        step: String, part: String, groups: Range<Int>? = nil, worker: Int? = nil, _ body: (StateRows) throws -> Void
    ) throws {
        guard let part = manifest.steps.first(where: { $0.name == step })?.parts.first(where: { $0.name == part }) else {
            return
        }
        let workers = Set(part.layers.map(\.worker)).filter { worker == nil || $0 == worker }.sorted()
        for worker in workers {
            for layer in part.layers where layer.worker == worker {
                let file = manifest.files[layer.file]
                let reader = try RowFileReader(file, in: storage)
                guard reader.header.step == step, reader.header.part == part.name, reader.header.worker == worker,
                    reader.header.pipeline == manifest.pipeline, reader.index.rowCount == layer.rowCount
                else { throw SnapshotError.damaged(file.object, "it is not the file that the manifest means") }
                try reader.read(groups: groups, body)
            }
        }
    }

    /// What is wrong with the snapshot's files: each is read as a whole, and its size and checksum compared.
    public func verify() -> [SnapshotError] { manifest.files.compactMap { problem(of: $0) } }

    /// The first thing that is wrong with a file; nil when all are as they should be.
    func firstProblem() -> SnapshotError? {
        for file in manifest.files { if let problem = problem(of: file) { return problem } }
        return nil
    }

    private func problem(of file: SnapshotManifest.File) -> SnapshotError? {
        var checksum = CRC32C()
        var count = 0
        do {
            while count <= file.byteCount {
                let piece = try storage.get(file.object, range: count..<(count + (1 << 20)))
                if piece.isEmpty { break }
                piece.withUnsafeBytes { checksum.add($0) }
                count += piece.count
            }
        } catch {
            return error as? SnapshotError
                ?? SnapshotError(code: .storageFailed, file: file.object, message: "\(error)")
        }
        if count != file.byteCount {
            return .damaged(file.object, "it has \(count) bytes and should have \(file.byteCount)")
        }
        return checksum.value == file.checksum ? nil : .damaged(file.object, "its checksum is wrong")
    }

    /// The files of a worker's store, where they can be opened or linked.
    ///
    /// - Parameter scratch: a directory for those that the storage doesn't have as files.
    public func storeFiles(worker: Int, scratch: String) throws -> [StoreFile] {
        guard let store = manifest.stores.first(where: { $0.worker == worker }) else { return [] }
        return try store.members.map { member in
            let file = manifest.files[member.file]
            if let path = storage.localPath(of: file.object) {
                return StoreFile(name: member.name, path: path, isImmutable: member.isImmutable)
            }
            let copy = LocalSnapshotStorage(directory: scratch)
            let name = "\(worker)-\(member.file)"
            let writer = try copy.put(name)
            var done = 0
            while done < file.byteCount {
                let piece = try storage.get(file.object, range: done..<min(done + (1 << 20), file.byteCount))
                guard !piece.isEmpty else { throw SnapshotError.damaged(file.object, "it ends too early") }
                try piece.withUnsafeBytes { try writer.write($0) }
                done += piece.count
            }
            try writer.commit()
            return StoreFile(name: member.name, path: "\(scratch)/\(name)", isImmutable: member.isImmutable)
        }
    }
}
