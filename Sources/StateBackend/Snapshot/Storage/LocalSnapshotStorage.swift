internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Snapshots in a directory of the local file system, one file per object.
///
/// An object is written under another name beside its own, made durable, renamed, and its directory made durable: after a
/// crash at any moment it is there as a whole or not at all.
public final class LocalSnapshotStorage: SnapshotStorage {
    /// How the names of files begin that are being written.
    static let unfinishedPrefix = ".unfinished-"

    /// The directory.
    public let directory: String
    private let unfinished = Mutex<(number: Int, paths: Set<String>)>((0, []))

    /// Snapshots in `directory`, which is made with the first object.
    public init(directory: String) {
        var path = directory
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        self.directory = path
    }

    /// The directory's path.
    public var description: String { directory }

    /// Begins a file.
    public func put(_ name: String) throws -> any SnapshotObjectWriter {
        let (path, parent) = try place(name)
        let temporary = temporaryPath(in: parent)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            defer { forget(temporary) }
            throw LocalFile.error(temporary, for: name, "made")
        }
        return LocalObjectWriter(storage: self, descriptor, temporary: temporary, path: path, parent: parent, name: name)
    }

    /// Links a file; copies it where it is of another file system.
    public func put(_ name: String, file source: String) throws {
        let (path, parent) = try place(name)
        let temporary = temporaryPath(in: parent)
        defer { forget(temporary) }
        try LocalFile.synchronize(file: source, for: name)
        if link(source, temporary) == 0 {
            guard rename(temporary, path) == 0 else {
                defer { unlink(temporary) }
                throw LocalFile.error(path, for: name, "made")
            }
            // Where both are one file already, rename leaves both names.
            unlink(temporary)
            return try LocalFile.synchronize(directory: parent, for: name)
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

    /// Writes a file under another name and links it to its own, which fails when there is one.
    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        let (path, parent) = try place(name)
        let temporary = temporaryPath(in: parent)
        defer {
            unlink(temporary)
            forget(temporary)
        }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw LocalFile.error(temporary, for: name, "made") }
        let isWritten = bytes.withUnsafeBytes { LocalFile.write(descriptor, $0) } && fsync(descriptor) == 0
        let number = errno
        close(descriptor)
        guard isWritten else { throw LocalFile.error(temporary, for: name, "written", number: number) }
        if link(temporary, path) != 0 {
            if errno == EEXIST { return false }
            throw LocalFile.error(path, for: name, "made")
        }
        try LocalFile.synchronize(directory: parent, for: name)
        return true
    }

    /// Reads a part of a file.
    public func get(_ name: String, range: Range<Int>) throws -> [UInt8] {
        let path = "\(directory)/\(name)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LocalFile.error(path, for: name, "opened") }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw LocalFile.error(path, for: name, "read") }
        let end = min(range.upperBound, Int(info.st_size))
        guard range.lowerBound < end else { return [] }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: end - range.lowerBound) { buffer, initialized in
            count = LocalFile.read(
                descriptor, UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(end - range.lowerBound)]),
                at: range.lowerBound)
            initialized = max(count, 0)
        }
        guard count >= 0 else { throw LocalFile.error(path, for: name, "read") }
        return bytes
    }

    /// The file's path.
    public func localPath(of name: String) -> String? { "\(directory)/\(name)" }

    /// The files whose paths below the directory begin with `prefix`.
    public func list(_ prefix: String) throws -> [SnapshotObject] {
        // Only the directories that can hold such names.
        let parent = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        var objects: [SnapshotObject] = []
        try walk(parent) { name, status in
            if name.hasPrefix(prefix) {
                objects.append(SnapshotObject(name: name, byteCount: status.byteCount, modified: status.modified))
            }
        }
        return objects.sorted { $0.name < $1.name }
    }

    private func walk(_ parent: String, _ body: (String, (byteCount: Int, modified: Int64)) throws -> Void) throws {
        for entry in try LocalFile.entries(parent.isEmpty ? directory : "\(directory)/\(parent)", for: parent) {
            if entry.hasPrefix(Self.unfinishedPrefix) { continue }
            let name = parent.isEmpty ? entry : "\(parent)/\(entry)"
            // What has gone meanwhile was deleted.
            guard let status = LocalFile.status("\(directory)/\(name)") else { continue }
            if status.isDirectory {
                try walk(name, body)
            } else {
                try body(name, (status.byteCount, status.modified))
            }
        }
    }

    /// Deletes a file, and directories that it leaves empty.
    public func delete(_ name: String) throws {
        let path = "\(directory)/\(name)"
        if unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR { throw LocalFile.error(path, for: name, "deleted") }
        var parent = name
        while let slash = parent.lastIndex(of: "/") {
            parent = String(parent[..<slash])
            // Fails where there is something in it.
            if rmdir("\(directory)/\(parent)") != 0 { break }
        }
    }

    /// Deletes files that a process had begun to write and that has ended since.
    public func removeUnfinished(before time: Int64) throws -> [String] {
        var removed: [String] = []
        func walk(_ path: String) throws {
            for entry in try LocalFile.entries(path, for: path) {
                let inner = "\(path)/\(entry)"
                guard let status = LocalFile.status(inner) else { continue }
                if status.isDirectory {
                    try walk(inner)
                } else if entry.hasPrefix(Self.unfinishedPrefix), status.modified < time,
                    !unfinished.withLock({ $0.paths.contains(inner) })
                {
                    if unlink(inner) != 0 && errno != ENOENT { throw LocalFile.error(inner, for: entry, "deleted") }
                    removed.append(inner)
                }
            }
        }
        try walk(directory)
        return removed
    }

    /// Where an object lies; its directory is made.
    private func place(_ name: String) throws -> (path: String, parent: String) {
        let path = "\(directory)/\(name)"
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? directory
        try LocalFile.makeDirectories(parent, for: name)
        return (path, parent)
    }

    private func temporaryPath(in parent: String) -> String {
        unfinished.withLock { unfinished in
            unfinished.number += 1
            let path = "\(parent)/\(Self.unfinishedPrefix)\(getpid())-\(unfinished.number)"
            unfinished.paths.insert(path)
            return path
        }
    }

    fileprivate func forget(_ temporary: String) { _ = unfinished.withLock { $0.paths.remove(temporary) } }
}

/// A file that is being written.
private final class LocalObjectWriter: SnapshotObjectWriter {
    private let storage: LocalSnapshotStorage
    private var descriptor: Int32
    private let temporary: String
    private let path: String
    private let parent: String
    private let name: String

    init(
        storage: LocalSnapshotStorage, _ descriptor: Int32, temporary: String, path: String, parent: String, name: String
    ) {
        self.storage = storage
        self.descriptor = descriptor
        self.temporary = temporary
        self.path = path
        self.parent = parent
        self.name = name
    }

    deinit { abort() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard LocalFile.write(descriptor, bytes) else { throw LocalFile.error(temporary, for: name, "written") }
    }

    func commit() throws {
        guard fsync(descriptor) == 0 else { throw LocalFile.error(temporary, for: name, "synchronised") }
        close(descriptor)
        descriptor = -1
        guard rename(temporary, path) == 0 else {
            defer { unlink(temporary) }
            throw LocalFile.error(path, for: name, "made")
        }
        storage.forget(temporary)
        try LocalFile.synchronize(directory: parent, for: name)
    }

    func abort() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(temporary)
        storage.forget(temporary)
    }
}
