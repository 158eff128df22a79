public import StreamCore
public import StreamFormats

/// Reads files, plain or gzip, each a split of its own, on the worker that it is assigned to.
///
/// A record that its format rejects becomes a dead letter with the file, the byte offset and the reason; so does a line
/// longer than ``maxRecordLength``. Memory doesn't grow with the files' size.
public struct FileSource<Format: RecordFormat>: Source {
    /// What the records are turned into.
    public typealias Element = Format.Element

    /// A file, and its place among those of the source.
    public struct Split: Sendable {
        /// The path.
        public let path: String
        /// The index.
        public let index: Int
    }

    /// The files' paths.
    public let paths: [String]
    /// How they are read.
    public let format: Format
    /// The longest record in bytes; a longer one is rejected.
    ///
    /// The default is 1 MiB.
    public var maxRecordLength = 1 << 20

    /// The files at `paths`.
    public init(_ paths: [String], format: Format) {
        self.paths = paths
        self.format = format
    }

    /// The file at `path`.
    public init(_ path: String, format: Format) { self.init([path], format: format) }

    /// A split per file.
    public func splits(parallelism: Int) throws -> [Split] {
        paths.enumerated().map { Split(path: $0.element, index: $0.offset) }
    }

    /// The file's path.
    public func name(of split: Split, number: Int) -> String { split.path }

    /// A reader of a file, from its beginning.
    @inlinable
    public func makeReader(for split: Split) throws -> FileSplitReader<Format> {
        try FileSplitReader(
            path: split.path, index: split.index, format: format, maxRecordLength: maxRecordLength)
    }

    /// Opens a file at the record that begins at a byte (of the inflated text).
    @inlinable
    public func makeReader(for split: Split, from position: SplitPosition) throws -> FileSplitReader<Format> {
        try FileSplitReader(
            path: split.path, index: split.index, format: format, maxRecordLength: maxRecordLength,
            from: try position.offset)
    }
}

/// Reads one file.
public struct FileSplitReader<Format: RecordFormat>: SplitReader {
    /// What the records are turned into.
    public typealias Element = Format.Element

    /// Keeps the reader, which can't be copied.
    @usableFromInline
    final class Cell {
        @usableFromInline var records: RecordReader

        @inlinable
        init(_ records: consuming RecordReader) { self.records = records }
    }

    @usableFromInline let path: String
    @usableFromInline let index: Int
    @usableFromInline let cell: Cell
    @usableFromInline var decoder: Format.Decoder

    @inlinable
    init(path: String, index: Int, format: Format, maxRecordLength: Int, from position: Int64 = 0) throws {
        self.path = path
        self.index = index
        decoder = format.makeDecoder()
        let framing = format.framing
        if position > 0 && format.hasHeader {
            var header = try RecordReader(path: path, framing: framing, maxRecordLength: maxRecordLength)
            if case .record(let bytes, let offset)? = try header.next() {
                let nothing = SourceOutput<Element>(batchSize: 1)
                try decoder.decode(bytes, at: RecordPosition(path: path, file: index, offset: offset), into: nothing)
            }
        }
        cell = Cell(
            try RecordReader(path: path, framing: framing, from: position, maxRecordLength: maxRecordLength))
    }

    /// Reads until the output is full or the file has ended.
    @inlinable
    public mutating func read(into output: SourceOutput<Element>) throws -> ReadStatus {
        while !output.isFull {
            guard let record = try cell.records.next() else { return .end }
            switch record {
            case .record(let bytes, let offset):
                do {
                    try decoder.decode(bytes, at: RecordPosition(path: path, file: index, offset: offset), into: output)
                } catch let error as DecodeError {
                    output.reject(
                        DeadLetter(source: path, offset: offset, reason: "\(error)", bytes: Self.shortened(bytes)))
                }
            case .tooLong(let offset, let length, let prefix):
                output.reject(
                    DeadLetter(
                        source: path, offset: offset,
                        reason: "\(DecodeError.Code.lineTooLong): the record has \(length) bytes; shorten it or raise "
                            + "maxRecordLength", bytes: Self.shortened(prefix)))
            }
        }
        return .more
    }

    /// The byte offset, in the uncompressed file, of what is read next.
    @inlinable public var position: Int64 { cell.records.position }

    /// The byte at which the next record begins.
    @inlinable public var restartPosition: SplitPosition? { SplitPosition(cell.records.position) }

    /// At most 4 KiB of a record.
    @usableFromInline
    static func shortened(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { Array(bytes.prefix(4_096)) }
}
