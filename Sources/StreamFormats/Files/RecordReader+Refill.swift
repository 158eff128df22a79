#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension RecordReader {
    /// Passes over the rest of a record in whose midst the reader started, through its newline.
    ///
    /// To read a file in ranges, start a reader one byte before the range, call this, and read on until a record's
    /// offset is at or after the range's end: each record is then read by exactly one reader. Only for line framing,
    /// as a newline that may be quoted proves nothing.
    ///
    /// - Returns: Whether there is anything after the newline.
    public mutating func skipToNextRecord() throws(FileError) -> Bool {
        precondition(framing == .lines, "only a file of lines can be entered in the midst of a record")
        while true {
            if let newline = findEnd() {
                start = newline + 1
                scanned = newline + 1
                return true
            }
            start = filled
            scanned = filled
            if sourceIsAtEnd { return false }
            try refill()
        }
    }

    /// What to do when no record ends in the buffer: read on, give out the last record, or skip one too long.
    @usableFromInline @inline(never)
    mutating func advance() throws(FileError) -> Step {
        scanned = filled
        if sourceIsAtEnd {
            let first = start
            start = filled
            csv.reset()
            guard first < filled, let last = record(first, filled) else { return .end }
            return .emit(last)
        }
        // One byte more may be the carriage return of a newline that is not read yet.
        if filled - start > maxRecordLength + 1 { return .emit(try skipOverlong()) }
        try refill()
        return .scan
    }

    /// Reads more bytes behind those not yet given out.
    mutating func refill() throws(FileError) {
        let isFirst = filled == 0 && bufferOffset == 0
        let kept = filled - start
        if start > 0 {
            memmove(buffer, buffer + start, kept)
            bufferOffset += Int64(start)
            start = 0
            scanned = kept
            filled = kept
        }
        // Growing by halves keeps reads large; the limit keeps a record within bounds.
        if filled > capacity / 2 || filled == capacity { grow() }
        try readMore()
        if isFirst, framing != .lengths { try skipByteOrderMark() }
    }

    private mutating func grow() {
        let limit = maxRecordLength + 2 + blockSize
        let size = min(max(capacity * 2, filled + 1), max(limit, capacity))
        guard size > capacity else { return }
        let larger = RecordReader.allocate(size)
        memcpy(larger, buffer, filled)
        buffer.deallocate()
        buffer = larger
        capacity = size
    }

    private mutating func readMore() throws(FileError) {
        let count = try read(into: filled)
        filled += count
    }

    /// Reads behind the first `place` bytes of the buffer.
    mutating func read(into place: Int) throws(FileError) -> Int {
        do throws(FileError) {
            let count = try source.read(into: .init(start: buffer + place, count: capacity - place))
            if count == 0 { sourceIsAtEnd = true }
            return count
        } catch {
            sourceIsAtEnd = true
            start = place
            scanned = place
            filled = place
            throw error
        }
    }

    private mutating func skipByteOrderMark() throws(FileError) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        func matches(_ count: Int) -> Bool {
            memcmp(buffer, mark, min(count, mark.count)) == 0
        }
        while filled < mark.count, filled > 0, !sourceIsAtEnd, matches(filled) {
            if filled == capacity { grow() }
            try readMore()
        }
        if filled >= mark.count, matches(filled) {
            start = mark.count
            scanned = mark.count
        }
    }

    /// Reads to the end of the record at `start`, keeping only how it begins.
    private mutating func skipOverlong() throws(FileError) -> FramedRecord {
        let offset = position
        var length = Int64(filled - start)
        var last = (UnsafeRawPointer(buffer) + (filled - 1)).byte
        let kept = min(RecordReader.prefixLimit, maxRecordLength)
        memmove(buffer, buffer + start, kept)
        while true {
            // The block behind the prefix begins at this position of the source.
            bufferOffset = offset + length - Int64(kept)
            start = kept
            scanned = kept
            filled = kept
            filled += try read(into: kept)
            let newline = findEnd()
            let end = newline ?? filled
            if end > kept { last = (UnsafeRawPointer(buffer) + (end - 1)).byte }
            length += Int64(end - kept)
            if newline == nil, !sourceIsAtEnd { continue }
            start = newline.map { $0 + 1 } ?? filled
            scanned = start
            return tooLong(0, last == 0x0D ? length - 1 : length, offset)
        }
    }
}
