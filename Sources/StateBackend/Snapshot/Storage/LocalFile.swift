#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// System calls on files, whose failures are errors that name the file and the remedy.
enum LocalFile {
    /// The error of a system call that failed just now.
    ///
    /// - Parameters:
    ///   - operation: what was tried: "write", "rename".
    ///   - path: on which file.
    ///   - object: the object's name in the storage.
    static func error(_ operation: String, _ path: String, _ object: String, _ number: Int32 = errno) -> SnapshotError {
        let text = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        let what = "can't \(operation) '\(path)': \(text); "
        switch number {
        case ENOSPC, EDQUOT:
            return SnapshotError(
                code: .storageFull, file: object,
                message: what + "make room on the file system, or keep fewer snapshots")
        case EACCES, EPERM, EROFS:
            return SnapshotError(
                code: .notPermitted, file: object,
                message: what + "give the process the right to read and write the snapshots' directory")
        case ENOENT:
            return SnapshotError(
                code: .missingFile, file: object,
                message: what + "restore the file from a copy, or begin with an older snapshot")
        default:
            return SnapshotError(
                code: .storageFailed, file: object, message: what + "check the device and the path; then try again")
        }
    }

    /// Opens a file.
    static func open(_ path: String, _ flags: Int32, for object: String) throws(SnapshotError) -> Int32 {
        while true {
            #if canImport(Glibc)
                let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o644)
            #elseif canImport(Musl)
                let descriptor = Musl.open(path, flags | O_CLOEXEC, 0o644)
            #else
                let descriptor = Darwin.open(path, flags | O_CLOEXEC, 0o644)
            #endif
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw error("open", path, object) }
        }
    }

    /// Writes all of `bytes`.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String, for object: String
    ) throws(SnapshotError) {
        guard let start = bytes.baseAddress else { return }
        var written = 0
        while written < bytes.count {
            #if canImport(Glibc)
                let result = Glibc.write(descriptor, start + written, bytes.count - written)
            #elseif canImport(Musl)
                let result = Musl.write(descriptor, start + written, bytes.count - written)
            #else
                let result = Darwin.write(descriptor, start + written, bytes.count - written)
            #endif
            if result < 0 && errno == EINTR { continue }
            if result < 0 { throw error("write", path, object) }
            written += result
        }
    }

    /// Makes a file anew with what `body` writes; removes it when that throws.
    static func create(
        _ path: String, for object: String, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_TRUNC, for: object)
        defer { _ = close(descriptor) }
        do { try body { try write($0, to: descriptor, path, for: object) } } catch {
            _ = unlink(path)
            throw error
        }
    }

    /// Waits until what was written to a file is durable.
    static func sync(_ descriptor: Int32, _ path: String, for object: String) throws(SnapshotError) {
        while fsync(descriptor) != 0 {
            if errno != EINTR { throw error("fsync", path, object) }
        }
    }

    /// Makes the entries of a directory durable.
    static func syncDirectory(_ path: String, for object: String) throws(SnapshotError) {
        let descriptor = try open(path, O_RDONLY | O_DIRECTORY, for: object)
        defer { _ = close(descriptor) }
        try sync(descriptor, path, for: object)
    }

    /// Makes a directory and those above it that aren't there, all durable.
    static func makeDirectory(_ path: String, for object: String) throws(SnapshotError) {
        if path.isEmpty { return }
        if mkdir(path, 0o755) != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT else { throw error("make the directory", path, object) }
            let above = parent(of: path)
            guard above != path else { throw error("make the directory", path, object) }
            try makeDirectory(above, for: object)
            if mkdir(path, 0o755) != 0 && errno != EEXIST { throw error("make the directory", path, object) }
        }
        try syncDirectory(parent(of: path), for: object)
    }

    /// The directory that a file is in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Reads a file from its beginning to its end, a piece at a time.
    ///
    /// - Returns: the number of bytes.
    static func read(
        _ path: String, for object: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        let descriptor = try open(path, O_RDONLY, for: object)
        defer { _ = close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var total = 0
        while true {
            let count = try buffer.withUnsafeMutableBytes {
                try read(descriptor, into: $0, at: total, path, for: object)
            }
            if count == 0 { return total }
            total += count
            try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// Reads bytes at an offset, as many as there are.
    static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int, _ path: String,
        for object: String
    ) throws(SnapshotError) -> Int {
        var total = 0
        while total < buffer.count, let start = buffer.baseAddress {
            let result = pread(descriptor, start + total, buffer.count - total, off_t(offset + total))
            if result < 0 && errno == EINTR { continue }
            if result < 0 { throw error("read", path, object) }
            if result == 0 { break }
            total += result
        }
        return total
    }

    /// Bytes of a file, as many of the range as there are.
    static func bytes(of path: String, _ range: Range<Int>, for object: String) throws(SnapshotError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY, for: object)
        defer { _ = close(descriptor) }
        guard let status = try status(path, for: object), !status.isDirectory else {
            throw .missing(object, in: parent(of: path))
        }
        let start = min(max(range.lowerBound, 0), status.byteCount)
        let end = min(max(range.upperBound, start), status.byteCount)
        var failure: SnapshotError?
        let bytes = [UInt8](unsafeUninitializedCapacity: end - start) { buffer, count in
            let wanted = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<(end - start)]))
            do throws(SnapshotError) {
                count = try read(descriptor, into: wanted, at: start, path, for: object)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The size of a file, and when it was last changed or linked, in milliseconds since 1970; nil when there is none.
    static func status(
        _ path: String, for object: String
    ) throws(SnapshotError) -> (byteCount: Int, changed: Int64, isDirectory: Bool, identity: [UInt64])? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw error("look at", path, object)
        }
        #if canImport(Darwin)
            let time = status.st_ctimespec
        #else
            let time = status.st_ctim
        #endif
        let changed = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return (
            Int(status.st_size), changed, status.st_mode & S_IFMT == S_IFDIR,
            [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]
        )
    }

    /// The names in a directory, sorted; none when there is no such directory.
    static func names(in path: String, for object: String) throws(SnapshotError) -> [String] {
        guard let directory = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw error("list", path, object)
        }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        if errno != 0 { throw error("list", path, object) }
        return names.sorted()
    }
}
