public import StreamCore
public import StreamFormats

/// Where a record lies in its source.
@frozen
public struct RecordPosition: Sendable {
    /// The file's path.
    public let path: String
    /// The file's index among those of its source.
    public let file: Int
    /// The record's first byte, in the uncompressed text.
    public let offset: Int64

    /// A position.
    @inlinable
    public init(path: String, file: Int, offset: Int64) {
        self.path = path
        self.file = file
        self.offset = offset
    }
}

/// How a file is cut into records and each one turned into elements.
///
/// A format of one's own needs nothing else; ``JSONLines`` and ``CSVRecords`` are examples.
public protocol RecordFormat<Element>: Sendable {
    /// What records are turned into.
    associatedtype Element: Sendable
    /// What decodes the records of one file.
    associatedtype Decoder: RecordDecoder<Element>

    /// Where a record ends.
    var framing: RecordFraming { get }

    /// Whether the first record of a file describes the others; a reader that begins later still decodes it first.
    ///
    /// The default is false.
    var hasHeader: Bool { get }

    /// A decoder for one file, from its beginning.
    func makeDecoder() -> Decoder
}

extension RecordFormat {
    /// Whether the first record describes the others: no.
    public var hasHeader: Bool { false }
}

/// Decodes the records of one file, in their order.
public protocol RecordDecoder<Element> {
    /// What records are turned into.
    associatedtype Element: Sendable

    /// Turns a record into any number of elements.
    ///
    /// - Parameters:
    ///   - record: the bytes, without the line's end; valid during the call only. 64 more bytes may be read.
    ///   - position: where the record lies.
    ///   - output: takes the elements.
    /// - Throws: `DecodeError` for a record that becomes a dead letter; ``FormatError`` when the whole file is wrong.
    mutating func decode(
        _ record: UnsafeRawBufferPointer, at position: RecordPosition, into output: SourceOutput<Element>) throws
}

/// A file that isn't what its format says, as a whole.
public struct FormatError: Error, Sendable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong and what to do.
    public let message: String

    /// An error of the given file.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    /// `path: message`.
    public var description: String { "\(path): \(message)" }
}
