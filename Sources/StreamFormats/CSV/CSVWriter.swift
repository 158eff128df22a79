/// Appends CSV records to a byte buffer, quoting by RFC 4180 where a field needs it; records end with a line feed.
public struct CSVWriter: Sendable {
    /// What has been written so far.
    ///
    /// May be emptied between records, to use the memory again.
    public var bytes: [UInt8] = []
    private let delimiter: UInt8
    private var fieldsInRow = 0
    private var rowStart = 0

    /// Makes a writer.
    ///
    /// - Parameter delimiter: The byte between two fields, a comma if nothing else is said.
    public init(delimiter: UInt8 = 0x2C) {
        self.delimiter = delimiter
    }

    /// Appends a field of text.
    public mutating func field(_ text: String) {
        begin()
        var needsQuotes = false
        for byte in text.utf8 where byte == delimiter || byte == 0x22 || byte == 0x0A || byte == 0x0D {
            needsQuotes = true
            break
        }
        guard needsQuotes else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(0x22)
        for byte in text.utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    /// Appends an integer.
    public mutating func field(_ value: some BinaryInteger) { field(String(value)) }

    /// Appends a number in its shortest form that reads back as the same; nothing for NaN and infinities.
    public mutating func field(_ value: Double) { field(value.isFinite ? value.description : "") }

    /// Appends an empty field.
    public mutating func emptyField() { field("") }

    /// Ends the record.
    ///
    /// One whose only field is empty gets quotes, as blank lines are no records.
    public mutating func endRow() {
        if fieldsInRow <= 1, bytes.count == rowStart { bytes.append(contentsOf: [0x22, 0x22]) }
        bytes.append(0x0A)
        fieldsInRow = 0
    }

    private mutating func begin() {
        if fieldsInRow > 0 { bytes.append(delimiter) } else { rowStart = bytes.count }
        fieldsInRow += 1
    }
}
