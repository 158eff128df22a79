/// The names of a CSV file's columns, read from its first record.
public struct CSVHeader: Sendable, Equatable {
    /// The column names, in the file's order.
    public let names: [String]
    /// The byte between two fields.
    public let delimiter: UInt8
    private let positions: [String: Int]

    /// Reads the header record.
    ///
    /// A UTF-8 byte order mark before it is skipped.
    ///
    /// - Parameters:
    ///   - record: The first record's bytes.
    ///   - delimiter: The byte between two fields, a comma if nothing else is said.
    ///   - junk: What some producer wrote before the first name; skipped when it is there.
    public init(
        _ record: UnsafeRawBufferPointer, delimiter: UInt8 = 0x2C, skipping junk: String = ""
    ) throws(DecodeError) {
        var start = 0
        if record.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        if !junk.isEmpty, record.dropFirst(start).starts(with: junk.utf8) { start += junk.utf8.count }
        let bytes = UnsafeRawBufferPointer(rebasing: record[start...])
        // At most one field more than delimiters.
        var row = CSVRow(columnCount: 1 + bytes.count(where: { $0 == delimiter }), names: [], delimiter: delimiter)
        do {
            try row.read(bytes)
        } catch  where error.code == .columnCount {
            row = CSVRow(columnCount: try CSVHeader.fieldCount(bytes, delimiter), names: [], delimiter: delimiter)
            try row.read(bytes)
        }
        var names: [String] = []
        var positions: [String: Int] = [:]
        for column in 0..<row.count {
            let name = try row.string(column)
            guard positions.updateValue(column, forKey: name) == nil else {
                throw DecodeError(
                    code: .syntax, message: "the header names column '\(name)' twice; rename one of them",
                    offset: start)
            }
            names.append(name)
        }
        self.names = names
        self.positions = positions
        self.delimiter = delimiter
    }

    /// Makes the header of a file without one, from the names that its columns ought to have.
    ///
    /// The names must be different from each other.
    public init(names: [String], delimiter: UInt8 = 0x2C) {
        self.names = names
        self.delimiter = delimiter
        positions = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }

    /// How many columns there are.
    public var count: Int { names.count }

    /// The position of a column, counted from 0.
    public func index(of name: String) throws(DecodeError) -> Int {
        guard let index = positions[name] else {
            throw DecodeError(
                code: .missingField,
                message: "there is no column '\(name)'; the header has \(names.joined(separator: ", "))", offset: 0)
        }
        return index
    }

    /// A row to read the file's records with.
    public func makeRow() -> CSVRow {
        CSVRow(columnCount: count, names: names, delimiter: delimiter)
    }

    private static func fieldCount(_ bytes: UnsafeRawBufferPointer, _ delimiter: UInt8) throws(DecodeError) -> Int {
        let none = UnsafeMutableBufferPointer<CSVRow.Field>(start: nil, count: 0)
        guard case .fields(let count) = CSVSplitter.split(bytes, by: delimiter, into: none) else { return 1 }
        return count
    }
}
