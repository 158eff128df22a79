/// Where one record of a file ends and the next begins.
@frozen public enum RecordFraming: Sendable, Hashable {
    /// Each line is a record; lines end with `\n` or `\r\n`.
    case lines
    /// As lines, except that a newline within a quoted CSV field ends no record.
    ///
    /// A quote opens a field only at the field's start, so that a stray one elsewhere does not swallow what follows.
    case csv(delimiter: UInt8 = 0x2C)
    /// Each record has its length in front, 4 bytes with the lowest first; then 4 more bytes, and as many as it says.
    ///
    /// The 4 bytes, a checksum, count as the record's first. See `RecordEncoding.binary` of the connectors.
    case lengths
}

/// A record as it lies in a file.
///
/// The bytes are borrowed from the reader and valid until its next call.
@frozen public enum FramedRecord {
    /// A record without its newline, and the position of its first byte.
    case record(UnsafeRawBufferPointer, offset: Int64)
    /// A record longer than allowed: the position of its first byte, its length in bytes, and how it begins.
    case tooLong(offset: Int64, length: Int64, prefix: UnsafeRawBufferPointer)
}
