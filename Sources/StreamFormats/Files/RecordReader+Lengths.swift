#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension RecordReader {
    /// The next record that has its length in front.
    @usableFromInline @inline(never)
    mutating func nextOfLength() throws(FileError) -> FramedRecord? {
        // The length, and the 4 bytes that every record has.
        guard try fill(8) else {
            guard start == filled else { throw cutOff() }
            return nil
        }
        let offset = position
        let length = Int((buffer + start).loadUnaligned(as: UInt32.self).littleEndian)
        guard length <= maxRecordLength else { return try skip(length, offset) }
        guard try fill(8 + length) else { throw cutOff() }
        let first = start + 4
        start += 8 + length
        scanned = start
        return .record(UnsafeRawBufferPointer(start: buffer + first, count: 4 + length), offset: offset)
    }

    /// Whether there are so many bytes at `start`, now that they were read.
    private mutating func fill(_ count: Int) throws(FileError) -> Bool {
        while filled - start < count && !sourceIsAtEnd { try refill() }
        return filled - start >= count
    }

    /// Reads to the end of a record that is too long, keeping how it begins.
    private mutating func skip(_ length: Int, _ offset: Int64) throws(FileError) -> FramedRecord {
        let kept = min(RecordReader.prefixLimit, maxRecordLength, filled - start - 8)
        var left = 8 + length - (filled - start)
        if left <= 0 {
            let first = start + 8
            start += 8 + length
            scanned = start
            return .tooLong(
                offset: offset, length: Int64(length),
                prefix: UnsafeRawBufferPointer(start: buffer + first, count: kept))
        }
        memmove(buffer, buffer + start + 8, kept)
        let end = offset + Int64(8 + length)
        while left > 0 {
            let count = try read(into: kept)
            if count == 0 { throw cutOff() }
            let taken = min(count, left)
            left -= taken
            // What is behind the record stays.
            start = kept + taken
            scanned = start
            filled = kept + count
        }
        bufferOffset = end - Int64(start)
        return .tooLong(
            offset: offset, length: Int64(length), prefix: UnsafeRawBufferPointer(start: buffer, count: kept))
    }

    private func cutOff() -> FileError {
        let path = (source as? FileByteSource)?.path ?? "the input"
        return FileError(
            path: path, operation: "read", errno: 0,
            message:
                "'\(path)' ends in the midst of the record at byte \(position): it was cut off, or a length in it is "
                + "damaged; write the file anew, or leave it out")
    }
}
