import StreamFormats
import Testing

@Suite struct CSVTests {
    @Test(arguments: [
        ("a,b,c", ["a", "b", "c"]), (",,", ["", "", ""]), ("", [""]), ("\"\"", [""]), ("a", ["a"]),
        ("\"a,b\",c", ["a,b", "c"]), ("\"say \"\"hi\"\"\",x", ["say \"hi\"", "x"]), ("\"\"\"\"", ["\""]),
        ("\"line\nbreak\",2", ["line\nbreak", "2"]), ("1,\"\",3", ["1", "", "3"]), ("é,\"ü\"", ["é", "ü"]),
        (
            "longer than eight bytes,and more of it,\"quoted, at the end\"",
            [
                "longer than eight bytes", "and more of it", "quoted, at the end",
            ]
        ),
        ("\"a\",", ["a", ""]), (" a , b ", [" a ", " b "]),
    ])
    func splits(record: String, fields: [String]) throws {
        try withBytes(record) { bytes in
            var row = CSVRow(columnCount: fields.count)
            try row.read(bytes)
            #expect(try (0..<row.count).map { try row.string($0) } == fields)
        }
    }

    @Test(
        arguments: [
            ("a", .columnCount), ("a,b,c", .columnCount), ("a\"b,c", .syntax), ("\"a\"b,c", .syntax),
            ("a,\"b", .truncated), ("\"", .truncated), ("a,b\"", .syntax), ("12345678901\",b", .syntax),
            ("a,\"b\"\"", .truncated),
        ] as [(String, DecodeError.Code)])
    func refuses(record: String, code: DecodeError.Code) {
        var row = CSVRow(columnCount: 2)
        #expect(decodeError { try withBytes(record) { try row.read($0) } }?.code == code)
    }

    @Test func header() throws {
        let header = try withBytes("\u{FEFF}..ip,\"app, name\",t") { try CSVHeader($0, skipping: "..") }
        #expect(header.names == ["ip", "app, name", "t"])
        #expect(try header.index(of: "t") == 2)
        #expect(decodeError { _ = try header.index(of: "x") }?.code == .missingField)
        #expect(decodeError { _ = try withBytes("a,b,a") { try CSVHeader($0) } }?.message.contains("'a'") == true)
        #expect(try withBytes("a;b") { try CSVHeader($0, delimiter: 0x3B) }.makeRow().count == 2)
    }

    @Test func typedFields() throws {
        let header = CSVHeader(names: ["a", "b", "c", "d", "e", "f", "g", "h"])
        var row = header.makeRow()
        try withBytes("007,-12,1e16,2017-11-07 09:30:38,,12.5,+3,9223372036854775807") { bytes in
            try row.read(bytes)
            #expect(try row.int64(0) == 7)
            #expect(try row.int64(1) == -12)
            #expect(try row.int64(2) == 10_000_000_000_000_000)
            #expect(try row.timestamp(3) == 1_510_047_038_000)
            #expect(row.isEmpty(4))
            #expect(try row.double(5) == 12.5)
            #expect(try row.decimalMicros(5) == 12_500_000)
            #expect(try row.int64(6) == 3)
            #expect(try row.int64(7) == .max)
            let error = decodeError { _ = try row.int64(4) }
            #expect(error?.code == .typeMismatch && error?.message.contains("'e'") == true)
            #expect(decodeError { _ = try row.int64(3) }?.code == .typeMismatch)
        }
        try withBytes("9223372036854775808,,,,,,,x") { bytes in
            try row.read(bytes)
            #expect(decodeError { _ = try row.int64(0) }?.code == .outOfRange)
            #expect(decodeError { _ = try row.int64(7) }?.code == .typeMismatch)
        }
        try withBytes([0xFF, 0x2C, 0x2C, 0x2C, 0x2C, 0x2C, 0x2C, 0x2C]) { bytes in
            try row.read(bytes)
            #expect(decodeError { _ = try row.string(0) }?.code == .invalidUTF8)
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func writtenRowsAreReadBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let parts = ["a", ",", "\"", "\n", "\r", "\r\n", "12345678", "é", "", " "]
        var rows: [[String]] = []
        var writer = CSVWriter()
        for _ in 0..<200 {
            let fields = (0..<3).map { _ in
                (0..<Int.random(in: 0...6, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
                    .joined()
            }
            for field in fields { writer.field(field) }
            writer.endRow()
            rows.append(fields)
        }
        for chunk in [1, 2, 3, 7, 64, 100_000] {
            var row = CSVRow(columnCount: 3)
            var reader = RecordReader(
                source: MemoryByteSource(writer.bytes, chunk: chunk), framing: .csv(), blockSize: chunk)
            var read: [[String]] = []
            while let record = try reader.next() {
                guard case .record(let bytes, _) = record else { continue }
                try row.read(bytes)
                read.append(try (0..<3).map { try row.string($0) })
            }
            #expect(read == rows, "seed \(seed), chunk \(chunk)")
        }
    }

    @Test func writerQuotesALoneEmptyField() {
        var writer = CSVWriter()
        writer.emptyField()
        writer.endRow()
        writer.field(5)
        writer.field(0.5)
        writer.field("x,y")
        writer.endRow()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "\"\"\n5,0.5,\"x,y\"\n")
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func randomBytesNeverCrash(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var row = CSVRow(columnCount: 3)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                Array("\"\",,,ab\r\n".utf8).randomElement(using: &random) ?? 0
            }
            withBytes(bytes) { buffer in
                guard (try? row.read(buffer)) != nil else { return }
                for column in 0..<3 {
                    _ = try? row.string(column)
                    _ = try? row.int64(column)
                }
            }
        }
    }
}
