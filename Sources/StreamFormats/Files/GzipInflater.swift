internal import CZlib

/// Inflates a gzip file of one or more members, one after the other.
final class GzipInflater: ByteInflater {
    private let path: String
    /// zlib keeps a pointer to this, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private let status: Int32
    /// Bytes of the file read so far, and of the text inflated so far.
    private var fileBytes: Int64
    private var textBytes: Int64 = 0
    private var isBetweenMembers = false
    private var isAtEnd = false

    /// - Parameter head: The file's first bytes, already read.
    init(path: String, head: [UInt8]) {
        self.path = path
        input = .allocate(byteCount: 1 << 16, alignment: 16)
        input.copyBytes(from: head)
        fileBytes = Int64(head.count)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(head.count)
        // 16 asks for gzip's header and check sums, and 15 for the largest window.
        status = inflateInit2_(stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        if status == Z_OK { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills the buffer with the next bytes of text; 0 at the end.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, from file: borrowing FileDescriptor
    ) throws(FileError) -> Int {
        guard status == Z_OK else { throw failure("zlib could not start (\(status)); is there memory left?") }
        let room = UInt32(clamping: buffer.count)
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = room
        while stream.pointee.avail_out == room, room > 0, !isAtEnd {
            if stream.pointee.avail_in == 0, try !refill(from: file) {
                guard isBetweenMembers else { throw failure("the compressed file is cut off; fetch it anew") }
                isAtEnd = true
                break
            }
            if isBetweenMembers {
                guard try startsMember() else { continue }
            }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: isBetweenMembers = true
            case Z_MEM_ERROR: throw failure("out of memory")
            default:
                let reason = stream.pointee.msg.map { String(cString: $0) } ?? "unknown reason"
                throw failure("the compressed data is corrupt (\(reason)); fetch the file anew")
            }
        }
        let count = Int(room - stream.pointee.avail_out)
        textBytes += Int64(count)
        return count
    }

    /// Whether another member starts at the input; zeros that pad the file's end are passed over.
    private func startsMember() throws(FileError) -> Bool {
        guard let next = stream.pointee.next_in else { return false }
        if next.pointee == 0 {
            stream.pointee.next_in = next + 1
            stream.pointee.avail_in -= 1
            return false
        }
        guard next.pointee == 0x1F, inflateReset(stream) == Z_OK else {
            throw failure("something that is not gzip follows the compressed data; cut the file there")
        }
        isBetweenMembers = false
        return true
    }

    private func refill(from file: borrowing FileDescriptor) throws(FileError) -> Bool {
        let count = try file.read(into: input)
        fileBytes += Int64(count)
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
        return count > 0
    }

    private func failure(_ text: String) -> FileError {
        let place = fileBytes - Int64(stream.pointee.avail_in)
        return FileError(
            path: path, operation: "inflate", errno: 0,
            message: "cannot inflate '\(path)' at byte \(place) of the file (after \(textBytes) bytes of text): \(text)"
        )
    }
}
