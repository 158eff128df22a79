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

    convenience init(path: String) throws(FileError) { try self.init(path: path, partialPath: path + ".partial") }

    init(path: String, partialPath: String) throws(FileError) {
        self.path = path
        self.partialPath = partialPath
        descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw FileTree.error(partialPath, "open") }
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
                throw FileTree.error(partialPath, "write")
            }
            written += result
        }
    }

    /// Makes the bytes durable; the file keeps the name beside its own.
    func seal() throws(FileError) {
        if fsync(descriptor) != 0 { throw FileTree.error(partialPath, "fsync") }
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0 { throw FileTree.error(partialPath, "close") }
    }

    /// Makes the bytes durable and gives the file its name, durably.
    func finish() throws(FileError) {
        try seal()
        try FileTree.rename(partialPath, to: path)
        try FileTree.synchronise(readableDirectory: FileTree.parent(of: path))
    }
}
