#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Why a file could not be opened or read.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, as it was named by the caller.
    public let path: String
    /// What was being done: `open`, `read`, `seek`, `inflate`.
    public let operation: String
    /// The system's error number; 0 when the system did not fail but the file's content is wrong.
    public let errno: Int32
    /// What went wrong, with the path, and what to do about it.
    public let message: String

    /// Makes an error.
    public init(path: String, operation: String, errno: Int32, message: String) {
        self.path = path
        self.operation = operation
        self.errno = errno
        self.message = message
    }

    /// The message.
    public var description: String { message }

    /// The error of a system call that failed.
    static func system(_ path: String, _ operation: String, _ number: Int32) -> FileError {
        let remedy: String
        switch number {
        case ENOENT: remedy = "there is no such file; check the path"
        case EACCES, EPERM: remedy = "permission denied; let the user of this process read it"
        case EISDIR: remedy = "it is a directory; name a file in it"
        case ENOTDIR: remedy = "a part of the path is not a directory; check the path"
        case EMFILE, ENFILE: remedy = "too many open files; raise the limit (ulimit -n) or read fewer files at once"
        case ENAMETOOLONG: remedy = "the path is too long"
        case ELOOP: remedy = "too many symbolic links; check the path"
        case EIO: remedy = "the device failed; check the disk and the system's log"
        default: remedy = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        }
        return FileError(
            path: path, operation: operation, errno: number, message: "cannot \(operation) '\(path)': \(remedy)")
    }
}
