public import StateBackend
public import StreamCore
internal import StreamFormats

/// Writes records to files exactly once: rolling over, by partition, compressed if wished.
///
/// ```swift
/// totals.commit(
///     "totals", to: RollingFileSink(
///         "/data/totals", .jsonLines { total, json in … }, partition: { "day=\($0.day)" }))
/// ```
/// A worker writes a file per partition and ends it at each snapshot, at a size, or at an age. Until its snapshot is durable
/// a file has a name that begins with a dot and ends with `.pending`, and readers skip it. Then it is renamed to
/// `part-<worker>-<transaction>-<number>.<extension>`. The names have leading zeros, so that those of a worker sort in the
/// order of writing. After a failure, what no snapshot counts is deleted; files of other pipelines and steps are not.
///
/// Leave a file that was committed where it is until the next snapshot is durable: a job that begins again looks whether the
/// files of its snapshot have their names, and fails when one is gone. Files older than the newest snapshot may be moved
/// or deleted.
///
/// The directory belongs to one job at a time. A job that begins afresh where an earlier one has left files of the same
/// names fails and replaces nothing.
///
/// Errors are `FileError` with the path: a full disk, a missing right, a file where a directory should be.
public struct RollingFileSink<Element: Sendable>: TransactionalSink {
    /// The directory.
    public let directory: String
    /// How records become bytes.
    public let encoding: RecordEncoding<Element>
    /// Sizes, ages, compression, markers.
    public let options: RollingFileOptions
    let partition: (@Sendable (Element) throws -> String)?

    /// A sink.
    ///
    /// - Parameters:
    ///   - directory: where the files go; it is made if need be.
    ///   - encoding: how records become bytes.
    ///   - options: sizes, ages, compression, markers.
    ///   - partition: the directory under `directory` to which a record goes, as `day=2026-11-21/hour=13`. Its parts
    ///     must not be empty or begin with a dot. By default there is none.
    public init(
        _ directory: String, _ encoding: RecordEncoding<Element>, options: RollingFileOptions = RollingFileOptions(),
        partition: (@Sendable (Element) throws -> String)? = nil
    ) {
        precondition(options.maxBytes > 0, "maxBytes is 1 or more")
        precondition(options.maxOpenFiles > 0, "maxOpenFiles is 1 or more")
        self.directory = directory
        self.encoding = encoding
        self.options = options
        self.partition = partition
    }

    /// A worker's writer.
    public func makeWriter(_ context: SinkContext) -> RollingFileWriter<Element> {
        RollingFileWriter(
            sink: self, worker: context.worker,
            owner: PendingName(pipeline: context.pipeline, step: context.step))
    }

    /// The step's committer.
    public func makeCommitter(_ context: CommitterContext) throws -> RollingFileCommitter {
        try FileTree.make(directory: directory)
        // Also where it was there: who made it may have crashed before it was durable.
        try FileTree.synchronise(readableDirectory: FileTree.parent(of: directory))
        return RollingFileCommitter(
            directory: directory, marker: options.successMarker,
            owner: PendingName(pipeline: context.pipeline, step: context.step))
    }
}

/// The files that a worker has prepared for a snapshot.
public struct RollingFileTransaction: Sendable, Equatable, StateCodable {
    /// A file under its two names.
    public struct File: Sendable, Equatable {
        /// The directory under the sink's; empty for the sink's own.
        public let partition: String
        /// The name until the commit.
        public let pending: String
        /// The name from the commit on.
        public let name: String
    }

    /// The files, in the order in which they were begun.
    public let files: [File]

    init(files: [File]) { self.files = files }

    /// Writes the names.
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeVarint(UInt64(files.count))
        for file in files {
            try encoder.encode(file.partition)
            try encoder.encode(file.pending)
            try encoder.encode(file.name)
        }
    }

    /// Reads the names.
    public init(decoding decoder: inout StateDecoder) throws {
        var files: [File] = []
        for _ in 0..<(try decoder.readCount()) {
            files.append(
                File(partition: try decoder.decode(), pending: try decoder.decode(), name: try decoder.decode()))
        }
        self.files = files
    }
}

/// How files that aren't committed are called, and told from those of others.
struct PendingName: Sendable {
    private let suffix: String

    init(pipeline: String, step: String) {
        suffix = ".\(Self.escaped(pipeline)).\(Self.escaped(step)).pending"
    }

    func pending(_ name: String) -> String { "." + name + suffix }

    /// Whether a file is one of this pipeline's step: neither of the names has a dot, so that no other name fits.
    func owns(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(suffix) && name.count > suffix.count }

    /// A name without dots, slashes and the like; a long one ends with its hash.
    private static func escaped(_ name: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        guard bytes.count > 80 else { return String(decoding: bytes, as: UTF8.self) }
        let hash = bytes.withUnsafeBytes { StableHash.hash($0) }
        return String(decoding: bytes.prefix(56), as: UTF8.self) + "~" + String(hash, radix: 16)
    }
}
