internal import StreamFormats

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file that gets its name when it is complete: written beside it, synchronised, renamed.
final class OutputFile {
    private let path: String
    private let partialPath: String
    private var descriptor: Int32

    init(path: String) throws(FileError) {
        self.path = path
        partialPath = path + ".partial"
        descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw Self.error(partialPath, "open") }
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    func append(_ bytes: [UInt8]) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { write(descriptor, $0 + written, bytes.count - written) } ?? 0
            }
            if result < 0 {
                if errno == EINTR { continue }
                throw Self.error(partialPath, "write")
            }
            written += result
        }
    }

    func finish() throws(FileError) {
        if fsync(descriptor) != 0 { throw Self.error(partialPath, "fsync") }
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0 { throw Self.error(partialPath, "close") }
        if rename(partialPath, path) != 0 { throw Self.error(path, "rename") }
    }

    private static func error(_ path: String, _ operation: String) -> FileError {
        let code = errno
        let text = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return FileError(
            path: path, operation: operation, errno: code,
            message: "can't \(operation) '\(path)': \(text); check that the directory exists, is writable and has room")
    }
}
