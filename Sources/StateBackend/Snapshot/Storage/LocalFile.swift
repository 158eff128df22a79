#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// System calls on files, with errors that say which file and what to do.
enum LocalFile {
    /// What the last system call's error means for a snapshot.
    static func error(_ path: String, for name: String, _ what: String, number: Int32 = errno) -> SnapshotError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT:
            return SnapshotError(
                code: .storageFull, file: name,
                message: "\(path) can't be \(what): \(reason); free space there, or keep fewer snapshots")
        case EACCES, EPERM, EROFS:
            return SnapshotError(
                code: .notPermitted, file: name,
                message: "\(path) can't be \(what): \(reason); let the process write there, or use another directory")
        case ENOENT, ENOTDIR:
            return SnapshotError(
                code: .missingFile, file: name,
                message: "\(path) can't be \(what): \(reason); restore it from a copy, or begin with another snapshot")
        default:
            return SnapshotError(code: .storageFailed, file: name, message: "\(path) can't be \(what): \(reason)")
        }
    }

    /// Hands a file's bytes to `body`, piece by piece; their number.
    static func read(_ path: String, for name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw error(path, for: name, "opened") }
        defer { close(descriptor) }
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = buffer.withUnsafeMutableBytes { Self.read(descriptor, $0, at: total) }
            guard count >= 0 else { throw error(path, for: name, "read") }
            if count == 0 { return total }
            try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            total += count
        }
    }

    /// Reads bytes at a place; their number, which is less than asked for only at the end; -1 with `errno` set.
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return -1 }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes all bytes; false with `errno` set.
    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var done = 0
        while done < bytes.count {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            #else
                let count = Darwin.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            #endif
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return false }
            done += count
        }
        return true
    }

    /// Makes the entries of a directory durable.
    static func synchronize(directory path: String, for name: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw error(path, for: name, "opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw error(path, for: name, "synchronised") }
    }

    /// Makes a file's content durable.
    static func synchronize(file path: String, for name: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw error(path, for: name, "opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw error(path, for: name, "synchronised") }
    }

    /// Makes a directory and those above it.
    static func makeDirectories(_ path: String, for name: String) throws {
        guard !path.isEmpty, mkdir(path, 0o777) != 0 else { return }
        if errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { throw error(path, for: name, "made") }
        try makeDirectories(String(path[..<slash]), for: name)
        if mkdir(path, 0o777) != 0 && errno != EEXIST { throw error(path, for: name, "made") }
        let parent = String(path[..<slash])
        try synchronize(directory: parent.isEmpty ? "/" : parent, for: name)
    }

    /// The entries of a directory but "." and ".."; none when there is no such directory.
    static func entries(_ path: String, for name: String) throws -> [String] {
        guard let directory = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw error(path, for: name, "listed")
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if found != "." && found != ".." { names.append(found) }
        }
        return names
    }

    /// What kind of thing a path is, its size and the time of its last change in milliseconds since 1970.
    static func status(_ path: String) -> (isDirectory: Bool, byteCount: Int, modified: Int64)? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        #if canImport(Darwin)
            let modified = info.st_mtimespec
        #else
            let modified = info.st_mtim
        #endif
        let milliseconds = Int64(modified.tv_sec) * 1_000 + Int64(modified.tv_nsec) / 1_000_000
        return (info.st_mode & S_IFMT == S_IFDIR, Int(info.st_size), milliseconds)
    }
}
