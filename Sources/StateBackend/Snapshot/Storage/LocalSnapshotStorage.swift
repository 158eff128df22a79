#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Snapshots in a directory of a local or mounted file system.
///
/// An object is a file of its name. It is written under a temporary name in the directory `.unfinished`, made durable
/// (fsync), renamed, and made durable in its directory: it is there whole or not at all, whenever the process or the
/// machine stops. The directory is made when the first object is put. The file system must have atomic renames; hard
/// links are used where it has them.
public struct LocalSnapshotStorage: SnapshotStorage {
    /// The directory.
    public let directory: String

    private static let unfinished = ".unfinished"

    /// A storage in the given directory, which need not be there yet.
    public init(directory: String) {
        var directory = directory.isEmpty ? "." : directory
        while directory.count > 1 && directory.hasSuffix("/") { directory.removeLast() }
        self.directory = directory
    }

    /// The directory's path.
    public var description: String { directory }

    /// Begins a file.
    public func put(_ name: String) throws -> any SnapshotObjectWriter {
        try LocalObjectWriter(object: name, path: path(name), temporaryDirectory: directory + "/" + Self.unfinished)
    }

    /// Links the file, or copies it where that can't be done.
    public func put(_ name: String, file source: String) throws {
        let target = try path(name)
        // What is linked must be as durable as what is written.
        let descriptor = try LocalFile.open(source, O_RDONLY, for: name)
        do {
            defer { _ = close(descriptor) }
            try LocalFile.sync(descriptor, source, for: name)
        }
        try LocalFile.makeDirectory(LocalFile.parent(of: target), for: name)
        if link(source, target) == 0 {
            return try LocalFile.syncDirectory(LocalFile.parent(of: target), for: name)
        }
        let writer = try put(name)
        do {
            _ = try LocalFile.read(source, for: name) { try writer.write($0) }
            try writer.commit()
        } catch {
            writer.abort()
            throw error
        }
    }

    /// Writes a file unless there is one: under a temporary name, then linked to its own.
    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        let writer = try LocalObjectWriter(
            object: name, path: path(name), temporaryDirectory: directory + "/" + Self.unfinished)
        do {
            try bytes.withUnsafeBytes { try writer.write($0) }
            return try writer.commitIfAbsent()
        } catch {
            writer.abort()
            throw error
        }
    }

    /// Bytes of a file.
    public func get(_ name: String, range: Range<Int>) throws -> [UInt8] {
        try LocalFile.bytes(of: path(name), range, for: name)
    }

    /// The file's path.
    public func localPath(of name: String) -> String? { try? path(name) }

    /// The files whose names begin with `prefix`, in the order of their names.
    public func list(_ prefix: String) throws -> [SnapshotObject] {
        var objects: [SnapshotObject] = []
        let deepest = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        if !deepest.isEmpty { _ = try path(deepest) }
        try list(deepest, prefix: prefix, into: &objects)
        return objects.sorted { $0.name < $1.name }
    }

    private func list(_ folder: String, prefix: String, into objects: inout [SnapshotObject]) throws {
        let base = folder.isEmpty ? directory : directory + "/" + folder
        for entry in try LocalFile.names(in: base, for: folder) where !(folder.isEmpty && entry == Self.unfinished) {
            let name = folder.isEmpty ? entry : folder + "/" + entry
            guard name.hasPrefix(prefix) || prefix.hasPrefix(name + "/") else { continue }
            // A file may have gone since the directory was read.
            guard let status = try LocalFile.status(directory + "/" + name, for: name) else { continue }
            if status.isDirectory {
                try list(name, prefix: prefix, into: &objects)
            } else if name.hasPrefix(prefix) {
                objects.append(SnapshotObject(name: name, byteCount: status.byteCount, modified: status.changed))
            }
        }
    }

    /// Deletes a file, and the directories that it leaves empty.
    public func delete(_ name: String) throws {
        let path = try path(name)
        if unlink(path) != 0 {
            let number = errno
            if number == ENOENT || number == ENOTDIR { return }
            // A directory is no object, though objects' names may begin with its own.
            if try LocalFile.status(path, for: name)?.isDirectory == true { return }
            throw LocalFile.error("delete", path, name, number)
        }
        var above = LocalFile.parent(of: path)
        var lowest = above
        while above.count > directory.count, rmdir(above) == 0 {
            above = LocalFile.parent(of: above)
            lowest = above
        }
        // Durable, so that a manifest that was deleted before its files doesn't come back without them.
        do throws(SnapshotError) { try LocalFile.syncDirectory(lowest, for: name) } catch {
            // Another one has removed the directory as well.
            if error.code != .missingFile { throw error }
        }
    }

    /// Removes temporary files that no writer of this process holds.
    public func removeUnfinished(before time: Int64) throws -> [String] {
        let folder = directory + "/" + Self.unfinished
        var removed: [String] = []
        for name in try LocalFile.names(in: folder, for: Self.unfinished) {
            let path = folder + "/" + name
            guard !LocalObjectWriter.isLive(path), let status = try LocalFile.status(path, for: name),
                status.changed < time
            else { continue }
            if unlink(path) != 0 && errno != ENOENT { throw LocalFile.error("delete", path, name) }
            removed.append(Self.unfinished + "/" + name)
        }
        return removed
    }

    /// The path of an object; names that lead out of the directory are none.
    private func path(_ name: String) throws(SnapshotError) -> String {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), parts[0] != Self.unfinished,
            !name.utf8.contains(0)
        else {
            throw SnapshotError(
                code: .storageFailed, file: name, message: "this is no name of an object; use names like 'a/b/c'")
        }
        return directory + "/" + name
    }
}
