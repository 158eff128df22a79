internal import StreamFormats

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Directories and names: system calls whose failures are errors that name the file and the remedy.
enum FileTree {
    struct Entry {
        let name: String
        let isDirectory: Bool
    }

    /// The error of a system call that failed just now.
    static func error(_ path: String, _ operation: String, _ number: Int32 = errno) -> FileError {
        let remedy =
            switch number {
            case ENOSPC, EDQUOT: "the disk is full; make room, then start the job again"
            case EACCES, EPERM, EROFS: "permission denied; let the user of this process write there"
            case ENOTDIR, EISDIR, EEXIST: "a file is where a directory should be, or the reverse; name another place"
            case ENOENT: "a part of the path does not exist; check the path"
            case EMFILE, ENFILE: "too many open files; raise the limit (ulimit -n) or lower maxOpenFiles"
            case ENAMETOOLONG: "the path is too long"
            case EIO: "the device failed; check the disk and the system's log"
            default: strerror(number).map { String(cString: $0) } ?? "error \(number)"
            }
        return FileError(
            path: path, operation: operation, errno: number, message: "can't \(operation) '\(path)': \(remedy)")
    }

    /// Whether there is anything of this name, also a link to nothing.
    static func exists(_ path: String) throws(FileError) -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        if errno == ENOENT || errno == ENOTDIR { return false }
        throw error(path, "look for")
    }

    /// Makes a directory and those above it, durably.
    static func make(directory path: String) throws(FileError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw error(path, "make the directory", ENOTDIR) }
            return
        }
        guard errno == ENOENT else { throw error(path, "make the directory") }
        let above = parent(of: path)
        if above != path { try make(directory: above) }
        if mkdir(path, 0o755) != 0 {
            // Another worker may have made it just now.
            guard errno == EEXIST else { throw error(path, "make the directory") }
            return
        }
        try synchronise(directory: above)
    }

    static func parent(of path: String) -> String {
        guard let slash = path.dropLast().lastIndex(of: "/") else { return path.hasPrefix("/") ? "/" : "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the names in a directory durable.
    static func synchronise(directory path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw error(path, "open") }
        defer { _ = close(descriptor) }
        if fsync(descriptor) != 0 { throw error(path, "fsync") }
    }

    /// Makes the names in a directory durable, where this process may.
    ///
    /// A directory that may be written and not read can't be opened for it.
    static func synchronise(readableDirectory path: String) throws(FileError) {
        do { try synchronise(directory: path) } catch { if error.errno != EACCES { throw error } }
    }

    /// Whether a directory that can't be listed is one that this process's user can't have made, as `lost+found`.
    static func isForeign(_ error: FileError) -> Bool {
        var status = stat()
        return error.errno == EACCES && lstat(error.path, &status) == 0 && status.st_uid != geteuid()
    }

    static func rename(_ path: String, to newPath: String) throws(FileError) {
        #if canImport(Glibc)
            let result = Glibc.rename(path, newPath)
        #elseif canImport(Musl)
            let result = Musl.rename(path, newPath)
        #else
            let result = Darwin.rename(path, newPath)
        #endif
        if result != 0 { throw error(newPath, "rename") }
    }

    /// Removes a file, if it is there.
    static func remove(file path: String) throws(FileError) {
        if unlink(path) != 0 && errno != ENOENT { throw error(path, "delete") }
    }

    /// Removes a directory if it is empty.
    static func remove(emptyDirectory path: String) { _ = rmdir(path) }

    /// What is in a directory, by name; nothing when there is none.
    ///
    /// Links are not followed.
    static func entries(of path: String) throws(FileError) -> [Entry] { try entries(ofAny: path) ?? [] }

    /// What is in a directory, by name; nil when there is none.
    static func entries(ofAny path: String) throws(FileError) -> [Entry]? {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return nil }
            throw error(path, "list")
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
        if errno != 0 { throw error(path, "list") }
        return names.sorted().map { name in
            var status = stat()
            let isDirectory = lstat(path + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            return Entry(name: name, isDirectory: isDirectory)
        }
    }
}
