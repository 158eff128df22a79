/// Writes one snapshot; used by one thread at a time.
///
/// Files are written while rows come; the manifest comes last, in ``commit(finished:)``, and makes them a snapshot.
/// After an error, call ``abort()``: what was written goes, and the repository is as it was before.
public final class SnapshotWriter {
    /// Rows wait in memory to be written by key group; when there are more bytes than this, the fullest are written.
    static let bufferBudget = 32 << 20

    struct LayerKey: Hashable {
        var step: String
        var part: String
        var worker: Int
    }

    let repository: SnapshotRepository
    let base: SnapshotManifest?
    let compression: SnapshotCompression
    let attempt: Int
    private var lease: SnapshotLease?
    var draft: SnapshotManifest
    private var rowFiles: [LayerKey: RowFileWriter] = [:]
    private var isComplete: [LayerKey: Bool] = [:]
    private var fileCount = 0
    /// The files that this snapshot put.
    private var written: Set<String> = []
    /// The number of a file in the manifest, by its name.
    private var fileNumbers: [String: Int] = [:]
    /// The manifest's bytes, once it was tried to put them.
    private var manifestBytes: [UInt8]?
    private var isOpen = true

    init(
        _ header: SnapshotManifest, base: SnapshotManifest?, compression: SnapshotCompression, attempt: Int,
        in repository: SnapshotRepository, lease: SnapshotLease
    ) {
        draft = header
        draft.files = []
        draft.steps = []
        draft.stores = []
        draft.writtenBytes = 0
        self.base = base
        self.compression = compression
        self.attempt = attempt
        self.repository = repository
        self.lease = lease
    }

    /// Adds rows of a part on a worker.
    ///
    /// Called as often as there are rows to add; once with no rows when there are none.
    ///
    /// - Parameters:
    ///   - rows: the rows, in any order; of one key, the last counts.
    ///   - step: the step.
    ///   - part: the state's name.
    ///   - schema: what the state holds.
    ///   - worker: the worker whose rows they are.
    ///   - isComplete: whether these are all rows of the part on the worker; else they are changes since the base.
    ///     The same in all calls.
    /// - Throws: ``SnapshotError`` with code `incompatible` when there are changes and no base that has the state, or what
    ///   the storage throws.
    public func write(
        _ rows: StateRows, step: String, part: String, schema: StateSchema, worker: Int, isComplete: Bool
    ) throws {
        precondition(isOpen, "a snapshot is written before it is committed or aborted")
        let key = LayerKey(step: step, part: part, worker: worker)
        if let before = self.isComplete[key] {
            precondition(before == isComplete, "rows of a part are all complete or all changes")
        } else {
            try begin(key, schema, isComplete)
        }
        if rows.isEmpty { return }
        let file = try rowFiles[key] ?? makeFile(key, schema, isComplete)
        try file.append(rows)
        while rowFiles.values.reduce(0, { $0 + $1.buffered }) > Self.bufferBudget {
            try rowFiles.values.max { $0.buffered < $1.buffered }?.relieve()
        }
    }

    private func makeFile(_ key: LayerKey, _ schema: StateSchema, _ isComplete: Bool) throws -> RowFileWriter {
        let header = RowFileHeader(
            pipeline: draft.pipeline, snapshot: draft.id, step: key.step, part: key.part, worker: key.worker,
            distribution: schema.distribution, isComplete: isComplete, keyGroups: draft.keyGroups)
        let file = try RowFileWriter(
            header, object: newObject(".rows"), compression: compression, in: repository.storage)
        rowFiles[key] = file
        return file
    }

    private func begin(_ key: LayerKey, _ schema: StateSchema, _ isComplete: Bool) throws {
        var layers: [SnapshotManifest.Layer] = []
        if !isComplete {
            guard let base, let part = base.part(key.part, of: key.step),
                part.schema.distribution == schema.distribution
            else {
                throw SnapshotError.incompatible(
                    "the changes of state '\(key.part)' of step '\(key.step)' have no snapshot to add to; "
                        + "capture everything")
            }
            layers = part.layers.filter { $0.worker == key.worker }
            for index in layers.indices { layers[index].file = number(of: base.files[layers[index].file]) }
        }
        self.isComplete[key] = isComplete
        edit(key.step, key.part, schema) { $0.layers += layers }
    }

    /// States what is known of a step.
    ///
    /// - Parameters:
    ///   - step: the step.
    ///   - watermark: its watermark, the lowest of all workers'.
    ///   - captureNanoseconds: how long the workers together spent on fixing and encoding its state.
    public func setStep(_ step: String, watermark: Int64, captureNanoseconds: Int64 = 0) {
        let index = stepIndex(step)
        draft.steps[index].watermark = watermark
        draft.steps[index].captureNanoseconds = captureNanoseconds
    }

    /// States that the rows of a part are in the workers' stores.
    public func setStored(step: String, part: String, schema: StateSchema, rowCount: Int) {
        edit(step, part, schema) { part in
            part.isStored = true
            part.rowCount = rowCount
        }
    }

    /// Adds to where the sources were.
    public func addPositions(_ positions: [SnapshotManifest.Position]) { draft.positions += positions }

    /// Makes the snapshot be there: finishes all files, and puts the manifest.
    ///
    /// - Parameter finished: the time, in milliseconds since 1970.
    /// - Throws: ``SnapshotError`` with code `conflict` when another process has written a snapshot of the number, or
    ///   what the storage throws; call ``abort()`` then.
    public func commit(finished: Int64) throws -> SnapshotManifest {
        precondition(isOpen, "a snapshot is committed once, and not after it was aborted")
        for (key, writer) in rowFiles.sorted(by: { $0.value.object < $1.value.object }) {
            let file = try writer.finish()
            draft.writtenBytes += file.byteCount
            let layer = SnapshotManifest.Layer(
                file: number(of: file), worker: key.worker, rowCount: writer.rowCount, byteCount: writer.contentBytes)
            edit(key.step, key.part, nil) { $0.layers.append(layer) }
        }
        rowFiles = [:]
        for step in draft.steps.indices { draft.steps[step].parts.indices.forEach { total(step, $0) } }
        draft.finished = finished
        try checkShared()
        let bytes = try draft.encoded()
        manifestBytes = bytes
        let name = repository.paths.manifest(draft.id)
        guard try repository.storage.putIfAbsent(name, bytes) else {
            manifestBytes = nil
            throw SnapshotError.conflict(draft.id, draft.pipeline, name)
        }
        repository.note(draft.id)
        close(committed: true)
        return draft
    }

    /// Deletes what was written.
    ///
    /// What can't be deleted is left to ``SnapshotRepository/collectOrphans(before:)``.
    public func abort() {
        guard isOpen else { return }
        for file in rowFiles.values { file.abort() }
        rowFiles = [:]
        if !mayBeCommitted() {
            for object in written.sorted() { try? repository.storage.delete(object) }
        }
        close(committed: false)
    }

    /// Whether the manifest may be there, although putting it has failed.
    ///
    /// Its files must stay then.
    private func mayBeCommitted() -> Bool {
        guard let manifestBytes else { return false }
        let name = repository.paths.manifest(draft.id)
        do {
            guard try repository.storage.get(name, range: 0..<Int.max) == manifestBytes else { return false }
            try repository.storage.delete(name)
            return false
        } catch let error as SnapshotError { return error.code != .missingFile } catch { return true }
    }

    /// Gives the claim up.
    ///
    /// That of a snapshot stays for a while as a landmark (``SnapshotRepository/currentIDs()``); the one of so many
    /// numbers before goes in its place.
    private func close(committed: Bool) {
        isOpen = false
        if committed {
            repository.dropClaims(behind: draft.id)
        } else {
            try? repository.storage.delete(repository.paths.claim(draft.id, attempt: attempt))
        }
        lease = nil
    }

    /// Files that are shared must still be there: another process may have pruned them.
    private func checkShared() throws {
        let shared = draft.files.filter { !written.contains($0.object) }
        guard !shared.isEmpty else { return }
        var sizes: [String: Int] = [:]
        for object in try repository.storage.list(repository.paths.files) { sizes[object.name] = object.byteCount }
        for file in shared where sizes[file.object] != file.byteCount {
            throw SnapshotError.missing(file.object, in: repository.storage.description)
        }
    }

    private func total(_ step: Int, _ index: Int) {
        var part = draft.steps[step].parts[index]
        let sorted = part.layers.enumerated().sorted {
            ($0.element.worker, $0.offset) < ($1.element.worker, $1.offset)
        }
        part.layers = sorted.map(\.element)
        if !part.isStored { part.rowCount = part.layers.reduce(0) { $0 + $1.rowCount } }
        part.byteCount = part.layers.reduce(0) { $0 + $1.byteCount }
        draft.steps[step].parts[index] = part
    }

    private func stepIndex(_ name: String) -> Int {
        if let index = draft.steps.firstIndex(where: { $0.name == name }) { return index }
        draft.steps.append(SnapshotManifest.Step(name: name, watermark: .min, parts: []))
        return draft.steps.count - 1
    }

    private func edit(
        _ step: String, _ part: String, _ schema: StateSchema?, _ body: (inout SnapshotManifest.Part) -> Void
    ) {
        let index = stepIndex(step)
        if let place = draft.steps[index].parts.firstIndex(where: { $0.name == part }) {
            body(&draft.steps[index].parts[place])
        } else if let schema {
            var new = SnapshotManifest.Part(name: part, schema: schema)
            body(&new)
            draft.steps[index].parts.append(new)
        }
    }

    /// The name of a further file.
    func newObject(_ suffix: String) -> String {
        let object = repository.paths.files(draft.id, attempt: attempt) + String(fileCount) + suffix
        fileCount += 1
        written.insert(object)
        return object
    }

    /// The number of a file in the manifest, which gets it if it hasn't got it.
    func number(of file: SnapshotManifest.File) -> Int {
        if let number = fileNumbers[file.object] { return number }
        draft.files.append(file)
        fileNumbers[file.object] = draft.files.count - 1
        return draft.files.count - 1
    }
}
