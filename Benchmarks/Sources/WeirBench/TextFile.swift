#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files of text: those of this package, read at run time, and those that a run writes.
enum TextFile {
    /// A file that can't be read.
    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        var description: String { "can't read \(path)" }
    }

    /// A file that can't be written.
    struct Unwritable: Error, CustomStringConvertible {
        let path: String
        var description: String { "can't write \(path)" }
    }

    /// Writes a file anew.
    static func write(_ text: String, to path: String) throws(Unwritable) {
        guard let file = fopen(path, "w") else { throw Unwritable(path: path) }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw Unwritable(path: path) }
    }

    /// The text of a file in the directory that `WEIR_BENCH_HOME` names, or else in the one that this was built from.
    static func contents(of name: String) throws(Unreadable) -> String {
        let home = getenv("WEIR_BENCH_HOME").map { String(cString: $0) }
        let path = (home ?? builtFrom) + "/" + name
        guard let file = fopen(path, "r") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        guard ferror(file) == 0 else { throw Unreadable(path: path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The package's directory: this file's path without its last three components.
    private static var builtFrom: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    }
}
