#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif
internal import Weir

/// Whole files, as little as the reference backend needs.
enum ReferenceFile {
    static func write(_ bytes: [UInt8], _ path: String) throws {
        guard let file = fopen(path, "w") else { throw failed("create", path) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else { throw failed("write", path) }
    }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw failed("open", path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 {
            bytes.append(contentsOf: piece[..<count])
        }
        guard ferror(file) == 0 else { throw failed("read", path) }
        return bytes
    }

    static func remove(_ path: String) { unlink(path) }

    private static func failed(_ what: String, _ path: String) -> StateError {
        StateError(
            code: .storeFailed,
            message:
                "can't \(what) '\(path)': \(String(cString: strerror(errno))); see that the directory is there and writable"
        )
    }
}
