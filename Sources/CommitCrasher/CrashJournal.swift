#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the job was at, for its test: lines in a file, each written at once, so that they outlast the process.
///
/// `begin` and `end`, an action, a step, and a number of transactions: `end recover totals 2`.
struct CrashJournal: Sendable {
    private let file: Int32

    init(_ path: String) { file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }

    func note(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }
}
