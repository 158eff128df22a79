/// Writes one snapshot. Used by one thread at a time.
///
/// Nothing that it writes is a snapshot before ``commit(finished:)``.
public final class SnapshotWriter {
    private struct Key: Hashable {
        let step: String
        let part: String
        let worker: Int
    }

    private struct PartKey: Hashable {
        let step: String
        let part: String
    }

    /// The bytes of rows that wait in memory until a block is full, at most.
    private static let bufferLimit = 64 << 20

    private var manifest: SnapshotManifest
    private let base: SnapshotManifest?
    private let compression: SnapshotCompression
    private let repository: SnapshotRepository
    private var known: Set<Key> = []
    private var open: [Key: RowFileWriter] = [:]
    private var order: [Key] = []
    private var carried: [Key: [SnapshotManifest.Layer]] = [:]
    private var schemas: [PartKey: StateSchema] = [:]
    private var fileNumbers: [String: Int] = [:]
    private var written: [String] = []
    private var isDone = false

    init(
        _ header: SnapshotManifest, base: SnapshotManifest?, compression: SnapshotCompression,
        repository: SnapshotRepository
    ) {
        manifest = header
        self.base = base
        self.compression = compression
        self.repository = repository
    }

    deinit { abort() }

    /// Adds rows of a part on one worker.
    ///
    /// - Parameters:
    ///   - rows: rows; may be empty, which also says that the part is there.
    ///   - isComplete: whether all rows written for the part on this worker are all that it holds; else they are changes of
    ///     what the base has, whose files stay.
    public func write(
        _ rows: StateRows, step: String, part: String, schema: StateSchema, worker: Int, isComplete: Bool
    ) throws {
        let key = Key(step: step, part: part, worker: worker)
        schemas[PartKey(step: step, part: part)] = schema
        if known.insert(key).inserted {
            order.append(key)
            if !isComplete { carry(key) }
        }
        guard !rows.isEmpty else { return }
        let file = try open[key] ?? makeFile(key, schema, isComplete: isComplete)
        try file.append(rows)
        guard open.values.reduce(0, { $0 + $1.buffered }) > Self.bufferLimit else { return }
        for file in open.values { try file.relieve() }
    }

    private func carry(_ key: Key) {
        guard let base else { return }
        carried[key] = base.layers(step: key.step, part: key.part, worker: key.worker).map { layer in
            var layer = layer
            layer.file = number(of: base.files[layer.file])
            return layer
        }
    }

    private func makeFile(_ key: Key, _ schema: StateSchema, isComplete: Bool) throws -> RowFileWriter {
        let name = repository.dataName(manifest.id, "rows-\(key.worker)-\(order.firstIndex(of: key) ?? 0)")
        let header = RowFileHeader(
            pipeline: manifest.pipeline, snapshot: manifest.id, step: key.step, part: key.part, worker: key.worker,
            distribution: schema.distribution, isComplete: isComplete, keyGroups: manifest.keyGroups)
        let file = try RowFileWriter(header, object: name, compression: compression, in: repository.storage)
        open[key] = file
        written.append(name)
        return file
    }

    private func number(of file: SnapshotManifest.File) -> Int {
        if let known = fileNumbers[file.object] { return known }
        manifest.files.append(file)
        fileNumbers[file.object] = manifest.files.count - 1
        return manifest.files.count - 1
    }

    /// Adds a worker's store, in its own format; files that the base has already are not written again.
    public func addStore(
        backend: String, worker: Int, groups: Range<Int>, files: [StoreFile], rowCounts: [String: Int]
    ) throws {
        let before = base?.stores.first { $0.worker == worker && $0.backend == backend }
        var members: [SnapshotManifest.Store.Member] = []
        for file in files {
            if file.isImmutable, let base, let same = before?.members.first(where: { $0.isImmutable && $0.name == file.name }) {
                members.append(.init(name: file.name, file: number(of: base.files[same.file]), isImmutable: true))
                continue
            }
            let object = repository.dataName(manifest.id, "store-\(worker)-\(SnapshotRepository.escaped(file.name))")
            var checksum = CRC32C()
            let count = try LocalFile.read(file.path, for: object) { checksum.add($0) }
            written.append(object)
            try repository.storage.put(object, file: file.path)
            manifest.writtenBytes += count
            let put = SnapshotManifest.File(object: object, byteCount: count, checksum: checksum.value)
            members.append(.init(name: file.name, file: number(of: put), isImmutable: file.isImmutable))
        }
        manifest.stores.append(
            SnapshotManifest.Store(
                backend: backend, worker: worker, groups: groups, members: members, rowCounts: rowCounts))
    }

    /// Says what is known of the steps beside their rows: watermarks, capture times, states that lie in stores.
    ///
    /// Parts' layers and sizes are filled in by ``commit(finished:)``.
    public func setSteps(_ steps: [SnapshotManifest.Step], positions: [SnapshotManifest.Position]) {
        manifest.steps = steps
        manifest.positions = positions
    }

    /// Makes the snapshot durable: all files, and then the manifest.
    ///
    /// - Parameter finished: the time, in milliseconds since 1970.
    /// - Throws: ``SnapshotError``, with code `conflict` when there is a snapshot of that number already. The snapshot isn't
    ///   there then; ``abort()`` removes its files.
    public func commit(finished: Int64) throws -> SnapshotManifest {
        var layers: [Key: [SnapshotManifest.Layer]] = carried
        for key in order {
            guard let file = open[key] else { continue }
            let finished = try file.finish()
            open[key] = nil
            manifest.writtenBytes += finished.byteCount
            layers[key, default: []].append(
                SnapshotManifest.Layer(
                    file: number(of: finished), worker: key.worker, rowCount: file.rowCount,
                    byteCount: file.contentBytes))
        }
        for key in order { fill(key, layers[key] ?? []) }
        for step in manifest.steps.indices {
            for part in manifest.steps[step].parts.indices where manifest.steps[step].parts[part].isStored {
                let id = StateEnvironment.id(
                    step: manifest.steps[step].name, part: manifest.steps[step].parts[part].name)
                manifest.steps[step].parts[part].rowCount = manifest.stores.reduce(0) { $0 + ($1.rowCounts[id] ?? 0) }
            }
        }
        manifest.finished = finished
        var body = StateEncoder()
        try CodableCodec.encode(manifest, into: &body)
        let name = repository.manifestName(manifest.id)
        let bytes = Envelope.wrap(
            body.bytes, magic: SnapshotRepository.manifestMagic, version: SnapshotRepository.manifestVersion)
        guard try repository.storage.putIfAbsent(name, bytes) else {
            throw SnapshotError.conflict(manifest.id, manifest.pipeline, name)
        }
        isDone = true
        return manifest
    }

    private func fill(_ key: Key, _ layers: [SnapshotManifest.Layer]) {
        let step: Int
        if let known = manifest.steps.firstIndex(where: { $0.name == key.step }) { step = known } else {
            manifest.steps.append(SnapshotManifest.Step(name: key.step, watermark: .min, parts: []))
            step = manifest.steps.count - 1
        }
        let part: Int
        if let known = manifest.steps[step].parts.firstIndex(where: { $0.name == key.part }) { part = known } else {
            guard let schema = schemas[PartKey(step: key.step, part: key.part)] else { return }
            manifest.steps[step].parts.append(SnapshotManifest.Part(name: key.part, schema: schema))
            part = manifest.steps[step].parts.count - 1
        }
        manifest.steps[step].parts[part].layers += layers
        manifest.steps[step].parts[part].rowCount += layers.reduce(0) { $0 + $1.rowCount }
        manifest.steps[step].parts[part].byteCount += layers.reduce(0) { $0 + $1.byteCount }
    }

    /// Gives up and removes what was written, as far as the storage lets it.
    public func abort() {
        guard !isDone else { return }
        isDone = true
        for file in open.values { file.abort() }
        open = [:]
        // What can't be deleted now is an orphan, which the next start collects.
        for name in written { try? repository.storage.delete(name) }
    }
}

extension SnapshotManifest {
    /// More layers than this are not put on top of each other: each is a file to open when state is loaded.
    private static let mostLayers = 8

    /// The layers of a part that a worker wrote, in order.
    public func layers(step: String, part: String, worker: Int) -> [Layer] {
        guard let part = steps.first(where: { $0.name == step })?.parts.first(where: { $0.name == part }) else {
            return []
        }
        return part.layers.filter { $0.worker == worker }
    }

    /// Whether the next snapshot of a part should be complete: there is none to build on, or its changes have become so
    /// many, or so much (more than half of the first layer), that reading them costs more than writing everything again.
    public func wantsEverything(step: String, part: String, worker: Int) -> Bool {
        guard let known = steps.first(where: { $0.name == step })?.parts.first(where: { $0.name == part }) else {
            return true
        }
        if known.isStored { return false }
        let layers = known.layers.filter { $0.worker == worker }
        guard let first = layers.first else { return false }
        return layers.count >= Self.mostLayers || layers.dropFirst().reduce(0) { $0 + $1.byteCount } > first.byteCount / 2
    }
}
