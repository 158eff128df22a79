/// The snapshots of one pipeline in a storage: lists, opens, begins and prunes them.
///
/// What makes files a snapshot is its manifest, which is put last, and only when there is none of its number. A file may
/// belong to several snapshots; it is kept as long as a manifest names it, so there is no count that could be wrong.
/// The layout is described in `Docs/internals/state-format.md`.
public final class SnapshotRepository: Sendable {
    static let manifestMagic = Array("WEIRSNAP".utf8)
    static let manifestVersion: UInt16 = 1

    /// Where the snapshots are.
    public let storage: any SnapshotStorage
    /// The pipeline's name.
    public let pipeline: String
    private let prefix: String

    /// The snapshots of a pipeline.
    public init(_ storage: any SnapshotStorage, pipeline: String) {
        self.storage = storage
        self.pipeline = pipeline
        prefix = Self.escaped(pipeline)
    }

    /// The names of the pipelines that have snapshots in a storage.
    public static func pipelines(in storage: any SnapshotStorage) throws -> [String] {
        var names: Set<String> = []
        for object in try storage.list("") {
            let parts = object.name.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count == 4, parts[1] == "snapshots", parts[3] == "manifest", let name = unescaped(parts[0]) {
                names.insert(name)
            }
        }
        return names.sorted()
    }

    /// The numbers of the snapshots that have a manifest, ascending.
    public func ids() throws -> [Int] {
        try storage.list("\(prefix)/snapshots/").compactMap { object in
            let parts = object.name.split(separator: "/")
            guard parts.count == 4, parts[3] == "manifest" else { return nil }
            return Int(parts[2])
        }.sorted()
    }

    /// A snapshot's manifest.
    ///
    /// - Throws: ``SnapshotError`` with code `noSnapshot`, `damaged`, `newerFormat`, `foreignPipeline`, or the storage's.
    public func manifest(_ id: Int) throws -> SnapshotManifest {
        let name = manifestName(id)
        let bytes: [UInt8]
        do { bytes = try storage.get(name, range: 0..<(1 << 40)) } catch let error as SnapshotError
        where error.code == .missingFile {
            let known = try ids().map { "\($0)" }.joined(separator: ", ")
            throw SnapshotError(
                code: .noSnapshot, file: name,
                message: "there is no snapshot \(id) of pipeline '\(pipeline)' in \(storage.description); "
                    + (known.isEmpty ? "there is none at all" : "there are \(known)"))
        }
        let body = try Envelope.unwrap(
            bytes, magic: Self.manifestMagic, version: Self.manifestVersion, of: "the manifest", file: name)
        let manifest: SnapshotManifest
        do {
            var decoder = StateDecoder(body)
            manifest = try CodableCodec.decode(SnapshotManifest.self, &decoder)
        } catch { throw SnapshotError.damaged(name, "\(error)") }
        guard manifest.pipeline == pipeline else {
            throw SnapshotError(
                code: .foreignPipeline, file: name,
                message: "the snapshot is of pipeline '\(manifest.pipeline)', not '\(pipeline)'; give the pipeline its "
                    + "old name, or another storage")
        }
        guard manifest.id == id else { throw SnapshotError.damaged(name, "it is the manifest of snapshot \(manifest.id)") }
        return manifest
    }

    /// The newest snapshot's manifest; nil when there is none.
    ///
    /// - Parameter skippingDamaged: whether a snapshot whose manifest can't be read is passed over; else it is an error.
    public func latest(skippingDamaged: Bool = false) throws -> SnapshotManifest? {
        for id in try ids().reversed() {
            do { return try manifest(id) } catch let error as SnapshotError where error.code == .damaged && skippingDamaged {
                continue
            }
        }
        return nil
    }

    /// Opens a snapshot to be read; every file of it is read and checked first.
    ///
    /// - Throws: ``SnapshotError`` that names the file which is missing, damaged or cut off.
    public func open(_ id: Int) throws -> StoredSnapshot {
        let snapshot = try openUnchecked(id)
        if let problem = snapshot.firstProblem() { throw problem }
        return snapshot
    }

    /// Opens a snapshot without looking at its files; reading them checks what is read, block by block.
    public func openUnchecked(_ id: Int) throws -> StoredSnapshot {
        StoredSnapshot(manifest: try manifest(id), storage: storage)
    }

    /// Begins to write a snapshot.
    ///
    /// - Parameters:
    ///   - header: the manifest, as far as it is known. Its number must be new.
    ///   - base: the snapshot whose files may be shared; nil for none.
    ///   - compression: how rows are compressed.
    public func begin(
        _ header: SnapshotManifest, base: SnapshotManifest?, compression: SnapshotCompression
    ) throws -> SnapshotWriter {
        SnapshotWriter(
            header, base: header.kind == .savepoint ? nil : base, compression: compression, repository: self)
    }

    /// Deletes old snapshots, and the files that only they had. Savepoints stay.
    ///
    /// - Parameters:
    ///   - count: the number of newest snapshots that stay whatever their age.
    ///   - time: older ones stay, too, when they were begun at or after this time, in milliseconds since 1970; nil to
    ///     delete them all.
    /// - Returns: the numbers of those deleted.
    @discardableResult
    public func prune(keep count: Int, begunBefore time: Int64? = nil) throws -> [Int] {
        let all = try ids().map { try manifest($0) }
        let old = all.filter { $0.kind == .snapshot }.dropLast(max(count, 1)).filter { $0.begun < time ?? .max }
        guard !old.isEmpty else { return [] }
        let gone = Set(old.map(\.id))
        let kept = Set(all.filter { !gone.contains($0.id) }.flatMap { $0.files.map(\.object) })
        for manifest in old {
            // First what makes it a snapshot: a crash in between leaves files without manifest, never the reverse.
            try storage.delete(manifestName(manifest.id))
            for file in manifest.files where !kept.contains(file.object) { try storage.delete(file.object) }
        }
        return old.map(\.id)
    }

    /// Deletes files that belong to no snapshot, as a writer leaves them that was killed.
    ///
    /// Must not be called while a snapshot of the pipeline is being written.
    ///
    /// - Parameter time: only what was written before it, in milliseconds since 1970 by the storage's clock.
    /// - Returns: the names of those deleted.
    @discardableResult
    public func collectOrphans(writtenBefore time: Int64 = .max) throws -> [String] {
        let named = Set(try ids().flatMap { try manifest($0).files.map(\.object) })
        var removed: [String] = []
        for object in try storage.list("\(prefix)/data/") where !named.contains(object.name) && object.modified < time {
            try storage.delete(object.name)
            removed.append(object.name)
        }
        return removed + (try storage.removeUnfinished(before: time))
    }

    func manifestName(_ id: Int) -> String { "\(prefix)/snapshots/\(Self.padded(id))/manifest" }

    func dataName(_ id: Int, _ name: String) -> String { "\(prefix)/data/\(Self.padded(id))/\(name)" }

    private static func padded(_ id: Int) -> String {
        let digits = "\(id)"
        return String(repeating: "0", count: max(10 - digits.count, 0)) + digits
    }

    /// A pipeline's name as a name of a directory: letters, digits, "-", "_" and inner "." stay, other bytes become "%"
    /// and two hexadecimal digits.
    static func escaped(_ name: String) -> String {
        var escaped = ""
        for (index, byte) in name.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where index > 0: escaped += "."
            default: escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return escaped.isEmpty ? "%" : escaped
    }

    private static func unescaped(_ name: Substring) -> String? {
        if name == "%" { return "" }
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
