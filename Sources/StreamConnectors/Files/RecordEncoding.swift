public import StateBackend
public import StreamFormats

/// How records become the bytes of a file: the writing side of ``RecordFormat``.
public struct RecordEncoding<Element: Sendable>: Sendable {
    /// What a file's name ends with, with its dot.
    public let fileExtension: String
    /// The bytes with which a file begins.
    public let header: [UInt8]
    /// Appends a record to the bytes.
    @usableFromInline let append: @Sendable (Element, inout [UInt8]) throws -> Void

    /// An encoding.
    ///
    /// - Parameters:
    ///   - fileExtension: what a file's name ends with, with its dot.
    ///   - header: the bytes with which a file begins.
    ///   - append: appends a record to the bytes, with whatever ends it.
    public init(
        fileExtension: String, header: [UInt8] = [],
        append: @escaping @Sendable (Element, inout [UInt8]) throws -> Void
    ) {
        self.fileExtension = fileExtension
        self.header = header
        self.append = append
    }

    /// A line of text per record, as `text` makes it, without its end.
    @inlinable
    public static func lines(
        fileExtension: String = ".txt", _ text: @escaping @Sendable (Element) -> String
    ) -> RecordEncoding {
        RecordEncoding(fileExtension: fileExtension) { element, bytes in
            bytes.append(contentsOf: text(element).utf8)
            bytes.append(0x0A)
        }
    }

    /// A JSON value per line; `write` writes it without the line's end.
    @inlinable
    public static func jsonLines(
        _ write: @escaping @Sendable (Element, inout JSONWriter) throws -> Void
    ) -> RecordEncoding {
        RecordEncoding(fileExtension: ".jsonl") { element, bytes in
            var json = JSONWriter()
            // The writer takes the bytes over, so that nothing is copied.
            swap(&json.bytes, &bytes)
            defer { swap(&json.bytes, &bytes) }
            try write(element, &json)
            json.newline()
        }
    }

    /// Comma-separated records (RFC 4180) under a line of column names; `write` writes the fields without the row's end.
    @inlinable
    public static func csv(
        columns: [String], delimiter: UInt8 = 0x2C,
        _ write: @escaping @Sendable (Element, inout CSVWriter) throws -> Void
    ) -> RecordEncoding {
        var header = CSVWriter(delimiter: delimiter)
        for column in columns { header.field(column) }
        header.endRow()
        return RecordEncoding(fileExtension: ".csv", header: header.bytes) { element, bytes in
            var csv = CSVWriter(delimiter: delimiter)
            swap(&csv.bytes, &bytes)
            defer { swap(&csv.bytes, &bytes) }
            try write(element, &csv)
            csv.endRow()
        }
    }

    /// Weir's own form: each record by its codec, with length and checksum; ``BinaryRecords`` reads it.
    ///
    /// A file begins with the schema of what was written, so that a later program reads it as it reads a snapshot: also
    /// when fields were added, and through migrations.
    @inlinable
    public static func binary(_ codec: StateCodec<Element> = .automatic) -> RecordEncoding {
        RecordEncoding(fileExtension: ".weir", header: BinaryFraming.header(codec.schema)) { element, bytes in
            var encoder = StateEncoder()
            swap(&encoder.bytes, &bytes)
            defer { swap(&encoder.bytes, &bytes) }
            let start = BinaryFraming.begin(&encoder)
            try codec.encode(element, into: &encoder)
            try BinaryFraming.end(start, &encoder)
        }
    }
}
