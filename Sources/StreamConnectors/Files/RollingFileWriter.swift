public import StreamCore
internal import StreamFormats

/// Writes a worker's share of a ``RollingFileSink``'s records.
public struct RollingFileWriter<Element: Sendable>: TransactionalWriter {
    private let sink: RollingFileSink<Element>
    private let worker: Int
    private let owner: PendingName
    private var epoch = 0
    /// The number of the next file of the transaction.
    private var number = 0
    private var open: [String: OpenFile] = [:]
    private var files: [RollingFileTransaction.File] = []
    private var writes = 0
    /// The directories whose names this writer has made durable.
    private var known: Set<String>

    init(sink: RollingFileSink<Element>, worker: Int, owner: PendingName) {
        self.sink = sink
        self.worker = worker
        self.owner = owner
        known = [sink.directory]
    }

    /// Begins a transaction without files.
    public mutating func begin(epoch: Int) {
        self.epoch = epoch
        number = 0
        open = [:]
        files = []
    }

    /// Writes a batch.
    public mutating func write(_ batch: Batch<Element>) throws {
        guard batch.count > 0 else { return }
        if let maxAge = sink.options.maxAge?.milliseconds {
            let now = sink.options.clock.now
            for (partition, file) in open where now >= file.begun.advanced(byMilliseconds: maxAge) {
                try seal(partition, file)
            }
        }
        writes += 1
        var partition = ""
        var file = sink.partition == nil ? open[""] : nil
        for i in 0..<batch.count {
            if let name = try sink.partition?(batch.elements[i]), file == nil || name != partition {
                partition = name
                file = open[name]
            }
            let target = try file ?? begin(partition)
            file = target
            target.lastWrite = writes
            try sink.encoding.append(batch.elements[i], &target.bytes)
            if target.bytes.count >= OpenFile.piece { try target.writePieces() }
            guard target.count + target.bytes.count >= sink.options.maxBytes else { continue }
            try seal(partition, target)
            file = nil
        }
    }

    /// Ends the files and makes them durable, under the names that readers skip.
    public mutating func prepare() throws -> RollingFileTransaction? {
        // In the order of their names, so that a run is like another.
        for (partition, file) in open.sorted(by: { $0.value.number < $1.value.number }) { try seal(partition, file) }
        guard !files.isEmpty else { return nil }
        for partition in Set(files.map(\.partition)) {
            try FileTree.synchronise(directory: RollingFileCommitter.path(sink.directory, partition))
        }
        defer { files = [] }
        return RollingFileTransaction(files: files)
    }

    private mutating func begin(_ partition: String) throws -> OpenFile {
        try check(partition)
        if open.count >= sink.options.maxOpenFiles,
            let oldest = open.min(by: { ($0.value.lastWrite, $0.value.number) < ($1.value.lastWrite, $1.value.number) })
        {
            try seal(oldest.key, oldest.value)
        }
        let name =
            "\(sink.options.prefix)-\(Self.padded(worker, 3))-\(Self.padded(epoch, 8))-\(Self.padded(number, 4))"
            + sink.encoding.fileExtension + sink.options.compression.fileExtension
        let directory = RollingFileCommitter.path(sink.directory, partition)
        try FileTree.make(directory: directory)
        try keep(directory)
        if try FileTree.exists(directory + "/" + name) { throw RollingFileCommitter.occupied(directory + "/" + name) }
        let file = RollingFileTransaction.File(partition: partition, pending: owner.pending(name), name: name)
        let opened = try OpenFile(
            path: directory + "/" + file.pending, compression: sink.options.compression, number: number,
            begun: sink.options.maxAge == nil ? 0 : sink.options.clock.now)
        opened.bytes = sink.encoding.header
        number += 1
        files.append(file)
        open[partition] = opened
        return opened
    }

    /// Makes the names of a directory and of those above it durable, once.
    ///
    /// Whoever made them may have crashed, or not have got so far.
    private mutating func keep(_ directory: String) throws {
        var path = directory
        while known.insert(path).inserted {
            path = FileTree.parent(of: path)
            try FileTree.synchronise(directory: path)
        }
    }

    private mutating func seal(_ partition: String, _ file: OpenFile) throws {
        try file.seal()
        open[partition] = nil
    }

    private func check(_ partition: String) throws {
        guard sink.partition != nil else { return }
        let parts = partition.split(separator: "/", omittingEmptySubsequences: false)
        let isWell = parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
        if isWell { return }
        throw FileError(
            path: RollingFileCommitter.path(sink.directory, partition), operation: "partition", errno: 0,
            message:
                "'\(partition)' can't be a directory under '\(sink.directory)': its parts must not be empty or begin "
                + "with a dot; change what the sink's partition function returns")
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}

/// A file that is being written.
private final class OpenFile {
    /// What is compressed and written at once; always as much, so that the same records give the same bytes.
    static let piece = 1 << 16

    /// What was not written yet.
    var bytes: [UInt8] = []
    /// The number of bytes written, before compression.
    private(set) var count = 0
    let number: Int
    let begun: Timestamp
    var lastWrite = 0
    private let path: String
    private let file: OutputFile
    private let compressor: FrameCompressor?

    init(path: String, compression: FileCompression, number: Int, begun: Timestamp) throws {
        self.path = path
        self.number = number
        self.begun = begun
        file = try OutputFile(path: path, partialPath: path)
        compressor = FrameCompressor(compression)
        if compression != .none && compressor == nil { throw Self.failure(path, "there is no memory for it") }
    }

    func writePieces() throws {
        var start = 0
        while bytes.count - start >= Self.piece {
            try write(Array(bytes[start..<start + Self.piece]), ends: false)
            start += Self.piece
        }
        bytes.removeFirst(start)
    }

    func seal() throws {
        try writePieces()
        try write(bytes, ends: true)
        bytes = []
        try file.seal()
    }

    private func write(_ piece: [UInt8], ends: Bool) throws {
        count += piece.count
        guard let compressor else { return try file.append(piece) }
        var compressed: [UInt8] = []
        if let problem = compressor.compress(piece, ends: ends, into: &compressed) { throw Self.failure(path, problem) }
        try file.append(compressed)
    }

    private static func failure(_ path: String, _ problem: String) -> FileError {
        FileError(path: path, operation: "compress", errno: 0, message: "can't compress '\(path)': \(problem)")
    }
}
