internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file being written under a temporary name.
final class LocalObjectWriter: SnapshotObjectWriter {
    /// The temporary files of this process, which nobody may collect.
    private static let live = Mutex<Set<String>>([])
    private static let counter = Atomic<Int>(0)
    private static let bufferLength = 1 << 18

    private let object: String
    private let path: String
    private let temporary: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    static func isLive(_ path: String) -> Bool { live.withLock { $0.contains(path) } }

    init(object: String, path: String, temporaryDirectory: String) throws(SnapshotError) {
        self.object = object
        self.path = path
        try LocalFile.makeDirectory(temporaryDirectory, for: object)
        while true {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            let temporary = "\(temporaryDirectory)/\(getpid())-\(number)"
            Self.live.withLock { _ = $0.insert(temporary) }
            do throws(SnapshotError) {
                descriptor = try LocalFile.open(temporary, O_WRONLY | O_CREAT | O_EXCL, for: object)
                self.temporary = temporary
                return
            } catch {
                let isTaken = errno == EEXIST
                Self.live.withLock { _ = $0.remove(temporary) }
                // One of a process that had the same number and was killed.
                if !isTaken { throw error }
            }
        }
    }

    deinit { abort() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if buffer.count + bytes.count > Self.bufferLength { try flush() }
        if bytes.count >= Self.bufferLength {
            try LocalFile.write(bytes, to: descriptor, temporary, for: object)
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    func commit() throws {
        try finish()
        // Another thread may have deleted the directory in between, because it was empty.
        var attempts = 0
        while rename(temporary, path) != 0 {
            guard errno == ENOENT && attempts < 3 else { throw LocalFile.error("rename to", path, object) }
            attempts += 1
            try LocalFile.makeDirectory(LocalFile.parent(of: path), for: object)
        }
        forget()
        try LocalFile.syncDirectory(LocalFile.parent(of: path), for: object)
    }

    /// As ``commit()`` where there is no file of the name yet; else false, and nothing is left.
    func commitIfAbsent() throws -> Bool {
        try finish()
        if link(temporary, path) == 0 {
            _ = unlink(temporary)
        } else if errno == EEXIST {
            abort()
            return false
        } else if errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK {
            // A file system without hard links: whoever makes the file first has it. A crash may leave it cut off then,
            // which its checksum tells.
            guard try copyIfAbsent() else {
                abort()
                return false
            }
        } else {
            throw LocalFile.error("link to", path, object)
        }
        forget()
        try LocalFile.syncDirectory(LocalFile.parent(of: path), for: object)
        return true
    }

    func abort() {
        if descriptor >= 0 { _ = close(descriptor) }
        descriptor = -1
        if Self.isLive(temporary) {
            _ = unlink(temporary)
            forget()
        }
    }

    private func copyIfAbsent() throws -> Bool {
        let target: Int32
        do throws(SnapshotError) {
            target = try LocalFile.open(path, O_WRONLY | O_CREAT | O_EXCL, for: object)
        } catch {
            if errno == EEXIST { return false }
            throw error
        }
        defer { _ = close(target) }
        do {
            _ = try LocalFile.read(temporary, for: object) {
                try LocalFile.write($0, to: target, path, for: object)
            }
            try LocalFile.sync(target, path, for: object)
        } catch {
            _ = unlink(path)
            throw error
        }
        _ = unlink(temporary)
        return true
    }

    private func finish() throws {
        precondition(descriptor >= 0, "an object is committed once, and not after it was aborted")
        try flush()
        try LocalFile.sync(descriptor, temporary, for: object)
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0 { throw LocalFile.error("close", temporary, object) }
        try LocalFile.makeDirectory(LocalFile.parent(of: path), for: object)
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try LocalFile.write($0, to: descriptor, temporary, for: object) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func forget() { Self.live.withLock { _ = $0.remove(temporary) } }
}
