public import StreamCore
public import StreamFormats

/// How a ``RollingFileSink`` divides its records into files.
public struct RollingFileOptions: Sendable {
    /// Where a marker says that the output is complete.
    public enum SuccessMarker: Sendable {
        /// Nowhere.
        case none
        /// In the sink's directory.
        case directory
        /// In each directory that has files.
        case eachPartition
    }

    /// What the files' names begin with; the default is `part`.
    ///
    /// Steps that share a directory need different ones.
    public var prefix = "part"
    /// How the files are compressed; the default is not at all.
    public var compression = FileCompression.none
    /// A file of so many bytes, before compression, is full and followed by another one; the default is 128 MiB.
    public var maxBytes = 128 << 20
    /// A file that was begun so long ago is followed by another one; the default is never.
    ///
    /// Files end with each snapshot anyway. This is for jobs that take them seldom.
    public var maxAge: Duration?
    /// Tells the files' age; the default is the machine's clock.
    public var clock: any ProcessingClock = SystemClock()
    /// The number of files that a worker has open; the default is 64.
    ///
    /// When records of more partitions come, the file that was written to least recently ends.
    public var maxOpenFiles = 64
    /// Where an empty file `_SUCCESS` says that the input has ended and all is there; the default is nowhere.
    ///
    /// It is removed when files are added later.
    public var successMarker = SuccessMarker.none

    /// The default options.
    public init() {}
}
