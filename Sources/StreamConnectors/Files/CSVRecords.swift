public import StreamCore
public import StreamFormats

/// Comma-separated records (RFC 4180) under a header line, which tells where each wanted column is.
///
/// ```swift
/// let format = CSVRecords<Click>(columns: ["user", "at"]) { row, column, _, emit throws(DecodeError) in
///     emit(Click(user: try row.string(column[0]), at: try row.timestamp(column[1])))
/// }
/// ```
public struct CSVRecords<Element: Sendable>: RecordFormat {
    /// Turns a row into elements: the row, the indices of the wanted columns, where the row lies, what takes elements.
    public typealias Read = @Sendable (CSVRow, [Int], RecordPosition, (Element) -> Void) throws(DecodeError) -> Void

    let columns: [String]
    let delimiter: UInt8
    let leadingJunk: String
    let read: Read

    /// A format whose rows `read` turns into elements.
    ///
    /// - Parameters:
    ///   - columns: the names of the wanted columns; a file without one of them is refused.
    ///   - delimiter: the byte between fields; a comma by default.
    ///   - leadingJunk: characters to pass over before the header's first name.
    ///   - read: turns a row into elements.
    public init(columns: [String], delimiter: UInt8 = 0x2C, leadingJunk: String = "", _ read: @escaping Read) {
        self.columns = columns
        self.delimiter = delimiter
        self.leadingJunk = leadingJunk
        self.read = read
    }

    /// Lines, but for newlines within quotes.
    public var framing: RecordFraming { .csv(delimiter: delimiter) }

    /// The first line names the columns.
    public var hasHeader: Bool { true }

    /// A decoder.
    public func makeDecoder() -> CSVDecoder<Element> { CSVDecoder(format: self) }
}

/// Decodes comma-separated records; the first one is the header.
public struct CSVDecoder<Element: Sendable>: RecordDecoder {
    private let format: CSVRecords<Element>
    private var row: CSVRow?
    private var columns: [Int] = []

    init(format: CSVRecords<Element>) { self.format = format }

    /// Decodes a record.
    public mutating func decode(
        _ record: UnsafeRawBufferPointer, at position: RecordPosition, into output: SourceOutput<Element>
    ) throws {
        guard row != nil else {
            do {
                let header = try CSVHeader(record, delimiter: format.delimiter, skipping: format.leadingJunk)
                columns = try format.columns.map { try header.index(of: $0) }
                row = header.makeRow()
            } catch {
                throw FormatError(
                    path: position.path,
                    message: "the first line is not the header that is expected (\(error)); the columns needed are "
                        + format.columns.joined(separator: ", "))
            }
            return
        }
        try row?.read(record)
        if let row { try format.read(row, columns, position) { output.emit($0) } }
    }
}
