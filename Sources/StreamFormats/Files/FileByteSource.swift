#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What inflates a compressed file.
protocol ByteInflater: AnyObject {
    /// Fills the buffer with the next bytes of text; 0 at the end.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, from file: borrowing FileDescriptor
    ) throws(FileError) -> Int
}

/// The bytes of a file from a position on; what is compressed with gzip, LZ4 or Zstandard is inflated.
///
/// The format is told by a file's first bytes, whatever its name is. Positions then count the inflated bytes,
/// and starting at one means to inflate all that comes before it. Used by one thread at a time.
public final class FileByteSource: ByteSource {
    /// The file's path, as given.
    public let path: String
    /// Whether the file is compressed.
    public var isCompressed: Bool { inflater != nil }

    private let descriptor: FileDescriptor
    private let inflater: (any ByteInflater)?
    /// The bytes read to recognise the format, which plain reading gives out first.
    private var head: [UInt8]

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - position: The byte to start at; it is an error when the file is shorter, since then it is not the file that
    ///     the position was taken from.
    public init(path: String, from position: Int64 = 0) throws(FileError) {
        precondition(position >= 0, "a position in a file is not negative")
        let descriptor = try FileDescriptor(opening: path)
        var head: [UInt8] = [0, 0, 0, 0]
        let count = try FileByteSource.fill(&head, from: descriptor)
        head.removeSubrange(count...)
        self.path = path
        let found: (any ByteInflater)? =
            head.starts(with: [0x1F, 0x8B])
            ? GzipInflater(path: path, head: head) : FrameExpander(path: path, head: head)
        if let inflater = found {
            try FileByteSource.discard(position, path: path) { buffer throws(FileError) in
                try inflater.read(into: buffer, from: descriptor)
            }
            self.inflater = inflater
            self.head = []
        } else {
            inflater = nil
            if position <= Int64(head.count) {
                self.head = Array(head.dropFirst(Int(position)))
            } else if let size = descriptor.size {
                guard position <= size else { throw FileByteSource.tooShort(path, position) }
                try descriptor.seek(to: position)
                self.head = []
            } else {
                try FileByteSource.discard(position - Int64(head.count), path: path) { buffer throws(FileError) in
                    try descriptor.read(into: buffer)
                }
                self.head = []
            }
        }
        self.descriptor = descriptor
    }

    /// Fills the buffer with the next bytes of the file, inflated where it is compressed; 0 at its end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        if let inflater { return try inflater.read(into: buffer, from: descriptor) }
        if !head.isEmpty, !buffer.isEmpty {
            let count = min(head.count, buffer.count)
            buffer.copyBytes(from: head.prefix(count))
            head.removeFirst(count)
            return count
        }
        return try descriptor.read(into: buffer)
    }

    private static func fill(_ bytes: inout [UInt8], from descriptor: borrowing FileDescriptor) throws(FileError) -> Int
    {
        var filled = 0
        while filled < bytes.count {
            let room = bytes.count - filled
            var chunk = [UInt8](repeating: 0, count: room)
            let count = try descriptor.read(into: &chunk)
            if count == 0 { break }
            bytes.replaceSubrange(filled..<filled + count, with: chunk[..<count])
            filled += count
        }
        return filled
    }

    private static func discard(
        _ count: Int64, path: String, read: (UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    ) throws(FileError) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { scratch.deallocate() }
        var left = count
        while left > 0 {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: scratch[..<Int(min(left, Int64(scratch.count)))])
            let found = try read(wanted)
            guard found > 0 else { throw tooShort(path, count) }
            left -= Int64(found)
        }
    }

    private static func tooShort(_ path: String, _ position: Int64) -> FileError {
        FileError(
            path: path, operation: "seek", errno: 0,
            message: "cannot go on at byte \(position) of '\(path)': the file is shorter; it was cut off or replaced "
                + "since that position was recorded")
    }
}
