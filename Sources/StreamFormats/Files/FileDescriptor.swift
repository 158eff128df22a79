#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// An open file, closed when it goes out of use.
struct FileDescriptor: ~Copyable {
    let path: String
    /// The file's size when it was opened, or nil when it is a pipe, a device or the like.
    let size: Int64?
    private let number: Int32

    init(opening path: String) throws(FileError) {
        guard !path.utf8.contains(0) else { throw FileError.system(path, "open", ENOENT) }
        var number: Int32
        repeat { number = open(path, O_RDONLY | O_CLOEXEC) } while number < 0 && errno == EINTR
        guard number >= 0 else { throw FileError.system(path, "open", errno) }
        // A directory can be opened; only reading it would fail.
        var status = stat()
        let problem = fstat(number, &status) != 0 ? errno : status.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0
        guard problem == 0 else {
            close(number)
            throw FileError.system(path, "open", problem)
        }
        self.path = path
        self.number = number
        size = status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    deinit {
        close(number)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(number, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.read(number, buffer.baseAddress, buffer.count)
            #else
                let count = Darwin.read(number, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            if errno != EINTR { throw FileError.system(path, "read", errno) }
        }
    }

    func read(into bytes: inout [UInt8]) throws(FileError) -> Int {
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Int, FileError> in
            do throws(FileError) { return .success(try read(into: buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    func seek(to position: Int64) throws(FileError) {
        guard lseek(number, off_t(position), SEEK_SET) >= 0 else { throw FileError.system(path, "seek", errno) }
    }
}
