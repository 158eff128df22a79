public import StreamCore
internal import StreamFormats

/// Writes records as lines of a file, one file per worker.
///
/// A writer writes to `path.partial` and renames it when the input has ended, so that a file under its own name is
/// complete. With several workers the file of worker 1 of `out.jsonl` is `out-1.jsonl`; see ``DataStream/global(_:)``.
///
/// The file is written from the beginning, and replaces what was there. So this is for jobs that run through at once: one
/// that begins with a snapshot, also after a restart by itself, fails with ``JobError/Code/notResumable`` and leaves the
/// files as they are, because the records that the snapshot counts would be missing. Commit to a ``RollingFileSink`` where
/// a job has to go on.
public struct FileSink<Element: Sendable>: Sink {
    let path: String
    let write: @Sendable (Element, inout [UInt8]) throws -> Void

    /// A file at `path` whose lines `write` appends to the bytes, each with its newline.
    public init(_ path: String, _ write: @escaping @Sendable (Element, inout [UInt8]) throws -> Void) {
        self.path = path
        self.write = write
    }

    /// A worker's file.
    ///
    /// - Throws: `FileError`; ``JobError`` with code `notResumable` where the job began with a snapshot.
    public func makeWriter(_ context: SinkContext) throws -> FileSinkWriter<Element> {
        var path = path
        if context.parallelism > 1 && context.worker > 0 {
            let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
            let dot = path[name...].lastIndex(of: ".") ?? path.endIndex
            path.insert(contentsOf: "-\(context.worker)", at: dot)
        }
        guard !context.isRestored else {
            throw JobError(
                code: .notResumable, step: context.step,
                message: "'\(path)' would be written anew, and the job begins with a snapshot: the records that the "
                    + "snapshot counts would be lost. Commit to a RollingFileSink, which goes on; or delete the file and "
                    + "begin the job without a snapshot")
        }
        return FileSinkWriter(file: try OutputFile(path: path), write: write)
    }
}

/// Writes one worker's file.
public struct FileSinkWriter<Element: Sendable>: SinkWriter {
    private let file: OutputFile
    private let write: @Sendable (Element, inout [UInt8]) throws -> Void
    private var bytes: [UInt8] = []

    init(file: OutputFile, write: @escaping @Sendable (Element, inout [UInt8]) throws -> Void) {
        self.file = file
        self.write = write
    }

    /// Writes a batch.
    public mutating func write(_ batch: Batch<Element>) throws {
        for i in 0..<batch.count {
            try write(batch.elements[i], &bytes)
            if bytes.count >= 1 << 16 { try flush() }
        }
    }

    /// Hands what was held back to the system.
    public mutating func flush() throws {
        try file.append(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Writes the rest, makes it durable and gives the file its name.
    public mutating func close() throws {
        try flush()
        try file.finish()
    }
}
