import StreamTesting
import Testing
import Weir

@Suite struct FileSourceTests {
    @Test func everyFileIsASplit() async throws {
        try await withDirectory { directory in
            var paths: [String] = []
            var expected: [Int64] = []
            for file in 0..<5 as Range<Int64> {
                let ids = (0..<30 * file).map { file * 1_000 + $0 }
                let lines = ids.map { #"{"id": \#($0), "other": [1, {"x": "]"}], "text": "t\#($0)"}"# }
                let bytes = Array((lines.joined(separator: "\n") + (file % 2 == 0 ? "\n" : "")).utf8)
                paths.append("\(directory)/\(file).jsonl")
                try write(file >= 3 ? gzip(bytes) : bytes, to: paths[Int(file)])
                expected += ids
            }
            for variant in JobMatrix().variants {
                let result = try await readFiles(FileSource(paths, format: Item.json), variant.options)
                #expect(result.letters == [])
                #expect(result.items.map(\.id).sorted() == expected, "\(variant)")
                #expect(result.items.allSatisfy { $0.file == Int($0.id) / 1_000 && $0.text == "t\($0.id)" })
                for own in Dictionary(grouping: result.items, by: \.file).values {
                    #expect(own.map(\.offset) == own.map(\.offset).sorted(), "a file's order: \(variant)")
                }
            }
        }
    }

    @Test func csvFilesHaveTheirOwnHeaders() async throws {
        try await withDirectory { directory in
            let paths = ["a.csv", "b.csv", "c.csv.gz"].map { "\(directory)/\($0)" }
            try write("id,text\n1,one\n2,\"two, \"\"2\"\"\"\n3,\"three\nlines\n\"\n", to: paths[0])
            try write("other,text,id\r\nx,four,4\r\n,,5\r\n", to: paths[1])
            try write(gzip(Array("text,id\nsix,6".utf8)), to: paths[2])
            for variant in JobMatrix().variants {
                let result = try await readFiles(FileSource(paths, format: Item.csv), variant.options)
                #expect(result.letters == [])
                let texts = result.items.sorted { $0.id < $1.id }.map(\.text)
                #expect(texts == ["one", "two, \"2\"", "three\nlines\n", "four", "", "six"], "\(variant)")
            }
        }
    }

    @Test func offsetsAreThoseOfTheUncompressedText() async throws {
        try await withDirectory { directory in
            let text = "{\"id\":1}\n{\"id\":22}\n{\"id\":3}\n"
            try write(text, to: "\(directory)/plain")
            try write(gzip(Array(text.utf8)), to: "\(directory)/packed")
            for name in ["plain", "packed"] {
                let result = try await readFiles(FileSource("\(directory)/\(name)", format: Item.json))
                #expect(result.items.map(\.offset) == [0, 9, 19])
            }
        }
    }

    @Test func deadLettersTellEverything() async throws {
        try await withDirectory { directory in
            let paths = ["good", "bad"].map { "\(directory)/\($0)" }
            try write("{\"id\":1}\n", to: paths[0])
            try write("{\"id\":2}\nnonsense\n{\"text\":\"x\"}\n{\"id\":\"3\"}\n{\"id\":4}\n", to: paths[1])
            for variant in JobMatrix().variants {
                let result = try await readFiles(FileSource(paths, format: Item.json), variant.options)
                #expect(result.items.map(\.id).sorted() == [1, 2, 4], "\(variant)")
                let letters = result.letters.sorted { $0.offset < $1.offset }
                #expect(letters.map(\.offset) == [9, 18, 31])
                #expect(letters.allSatisfy { $0.source == paths[1] && $0.step == "files" })
                #expect(
                    letters.map { String(decoding: $0.bytes, as: UTF8.self) } == [
                        "nonsense", #"{"text":"x"}"#, #"{"id":"3"}"#,
                    ])
                for (letter, reason) in zip(letters, ["syntax", "missing_field", "type_mismatch"]) {
                    #expect(letter.reason.hasPrefix(reason), "\(letter.reason)")
                }
                #expect(result.status["files"]?.rejected == 3)
                #expect(result.status["files"]?.recordsIn == 6)
                #expect(result.status["files"]?.recordsOut == 3)
            }
        }
    }

    /// Content that is wrong in all kinds of ways: what is right is read, the rest is rejected.
    @Test(
        arguments: [
            ("empty", "", [], []),
            ("only a newline at the end is missing", "{\"id\":1}", [1], []),
            ("truncated last line", "{\"id\":1}\n{\"id\":2, \"te", [1], ["truncated"]),
            ("two objects in a line", "{\"id\":1}{\"id\":2}\n{\"id\":3}\n", [3], ["syntax"]),
            ("an array", "[1]\n{\"id\":3}\n", [3], ["syntax"]),
            ("a number out of range", "{\"id\":9223372036854775808}\n{\"id\":3}\n", [3], ["out_of_range"]),
            ("carriage returns", "{\"id\":1}\r\n{\"id\":2}\r\n", [1, 2], []),
        ] as [(String, String, [Int64], [String])])
    func badContent(title: String, text: String, ids: [Int64], reasons: [String]) async throws {
        try await withDirectory { directory in
            try write(text, to: "\(directory)/file")
            let result = try await readFiles(FileSource("\(directory)/file", format: Item.json))
            #expect(result.items.map(\.id) == ids)
            #expect(result.letters.count == reasons.count)
            for (letter, reason) in zip(result.letters, reasons) {
                #expect(letter.reason.hasPrefix(reason), "\(letter.reason)")
            }
        }
    }

    @Test func binaryJunkBecomesDeadLetters() async throws {
        try await withDirectory { directory in
            var random = SplitMix64(seed: 11)
            var junk = (0..<20_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            // Not taken for gzip.
            junk[0] = 0
            try write(junk, to: "\(directory)/junk")
            let result = try await readFiles(FileSource("\(directory)/junk", format: Item.json))
            #expect(result.items == [])
            #expect(result.letters.count > 50)
            for letter in result.letters {
                #expect(letter.bytes == Array(junk[Int(letter.offset)...].prefix(letter.bytes.count)))
            }
        }
    }

    @Test func invalidUTF8IsRejected() async throws {
        try await withDirectory { directory in
            let bytes =
                Array("{\"id\":1,\"text\":\"".utf8) + [0xC3, 0x28] + Array("\"}\n{\"id\":2,\"text\":\"é\"}\n".utf8)
            try write(bytes, to: "\(directory)/file")
            let result = try await readFiles(FileSource("\(directory)/file", format: Item.json))
            #expect(result.items.map(\.text) == ["é"])
            #expect(result.letters.map { String($0.reason.prefix { $0 != " " }) } == ["invalid_utf8"])
            try write(Array("id,text\n1,".utf8) + [0xFF] + Array("\n2,ok\n".utf8), to: "\(directory)/csv")
            let csv = try await readFiles(FileSource("\(directory)/csv", format: Item.csv))
            #expect(csv.items.map(\.text) == ["ok"])
            #expect(csv.letters.map { String($0.reason.prefix { $0 != " " }) } == ["invalid_utf8"])
        }
    }

    @Test func aLineOfTenMegabytesIsRejectedInPart() async throws {
        try await withDirectory { directory in
            let long = [UInt8](repeating: 0x78, count: 10_000_000)
            let path = "\(directory)/file"
            try write(Array("{\"id\":1}\n".utf8) + long + Array("\n{\"id\":2}\n".utf8), to: path)
            let result = try await readFiles(FileSource(path, format: Item.json))
            #expect(result.items.map(\.id) == [1, 2])
            #expect(result.letters.count == 1)
            #expect(result.letters.first?.offset == 9)
            let kept = result.letters.first?.bytes ?? []
            #expect(kept.count >= 256 && kept == Array(long.prefix(min(kept.count, 4_096))))
            #expect(
                result.letters.first?.reason
                    == "line_too_long: the record has 10000000 bytes; shorten it or raise maxRecordLength")
            var roomy = FileSource(path, format: Item.json)
            roomy.maxRecordLength = 20_000_000
            let whole = try await readFiles(roomy)
            #expect(whole.items.map(\.id) == [1, 2])
            #expect(whole.letters.first?.reason.hasPrefix("syntax") == true)
        }
    }

    @Test(arguments: [
        ("1\n", 1), ("x,one\n1\n2,two,2\n3,three\n", 3), ("1,\"one\n2,two\n", 1), ("1,a\"b\n2,b\n", 1),
    ])
    func badCSVRows(rows: String, letters: Int) async throws {
        try await withDirectory { directory in
            try write("id,text\n" + rows, to: "\(directory)/file")
            let result = try await readFiles(FileSource("\(directory)/file", format: Item.csv))
            #expect(result.letters.count == letters, "\(result.letters)")
            #expect(result.letters.allSatisfy { !$0.reason.isEmpty && $0.offset >= 8 })
        }
    }

    /// What no record can be read from stops the job, with the file and a remedy.
    @Test(arguments: [
        ("missing", "there is no such file"), ("directory", "it is a directory"),
        ("header", "the columns needed are id, text"),
        ("cut off", "cut off"), ("corrupt", "corrupt"),
    ])
    func badFilesStopTheJob(kind: String, message: String) async throws {
        try await withDirectory { directory in
            let path = "\(directory)/\(kind)"
            let packed = gzip(Array("id,text\n1,one\n".utf8))
            switch kind {
            case "header": try write("identity;text\n1;one\n", to: path)
            case "cut off": try write(packed.dropLast(12), to: path)
            case "corrupt": try write(packed.map { $0 == 0x6F ? 0x70 : $0 }, to: path)
            default: break
            }
            let source = FileSource(kind == "directory" ? directory : path, format: Item.csv)
            for variant in JobMatrix(parallelisms: [1, 2], batchSizes: [16]).variants {
                let error = await #expect(throws: JobError.self) { try await readFiles(source, variant.options) }
                #expect(error?.code == .sourceFailed)
                #expect(error?.step == "files")
                #expect(error?.message.contains(message) == true, "\(String(describing: error))")
                #expect(error?.message.contains(source.paths[0]) == true, "\(String(describing: error))")
            }
        }
    }

    @Test func anEmptyCSVFileHasNoRecords() async throws {
        try await withDirectory { directory in
            try write("", to: "\(directory)/empty")
            try write("id,text\n", to: "\(directory)/header only")
            for name in ["empty", "header only"] {
                let result = try await readFiles(FileSource("\(directory)/\(name)", format: Item.csv))
                #expect(result.items == [] && result.letters == [])
            }
        }
    }

    /// One row that gives several elements: all are taken, in order, also where the batch is full.
    @Test func aRecordMayGiveSeveralElements() async throws {
        let format = CSVRecords<Item>(columns: ["id"]) { row, column, _, emit throws(DecodeError) in
            let count = try row.int64(column[0])
            for index in 0..<count { emit(Item(id: count * 100 + index, text: "")) }
        }
        try await withDirectory { directory in
            try write("id\n3\n0\n1\n40\n2\n", to: "\(directory)/file")
            let expected = [3, 0, 1, 40, 2].flatMap { count in (0..<count).map { Int64(count * 100 + $0) } }
            for variant in JobMatrix(batchSizes: [1, 2, 7, 1_024]).variants {
                let result = try await readFiles(FileSource("\(directory)/file", format: format), variant.options)
                #expect(result.items.map(\.id) == expected, "\(variant)")
                #expect(result.status["files"]?.recordsOut == 46)
            }
        }
    }
}
