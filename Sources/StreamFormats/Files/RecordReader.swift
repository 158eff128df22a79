#if canImport(Glibc)
    public import Glibc
#elseif canImport(Musl)
    public import Musl
#else
    public import Darwin
#endif

/// Cuts the bytes of a source into records.
///
/// Blank lines are passed over, and what follows the last newline is a record too. A record longer than allowed is
/// reported once and skipped to its end; memory stays bounded by that length and the block size. A UTF-8 byte order
/// mark at the very start is passed over. Used by one thread at a time.
///
/// Invariants of the buffer: 0 ≤ `start` ≤ `scanned` ≤ `filled` ≤ `capacity`; `start` is the first byte of the next
/// record, no record ends in `start..<scanned`, and 64 readable bytes follow `capacity`.
@frozen public struct RecordReader: ~Copyable {
    @usableFromInline var buffer: UnsafeMutableRawPointer
    @usableFromInline var start = 0
    @usableFromInline var scanned = 0
    @usableFromInline var filled = 0
    @usableFromInline var capacity: Int
    /// The position in the source of the buffer's first byte.
    @usableFromInline var bufferOffset: Int64
    @usableFromInline var csv = CSVFrameScanner()
    @usableFromInline var sourceIsAtEnd = false
    @usableFromInline let framing: RecordFraming
    @usableFromInline let maxRecordLength: Int
    @usableFromInline let blockSize: Int
    @usableFromInline let source: any ByteSource

    /// How many bytes after a record may be read, whatever they are; so that wide loads need no care at its end.
    @inlinable public static var padding: Int { 64 }
    /// How many bytes of a record that is too long are shown, at most.
    @usableFromInline static var prefixLimit: Int { 256 }

    /// Reads records from a source.
    ///
    /// - Parameters:
    ///   - source: Where the bytes come from.
    ///   - framing: Where records end.
    ///   - offset: The position of the source's first byte; must be a record's first byte, or see
    ///     `skipToNextRecord()`.
    ///   - maxRecordLength: The longest record allowed in bytes, its newline not counted; at least 1.
    ///   - blockSize: How many bytes the buffer has at first; at least 1.
    public init(
        source: any ByteSource, framing: RecordFraming = .lines, offset: Int64 = 0, maxRecordLength: Int = 1 << 20,
        blockSize: Int = 1 << 18
    ) {
        precondition(maxRecordLength > 0 && maxRecordLength < 1 << 40, "the longest record has 1 to 2^40 bytes")
        precondition(blockSize > 0, "a block has at least one byte")
        self.source = source
        self.framing = framing
        self.maxRecordLength = maxRecordLength
        self.blockSize = blockSize
        bufferOffset = offset
        capacity = blockSize
        buffer = RecordReader.allocate(blockSize)
    }

    /// Opens a file, plain or compressed with gzip, and reads records from it.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - framing: Where records end.
    ///   - position: The byte (of the inflated text) to start at, such as an earlier reader's `position`.
    ///   - maxRecordLength: The longest record allowed in bytes, its newline not counted; at least 1.
    ///   - blockSize: How many bytes the buffer has at first; at least 1.
    public init(
        path: String, framing: RecordFraming = .lines, from position: Int64 = 0, maxRecordLength: Int = 1 << 20,
        blockSize: Int = 1 << 18
    ) throws(FileError) {
        let source = try FileByteSource(path: path, from: position)
        self.init(
            source: source, framing: framing, offset: position, maxRecordLength: maxRecordLength, blockSize: blockSize)
    }

    deinit {
        buffer.deallocate()
    }

    /// The position after the record given out last: where another reader would go on.
    @inlinable
    public var position: Int64 { bufferOffset + Int64(start) }

    /// The next record, or nil at the end of the source.
    ///
    /// The record's bytes are valid until the next call. After an error the reader is of no more use.
    @inlinable
    public mutating func next() throws(FileError) -> FramedRecord? {
        if case .lengths = framing { return try nextOfLength() }
        while true {
            if let newline = findEnd() {
                let first = start
                start = newline + 1
                scanned = newline + 1
                if let record = record(first, newline) { return record }
            } else {
                switch try advance() {
                case .scan: continue
                case .emit(let record): return record
                case .end: return nil
                }
            }
        }
    }

    @usableFromInline
    @frozen enum Step {
        case scan, end
        case emit(FramedRecord)
    }

    /// The place of the newline that ends the record at `start`, or nil when it is not in the buffer.
    @inlinable @inline(__always)
    mutating func findEnd() -> Int? {
        guard scanned < filled else { return nil }
        switch framing {
        case .lines:
            guard let newline = memchr(buffer + scanned, 0x0A, filled - scanned) else { return nil }
            return UnsafeRawPointer(newline) - UnsafeRawPointer(buffer)
        case .csv(let delimiter):
            let base = UnsafeRawPointer(buffer)
            guard let newline = csv.findEnd(base + scanned, base + filled, delimiter: delimiter) else { return nil }
            csv.reset()
            return newline - base
        case .lengths: return nil
        }
    }

    /// The record between two places; nil when it is blank.
    @inlinable @inline(__always)
    func record(_ first: Int, _ newline: Int) -> FramedRecord? {
        var length = newline - first
        if length > 0, (UnsafeRawPointer(buffer) + (newline - 1)).byte == 0x0D { length -= 1 }
        if length == 0 { return nil }
        let offset = bufferOffset + Int64(first)
        if length > maxRecordLength { return tooLong(first, Int64(length), offset) }
        return .record(UnsafeRawBufferPointer(start: buffer + first, count: length), offset: offset)
    }

    @usableFromInline @inline(never)
    func tooLong(_ first: Int, _ length: Int64, _ offset: Int64) -> FramedRecord {
        let shown = min(RecordReader.prefixLimit, maxRecordLength)
        return .tooLong(
            offset: offset, length: length, prefix: UnsafeRawBufferPointer(start: buffer + first, count: shown))
    }

    static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity + padding, alignment: 64)
        memset(memory + capacity, 0, padding)
        return memory
    }
}
