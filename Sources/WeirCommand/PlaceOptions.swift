import ArgumentParser
import RocksDBBackend
import StateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the snapshots are.
struct PlaceOptions: ParsableArguments {
    @Argument(help: "The directory that the job was given for its snapshots.")
    var directory: String
    @Option(help: "The pipeline's name. (default: the only one that there is)")
    var pipeline: String?

    /// What opens the stores in snapshots.
    static let backends: [any StateBackend] = [MemoryBackend(), RocksDBBackend()]

    /// Runs `body`, says what went wrong, and ends with the code for it.
    func run(to output: String? = nil, _ body: (SnapshotTool) throws -> Void) throws {
        do {
            guard access(directory, R_OK | X_OK) == 0 else {
                throw SnapshotTool.Failure(
                    code: SnapshotTool.Code.noInput,
                    message: "the directory \(directory) can't be read: \(String(cString: strerror(errno)))")
            }
            let file = try TextFile(output)
            let result = Result {
                try body(
                    SnapshotTool(
                        storage: LocalSnapshotStorage(directory: directory), pipeline: pipeline,
                        backends: Self.backends,
                        scratch: "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/weir-\(getpid())",
                        write: file.write))
            }
            // What was found is said before the command ends with the code for it.
            try file.close()
            try result.get()
        } catch let code as ExitCode {
            throw code
        } catch {
            let message = (error as? SnapshotTool.Failure)?.message ?? "\(error)"
            try? TextFile(descriptor: STDERR_FILENO).writeAll("weir: \(message)\n")
            throw ExitCode(SnapshotTool.code(for: error))
        }
    }
}
