#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that appears under its name complete and synced, or not at all.
///
/// Bytes go to `path.partial`; `commit` syncs it and renames it; without `commit` it is removed with this object.
final class GeneratorFile {
    private let path: String
    private let partial: String
    private var descriptor: Int32
    private var isCommitted = false
    /// Bytes written so far.
    private(set) var size: Int64 = 0

    init(path: String) throws(AdEventGeneratorError) {
        self.path = path
        partial = path + ".partial"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            isCommitted = true  // there is nothing to remove
            throw failure(.cannotCreate, "opening \(partial) failed")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isCommitted { unlink(partial) }
    }

    func write(_ bytes: [UInt8]) throws(AdEventGeneratorError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                posixWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[done...]))
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw failure(.cannotWrite, "writing \(partial) failed after \(size + Int64(done)) bytes")
            }
            done += written
        }
        size += Int64(bytes.count)
    }

    func commit() throws(AdEventGeneratorError) {
        guard fsync(descriptor) == 0 else { throw failure(.cannotWrite, "syncing \(partial) failed") }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw failure(.cannotWrite, "closing \(partial) failed") }
        guard rename(partial, path) == 0 else { throw failure(.cannotRename, "renaming \(partial) failed") }
        isCommitted = true
        // The rename itself is durable once the directory is synced; some file systems refuse that, which is no harm.
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let handle = open(directory, O_RDONLY | O_CLOEXEC)
        if handle >= 0 {
            fsync(handle)
            close(handle)
        }
    }

    private func failure(_ code: AdEventGeneratorError.Code, _ what: String) -> AdEventGeneratorError {
        let number = errno
        let remedy =
            switch number {
            case ENOENT, ENOTDIR: "create the directory first"
            case EACCES, EPERM, EROFS: "choose a place where this user may write"
            case ENOSPC, EDQUOT, EFBIG: "free some space, or ask for fewer events"
            case EISDIR: "give the path of a file, not of a directory"
            default: "check the disk and choose another path"
            }
        return AdEventGeneratorError(
            code: code, path: path, message: "\(what): \(String(cString: strerror(number)))", remedy: remedy)
    }
}

private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
