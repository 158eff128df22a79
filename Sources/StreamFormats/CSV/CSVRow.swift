/// One record of a CSV file, split into fields by RFC 4180; made once and filled again for every record.
///
/// ```swift
/// var row = header.makeRow()
/// try row.read(bytes)
/// click.ip = try row.int64(ip)
/// ```
///
/// Invariant: between one `read` and the next the record's bytes must stay where they are.
public struct CSVRow {
    @usableFromInline
    @frozen struct Field {
        @usableFromInline var start: UInt32
        @usableFromInline var length: UInt32
        @usableFromInline var hasQuotes: Bool

        @inlinable @inline(__always)
        init(start: UInt32, length: UInt32, hasQuotes: Bool) {
            self.start = start
            self.length = length
            self.hasQuotes = hasQuotes
        }
    }

    @usableFromInline var record = UnsafeRawBufferPointer(start: nil, count: 0)
    @usableFromInline var fields: [Field]
    /// The name of each column, for messages; may be empty.
    let names: [String]
    let delimiter: UInt8

    /// Makes a row for records of so many columns.
    ///
    /// - Parameters:
    ///   - columnCount: How many fields each record must have; at least 1.
    ///   - delimiter: The byte between two fields, a comma if nothing else is said.
    public init(columnCount: Int, delimiter: UInt8 = 0x2C) {
        self.init(columnCount: columnCount, names: [], delimiter: delimiter)
    }

    init(columnCount: Int, names: [String], delimiter: UInt8) {
        precondition(columnCount > 0, "a CSV row has at least one column")
        precondition(delimiter != 0x22 && delimiter != 0x0A && delimiter != 0x0D, "a quote or newline can't delimit")
        fields = Array(repeating: Field(start: 0, length: 0, hasQuotes: false), count: columnCount)
        self.names = names
        self.delimiter = delimiter
    }

    /// How many fields each record has.
    @inlinable
    public var count: Int { fields.count }

    /// Splits a record, which replaces the one read before.
    public mutating func read(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        guard bytes.count < 1 << 31 else {
            throw DecodeError(code: .lineTooLong, message: "a CSV record must be shorter than 2 GiB", offset: 0)
        }
        let delimiter = self.delimiter
        let result = fields.withUnsafeMutableBufferPointer { CSVSplitter.split(bytes, by: delimiter, into: $0) }
        switch result {
        case .fields(fields.count):
            record = bytes
        case .fields(let found):
            throw DecodeError(
                code: .columnCount,
                message: "the record has \(found) columns, the header \(fields.count); "
                    + "is the delimiter right, and are fields that hold it quoted?", offset: bytes.count)
        case .strayQuote(let offset):
            throw DecodeError(
                code: .syntax,
                message: "a quote within a field that does not begin with one; quote the field and "
                    + "double the quote", offset: offset)
        case .afterQuote(let offset):
            throw DecodeError(
                code: .syntax,
                message: "after a quoted field a delimiter must follow; double a quote that belongs to "
                    + "the field", offset: offset)
        case .openQuote:
            throw DecodeError(
                code: .truncated, message: "a quoted field is not closed; was the record cut off?", offset: bytes.count)
        }
    }

    /// The bytes of a field as they stand in the record, without the quotes around it.
    ///
    /// With `hasDoubledQuotes` each quote within it stands twice; `string` gives the text proper.
    @inlinable @inline(__always)
    public func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        let field = fields[column]
        let start = Int(field.start)
        return UnsafeRawBufferPointer(rebasing: record[start..<start + Int(field.length)])
    }

    /// Whether quotes within the field stand twice in `bytes`.
    @inlinable
    public func hasDoubledQuotes(_ column: Int) -> Bool { fields[column].hasQuotes }

    /// Whether the field has no bytes.
    @inlinable @inline(__always)
    public func isEmpty(_ column: Int) -> Bool { fields[column].length == 0 }

    /// A field as text.
    @inlinable @inline(__always)
    public func string(_ column: Int) throws(DecodeError) -> String {
        if !fields[column].hasQuotes, let string = validatedString(bytes(column)) { return string }
        return try stringSlowly(column)
    }

    /// A field as an integer.
    ///
    /// Leading zeros and a plus sign are allowed; `1.0` and `1e3` are integers too.
    @inlinable @inline(__always)
    public func int64(_ column: Int) throws(DecodeError) -> Int64 {
        let field = bytes(column)
        // 1...18 digits can't overflow; everything else takes the careful way.
        if field.count &- 1 < 18, let base = field.baseAddress {
            var value: Int64 = 0
            var cursor = base
            let end = base + field.count
            while cursor < end, cursor.byte &- 0x30 <= 9 {
                value = value &* 10 &+ Int64(cursor.byte &- 0x30)
                cursor += 1
            }
            if cursor == end, cursor != base { return value }
        }
        return try integer(column, scaledBy: 0)
    }
}

extension CSVRow {
    /// A field as a decimal number with at most six decimals, in millionths; exact.
    public func decimalMicros(_ column: Int) throws(DecodeError) -> Int64 {
        try integer(column, scaledBy: 6)
    }

    /// A field as the nearest Double.
    public func double(_ column: Int) throws(DecodeError) -> Double {
        let number = try number(column)
        guard let value = number.double else {
            throw failure(.outOfRange, column, "the number is larger than a Double can be")
        }
        return value
    }

    /// A field as milliseconds since 1970-01-01 UTC: an ISO 8601 time.
    public func timestamp(_ column: Int) throws(DecodeError) -> Int64 {
        switch TimestampParser.outcome(bytes(column)) {
        case .milliseconds(let value): return value
        case .problem(let message, _): throw failure(.typeMismatch, column, message)
        }
    }

    @usableFromInline @inline(never)
    func integer(_ column: Int, scaledBy power: Int) throws(DecodeError) -> Int64 {
        switch try number(column).integer(scaledBy: power) {
        case .value(let value): return value
        case .overflow: throw failure(.outOfRange, column, "the number does not fit 64 bits; read it with double()")
        case .inexact:
            throw failure(.typeMismatch, column, "the number has more decimals than fit; read it with double()")
        }
    }

    @usableFromInline @inline(never)
    func stringSlowly(_ column: Int) throws(DecodeError) -> String {
        var text = [UInt8]()
        var skipQuote = false
        let doubled = fields[column].hasQuotes
        for byte in bytes(column) {
            skipQuote = doubled && byte == 0x22 && !skipQuote
            if !skipQuote { text.append(byte) }
        }
        guard let string = String(validating: text, as: UTF8.self) else {
            throw failure(.invalidUTF8, column, "the text is not valid UTF-8; the producer must write UTF-8")
        }
        return string
    }

    private func number(_ column: Int) throws(DecodeError) -> DecimalNumber {
        let bytes = bytes(column)
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            throw failure(.typeMismatch, column, "expected a number, found nothing; test isEmpty() first")
        }
        let end = base + bytes.count
        guard let number = DecimalNumber(json: base, end: end, lax: true), number.end == end else {
            throw failure(.typeMismatch, column, "expected a number, found '\(excerpt(column))'")
        }
        return number
    }

    private func excerpt(_ column: Int) -> String {
        String(decoding: bytes(column).prefix(40), as: UTF8.self)
    }

    private func failure(_ code: DecodeError.Code, _ column: Int, _ text: String) -> DecodeError {
        let name = names.indices.contains(column) ? "column '\(names[column])'" : "column \(column + 1)"
        return DecodeError(code: code, message: "\(name): \(text)", offset: Int(fields[column].start))
    }
}
