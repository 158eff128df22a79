import StreamFormats
import Testing

@Suite struct RecordReaderTests {
    /// Splits by the book: byte for byte, the whole text at once.
    private func naive(_ bytes: [UInt8], framing: RecordFraming, limit: Int) -> [CopiedRecord] {
        var records: [CopiedRecord] = []
        var start = 0
        func end(_ place: Int) {
            var record = Array(bytes[start..<place])
            if record.last == 0x0D { record.removeLast() }
            let offset = Int64(start)
            start = place + 1
            if record.isEmpty { return }
            if record.count > limit {
                records.append(
                    .init(
                        offset: offset, bytes: Array(record.prefix(min(256, limit))), tooLongLength: Int64(record.count)
                    ))
            } else {
                records.append(.init(offset: offset, bytes: record))
            }
        }
        var isQuoted = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if case .csv(let delimiter) = framing, byte == 0x22 {
                if isQuoted, index + 1 < bytes.count, bytes[index + 1] == 0x22 {
                    index += 2
                    continue
                }
                if isQuoted { isQuoted = false } else { isQuoted = index == start || bytes[index - 1] == delimiter }
            } else if byte == 0x0A, !isQuoted {
                end(index)
            }
            index += 1
        }
        if start < bytes.count { end(bytes.count) }
        return records
    }

    @Test(arguments: 1...64)
    func agreesWithANaiveSplit(blockSize: Int) throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let alphabet = Array((seed % 2 == 0 ? "ab\n\r\n,\"" : "abcdefghijklmnopqrstuvwxyz\n,\"\r").utf8)
            let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            for framing in [RecordFraming.lines, .csv()] {
                for limit in [1, 2, 5, 20, 1_000] {
                    let records = try allRecords(
                        RecordReader(
                            source: MemoryByteSource(bytes, chunk: blockSize), framing: framing, maxRecordLength: limit,
                            blockSize: blockSize))
                    let expected = naive(bytes, framing: framing, limit: limit)
                    #expect(records == expected, "seed \(seed), limit \(limit), \(framing)")
                }
            }
        }
    }

    @Test func lastLineAndBlankLines() throws {
        let text = "\n\r\na\r\n\n b \n\rc\r"
        let records = try allRecords(RecordReader(source: MemoryByteSource(Array(text.utf8), chunk: 3)))
        #expect(records.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", " b ", "\rc"])
        #expect(records.map(\.offset) == [3, 7, 11])
    }

    @Test(arguments: [1, 2, 3, 100])
    func byteOrderMarkIsPassedOver(chunk: Int) throws {
        let bytes = [0xEF, 0xBB, 0xBF] + Array("\"a\nb\",c\nd".utf8)
        let records = try allRecords(
            RecordReader(source: MemoryByteSource(bytes, chunk: chunk), framing: .csv(), blockSize: chunk))
        #expect(records.map(\.offset) == [3, 11])
        let none = try allRecords(RecordReader(source: MemoryByteSource([0xEF, 0xBB], chunk: chunk)))
        #expect(none.map(\.bytes) == [[0xEF, 0xBB]])
    }

    @Test(arguments: [1 << 20, 10_000_000, 20_000_000])
    func tenMegabyteLine(limit: Int) throws {
        let length = 10_000_000
        let bytes = Array("first\n".utf8) + Array(repeating: 0x78, count: length) + Array("\r\nlast".utf8)
        let records = try allRecords(
            RecordReader(source: MemoryByteSource(bytes, chunk: 1 << 18), maxRecordLength: limit))
        #expect(records.count == 3)
        #expect(records[1].offset == 6)
        #expect(records[1].tooLongLength == (limit < length ? Int64(length) : nil))
        #expect(records[1].bytes.count == (limit < length ? 256 : length))
        #expect(records[2].bytes == Array("last".utf8))
        #expect(records[2].offset == Int64(length + 8))
    }

    @Test func positionsResume() throws {
        let bytes = Array((0..<50).map { "record \($0)\n" }.joined().utf8)
        let all = try allRecords(RecordReader(source: MemoryByteSource(bytes, chunk: 7)))
        for count in 0...50 {
            var reader = RecordReader(source: MemoryByteSource(bytes, chunk: 7), blockSize: 16)
            for _ in 0..<count { _ = try reader.next() }
            let rest = Array(bytes[Int(reader.position)...])
            let again = RecordReader(source: MemoryByteSource(rest, chunk: 5), offset: reader.position)
            #expect(try allRecords(again) == Array(all[count...]))
        }
    }

    /// Every way to cut a file into two ranges reads each record once.
    @Test func rangesReadEachRecordOnce() throws {
        let bytes = Array("ab\n\ncdef\r\ng\nhijk".utf8)
        let all = try allRecords(RecordReader(source: MemoryByteSource(bytes, chunk: 4)))
        for cut in 1..<bytes.count {
            var found = all.filter { $0.offset < cut }
            var reader = RecordReader(
                source: MemoryByteSource(Array(bytes[(cut - 1)...]), chunk: 2), offset: Int64(cut - 1), blockSize: 2)
            if try reader.skipToNextRecord() {
                while let record = try reader.next() { found.append(CopiedRecord(record)) }
            }
            #expect(found == all, "cut \(cut)")
        }
    }

    @Test func anErrorOfTheSourceIsPassedOn() throws {
        final class Broken: ByteSource {
            var reads = 0
            func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
                reads += 1
                if reads > 3 { throw FileError(path: "x", operation: "read", errno: 5, message: "broken") }
                buffer.copyBytes(from: Array("ab".utf8))
                return 2
            }
        }
        var reader = RecordReader(source: Broken(), maxRecordLength: 1)
        #expect(throws: FileError(path: "x", operation: "read", errno: 5, message: "broken")) {
            while try reader.next() != nil {}
        }
        #expect(try reader.next() == nil)
    }
}
