import ArgumentParser
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
    static let backends: [any StateBackend] = [MemoryBackend()]

    /// Runs `body`, says what went wrong, and ends with the code for it.
    func run(to output: String? = nil, _ body: (SnapshotTool) throws -> Void) throws {
        do {
            guard access(directory, R_OK | X_OK) == 0 else {
                throw SnapshotTool.Failure(
                    code: SnapshotTool.Code.noInput,
                    message: "the directory \(directory) can't be read: \(String(cString: strerror(errno)))")
            }
            let file = try TextFile(output)
            try body(
                SnapshotTool(
                    storage: LocalSnapshotStorage(directory: directory), pipeline: pipeline, backends: Self.backends,
                    scratch: "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/weir-\(getpid())",
                    write: file.write))
            try file.close()
        } catch let code as ExitCode {
            throw code
        } catch {
            let message = (error as? SnapshotTool.Failure)?.message ?? "\(error)"
            fputs("weir: \(message)\n", stderr)
            throw ExitCode(SnapshotTool.code(for: error))
        }
    }
}

/// A file that text is written to, or standard output.
final class TextFile {
    private let name: String
    private var file: UnsafeMutablePointer<FILE>?

    init(_ path: String?) throws {
        name = path ?? "standard output"
        file = path.map { fopen($0, "w") } ?? stdout
        if file == nil { throw failure() }
    }

    func write(_ text: String) throws {
        var text = text
        let isWritten = text.withUTF8 { bytes in
            guard let file, let base = bytes.baseAddress else { return bytes.isEmpty }
            return fwrite(base, 1, bytes.count, file) == bytes.count
        }
        if !isWritten { throw failure() }
    }

    func close() throws {
        guard let file else { return }
        self.file = nil
        if fflush(file) != 0 || file != stdout && fclose(file) != 0 { throw failure() }
    }

    private func failure() -> SnapshotTool.Failure {
        SnapshotTool.Failure(
            code: SnapshotTool.Code.noOutput,
            message: "\(name) can't be written: \(String(cString: strerror(errno)))")
    }
}
