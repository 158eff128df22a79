/// A snapshot that can be read.
public struct StoredSnapshot: Sendable {
    /// What it holds.
    public let manifest: SnapshotManifest
    /// Where its files are.
    public let storage: any SnapshotStorage
    private let lease: SnapshotLease

    init(manifest: SnapshotManifest, storage: any SnapshotStorage, lease: SnapshotLease) {
        self.manifest = manifest
        self.storage = storage
        self.lease = lease
    }

    /// Hands the rows of a state to `body`, some at a time; loaded one after the other they give the state.
    ///
    /// Rows that change or remove earlier ones come after them. Rows of a part that isn't keyed come in the order of
    /// workers and, of each, in the order in which they were written.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - part: the state's name.
    ///   - groups: only rows of these key groups; nil: all. Parts that aren't keyed have no groups and give all rows.
    ///   - worker: only rows that this worker wrote; nil: all.
    /// - Throws: ``SnapshotError`` with code `damaged` that names the file, before any row of the bad block is handed
    ///   out; `noSnapshot` when there is no such state; what the storage and `body` throw.
    public func read(
        step: String, part: String, groups: Range<Int>? = nil, worker: Int? = nil, _ body: (StateRows) throws -> Void
    ) throws {
        guard manifest.part(part, of: step) != nil else {
            throw SnapshotError(
                code: .noSnapshot,
                message: "snapshot \(manifest.id) has no state '\(part)' of step '\(step)'; see its list of states")
        }
        for placed in layers where placed.step == step && placed.part.name == part {
            if let worker, placed.layer.worker != worker { continue }
            try reader(placed).read(groups: groups) { rows, _ in try body(rows) }
        }
    }

    /// Checks everything: that each file is there, its size, its checksum, and each block of rows.
    ///
    /// - Returns: what is wrong; nothing when all is well.
    public func verify() -> [SnapshotError] {
        var errors: [SnapshotError] = []
        var bad: Set<String> = []
        for file in manifest.files {
            Self.noting(file.object, &errors, &bad) { try check(file) }
        }
        let groups = KeyGroups(count: manifest.keyGroups)
        for placed in layers where !bad.contains(placed.file.object) {
            let name = placed.file.object
            Self.noting(name, &errors, &bad) {
                try reader(placed).read(groups: nil) { rows, entry in
                    for row in rows.rows where placed.part.schema.distribution == .keyed {
                        guard entry.group == UInt32(groups.group(ofHash: row.hash)) else {
                            throw SnapshotError.damaged(name, "a row lies in a group that isn't its key's")
                        }
                    }
                }
            }
        }
        return errors
    }

    /// The files of a worker's store, as files that may be linked or copied, but not changed.
    ///
    /// - Parameters:
    ///   - worker: the worker.
    ///   - scratch: a directory for those that the storage doesn't have as files; the caller removes it.
    /// - Returns: the files; nil when the worker has no store in the snapshot.
    public func storeFiles(worker: Int, scratch: String) throws -> [StoreFile]? {
        guard let store = manifest.stores.first(where: { $0.worker == worker }) else { return nil }
        return try store.members.enumerated().map { number, member in
            let file = manifest.files[member.file]
            if let path = storage.localPath(of: file.object) {
                return StoreFile(name: member.name, path: path, isImmutable: member.isImmutable)
            }
            try LocalFile.makeDirectory(scratch, for: file.object)
            let path = "\(scratch)/\(worker)-\(number)"
            try LocalFile.create(path, for: file.object) { write in try check(file, write) }
            return StoreFile(name: member.name, path: path, isImmutable: member.isImmutable)
        }
    }

    private static func noting(
        _ file: String, _ errors: inout [SnapshotError], _ bad: inout Set<String>, _ body: () throws -> Void
    ) {
        do { try body() } catch {
            errors.append(
                error as? SnapshotError ?? SnapshotError(code: .storageFailed, file: file, message: "\(error)"))
            bad.insert(file)
        }
    }

    /// Reads a whole file and compares size and checksum with the manifest.
    func check(_ file: SnapshotManifest.File, _ body: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws {
        var checksum = CRC32C()
        var offset = 0
        while true {
            // One byte beyond the end is asked for, so that a file that is too long shows.
            let wanted = min(1 << 20, file.byteCount + 1 - offset)
            let bytes = try storage.get(file.object, range: offset..<(offset + wanted))
            try bytes.withUnsafeBytes {
                checksum.add($0)
                try body($0)
            }
            offset += bytes.count
            if bytes.count < wanted || offset > file.byteCount { break }
        }
        guard offset == file.byteCount else {
            let size = offset > file.byteCount ? "more than \(file.byteCount)" : "\(offset)"
            throw SnapshotError.damaged(
                file.object, "it has \(size) bytes and its manifest says \(file.byteCount)")
        }
        guard checksum.value == file.checksum else {
            throw SnapshotError.damaged(file.object, "its checksum is not the one that its manifest says")
        }
    }

    /// A layer with all that is known of it.
    struct PlacedLayer {
        var step: String
        var part: SnapshotManifest.Part
        var layer: SnapshotManifest.Layer
        var file: SnapshotManifest.File
    }

    /// All layers: of a part, by worker, and of a worker, each after those that it changes.
    var layers: [PlacedLayer] {
        manifest.steps.flatMap { step in
            step.parts.flatMap { part in
                part.layers.enumerated().sorted { ($0.element.worker, $0.offset) < ($1.element.worker, $1.offset) }.map
                {
                    PlacedLayer(step: step.name, part: part, layer: $0.element, file: manifest.files[$0.element.file])
                }
            }
        }
    }

    /// Opens a layer's file, which must be the one that the manifest means.
    func reader(_ placed: PlacedLayer) throws -> RowFileReader {
        let reader = try RowFileReader(placed.file, in: storage)
        let header = reader.header
        guard header.pipeline == manifest.pipeline, header.step == placed.step, header.part == placed.part.name,
            header.worker == placed.layer.worker, header.keyGroups == manifest.keyGroups,
            header.distribution == placed.part.schema.distribution, reader.index.rowCount == placed.layer.rowCount
        else {
            throw SnapshotError.damaged(
                placed.file.object, "it holds other rows than those of '\(placed.part.name)' of '\(placed.step)'")
        }
        return reader
    }
}
