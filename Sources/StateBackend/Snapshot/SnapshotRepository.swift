internal import Synchronization

/// The snapshots of one pipeline in a storage.
///
/// A snapshot is there when its manifest is; the manifest is put last, and deleted first. Which files are still needed
/// follows from the manifests that name them: there is no count that could get out of step with them.
///
/// A process has one repository per pipeline, and a pipeline is run by one process at a time: what this process reads
/// and writes is safe from ``prune(keep:olderThan:now:)`` and ``collectOrphans(before:)``, which know of no other.
public final class SnapshotRepository: Sendable {
    /// Where the snapshots are.
    public let storage: any SnapshotStorage
    /// The pipeline's name.
    public let pipeline: String
    let paths: SnapshotPaths
    let use = SnapshotUse()
    /// The snapshots that this process has put or read, which a storage's list may not have yet.
    private let known = Mutex<Set<Int>>([])
    /// The names of writers' claims that there may be, by number.
    private let claims = Mutex<[Int: Set<String>]>([:])

    /// The snapshots of the given pipeline.
    public init(_ storage: any SnapshotStorage, pipeline: String) {
        self.storage = storage
        self.pipeline = pipeline
        paths = SnapshotPaths(pipeline: pipeline)
    }

    /// The pipelines that have snapshots in a storage, sorted.
    public static func pipelines(in storage: any SnapshotStorage) throws -> [String] {
        Set(try storage.list("").compactMap { SnapshotPaths.pipeline(ofManifest: $0.name) }).sorted()
    }

    /// The numbers of the snapshots that there are, rising; readable or not.
    public func ids() throws -> [Int] { try ids(listed: storage.list(paths.snapshots)) }

    private func ids(listed objects: [SnapshotObject]) throws -> [Int] {
        var ids = Set(objects.compactMap { paths.id(ofManifest: $0.name) })
        for id in known.withLock({ $0 }) where !ids.contains(id) {
            // Not listed yet, or deleted by another process.
            if try isThere(id) { ids.insert(id) } else { forget(id) }
        }
        return ids.sorted()
    }

    private func isThere(_ id: Int) throws -> Bool {
        do {
            _ = try storage.get(paths.manifest(id), range: 0..<1)
            return true
        } catch let error as SnapshotError where error.code == .missingFile { return false }
    }

    /// As ``ids()``, with those that another process has put of late and the storage doesn't list yet.
    ///
    /// To begin with an older snapshot than the newest, or to delete its files, would be fatal. Numbers are given one
    /// after the other, but for those of snapshots that failed; so a few more than the list shows are asked for by name.
    /// Where the list shows no snapshot, the claims of the last ones' writers tell how far the numbers are.
    package func currentIDs() throws -> [Int] {
        let objects = try storage.list(paths.snapshots)
        let claimed = objects.compactMap { object in
            paths.writer(ofClaim: object.name).map { writer in
                noteClaim(object.name, writer.id)
                return writer.id
            }
        }
        let listed = try ids(listed: objects)
        for id in listed { note(id) }
        let (last, highest) = (listed.last ?? 0, claimed.max() ?? 0)
        // Any of those in between may be there, and not its claim.
        for id in stride(from: max(last, highest - 64) + 1, through: highest, by: 1) where try isThere(id) { note(id) }
        var id = max(last, highest)
        var misses = 0
        while misses < Self.claimsKept {
            id += 1
            if try isThere(id) {
                note(id)
                misses = 0
            } else {
                misses += 1
            }
        }
        return known.withLock { $0.sorted() }
    }

    /// The numbers, up to the newest snapshot's, whose writers' claims are kept.
    static let claimsKept = 8

    /// There may be a claim of this name.
    func noteClaim(_ name: String, _ id: Int) { claims.withLock { _ = $0[id, default: []].insert(name) } }

    /// Deletes the claims that a new snapshot makes needless as landmarks.
    func dropClaims(behind id: Int) {
        let old = claims.withLock { claims in claims.filter { $0.key <= id - Self.claimsKept } }
        for (id, names) in old.sorted(by: { $0.key < $1.key }) {
            for name in names.sorted() where !paths.isInUse(claim: name, use.prefixes) {
                // What can't be deleted now is tried again with the next snapshot.
                guard (try? storage.delete(name)) != nil else { return }
            }
            claims.withLock { claims in claims[id] = names.filter { paths.isInUse(claim: $0, use.prefixes) } }
        }
    }

    /// The snapshot is there.
    func note(_ id: Int) { known.withLock { _ = $0.insert(id) } }

    /// The snapshot has gone.
    func forget(_ id: Int) { known.withLock { _ = $0.remove(id) } }

    /// The manifest of a snapshot.
    ///
    /// - Throws: ``SnapshotError`` with code `noSnapshot`, `damaged`, `newerFormat`, `foreignPipeline`, or what the
    ///   storage throws.
    public func manifest(_ id: Int) throws -> SnapshotManifest {
        let name = paths.manifest(id)
        let bytes: [UInt8]
        do { bytes = try storage.get(name, range: 0..<Int.max) } catch let error as SnapshotError
            where error.code == .missingFile
        {
            throw SnapshotError(
                code: .noSnapshot, file: name,
                message: "pipeline '\(pipeline)' has no snapshot \(id) in \(storage.description); "
                    + "those that there are: \(try ids())")
        }
        let manifest = try SnapshotManifest(decoding: bytes, file: name)
        guard manifest.pipeline == pipeline else {
            throw SnapshotError(
                code: .foreignPipeline, file: name,
                message: "the snapshot is of pipeline '\(manifest.pipeline)', not of '\(pipeline)'; "
                    + "give the pipeline its name, or another directory")
        }
        guard manifest.id == id else {
            throw SnapshotError.damaged(name, "the manifest is that of snapshot \(manifest.id)")
        }
        return manifest
    }

    /// The manifest of the newest snapshot, savepoints included; nil when there is none.
    ///
    /// - Parameters:
    ///   - skippingDamaged: whether to go on to the one before when a manifest is damaged or gone. One of a newer format
    ///     or another pipeline is never skipped.
    ///   - report: is given the error of each that was skipped.
    /// - Throws: as ``manifest(_:)``.
    public func latest(
        skippingDamaged: Bool = false, _ report: (SnapshotError) -> Void = { _ in }
    ) throws -> SnapshotManifest? {
        try newest(skippingDamaged, report) { try manifest($0) }
    }

    /// As ``latest(skippingDamaged:_:)``, with all files checked as ``open(_:)`` does.
    public func openLatest(
        skippingDamaged: Bool = false, _ report: (SnapshotError) -> Void = { _ in }
    ) throws -> StoredSnapshot? {
        try newest(skippingDamaged, report) { try open($0) }
    }

    private func newest<Found>(
        _ skippingDamaged: Bool, _ report: (SnapshotError) -> Void, _ body: (Int) throws -> Found
    ) throws -> Found? {
        for id in try currentIDs().reversed() {
            do { return try body(id) } catch let error as SnapshotError {
                guard skippingDamaged, [.damaged, .missingFile, .noSnapshot].contains(error.code) else { throw error }
                report(error)
            }
        }
        return nil
    }

    /// Opens a snapshot to be read: all its files are there, have their sizes and their checksums.
    ///
    /// Its files stay as long as the result or a copy of it lives, whatever is pruned.
    ///
    /// - Throws: as ``manifest(_:)``; ``SnapshotError`` with code `missingFile` or `damaged` that names the file.
    public func open(_ id: Int) throws -> StoredSnapshot {
        let manifest = try manifest(id)
        let lease = use.hold(manifest.files)
        let snapshot = StoredSnapshot(manifest: manifest, storage: storage, lease: lease)
        for file in manifest.files { try snapshot.check(file) }
        for placed in snapshot.layers { _ = try snapshot.reader(placed) }
        return snapshot
    }

    /// As ``open(_:)`` without reading all files: for a look at few rows, whose blocks are checked when they are read.
    public func openUnchecked(_ id: Int) throws -> StoredSnapshot {
        let manifest = try manifest(id)
        return StoredSnapshot(manifest: manifest, storage: storage, lease: use.hold(manifest.files))
    }

    /// Begins a snapshot.
    ///
    /// - Parameters:
    ///   - header: its manifest, without files and steps. Its number must be higher than those that there are.
    ///   - base: the snapshot whose files it may share; nil for none. A savepoint has none. One of another parallelism
    ///     or number of key groups shares nothing.
    ///   - compression: how rows are compressed.
    /// - Throws: ``SnapshotError`` with code `conflict` when there is a snapshot of that number or a higher one, or what
    ///   the storage throws.
    public func begin(
        _ header: SnapshotManifest, base: SnapshotManifest?, compression: SnapshotCompression = .lz4
    ) throws -> SnapshotWriter {
        precondition(header.pipeline == pipeline, "a snapshot is of the repository's pipeline")
        precondition(header.id >= 0, "a snapshot's number is not negative")
        precondition(header.kind == .snapshot || base == nil, "a savepoint shares no files")
        var base = base
        if base?.parallelism != header.parallelism || base?.keyGroups != header.keyGroups { base = nil }
        var attempt = 0
        noteClaim(paths.claim(header.id, attempt: attempt), header.id)
        while !(try storage.putIfAbsent(paths.claim(header.id, attempt: attempt), Array(pipeline.utf8))) {
            attempt += 1
            noteClaim(paths.claim(header.id, attempt: attempt), header.id)
        }
        let lease = use.hold(base?.files ?? [], prefix: paths.files(header.id, attempt: attempt))
        // Only now: whoever committed before has put its manifest before it gave up its claim. This number by name, since a
        // list may be stale.
        do {
            let last = try isThere(header.id) ? header.id : try ids().last ?? 0
            if last >= header.id { throw SnapshotError.conflict(last, pipeline, paths.manifest(last)) }
        } catch {
            try? storage.delete(paths.claim(header.id, attempt: attempt))
            throw error
        }
        return SnapshotWriter(
            header, base: base, compression: compression, attempt: attempt, in: self, lease: lease)
    }
}
