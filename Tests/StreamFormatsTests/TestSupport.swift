import Foundation
import StreamFormats

/// A small seeded generator (SplitMix64), so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Lends the bytes in memory of exactly their size, so that an address sanitizer sees each load behind them.
func withBytes<R>(_ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(memory))
}

func withBytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withBytes(Array(text.utf8), body)
}

/// The error that the body throws, if any.
func decodeError(_ body: () throws -> Void) -> DecodeError? {
    do {
        try body()
        return nil
    } catch {
        return error as? DecodeError
    }
}

/// Makes a directory for the body and removes it afterwards.
func withTemporaryDirectory<R>(_ body: (URL) throws -> R) throws -> R {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("formats-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
}

/// Bytes in memory, given out a few at a time.
final class MemoryByteSource: ByteSource {
    private let bytes: [UInt8]
    private let chunk: Int
    private var index = 0

    init(_ bytes: [UInt8], chunk: Int) {
        self.bytes = bytes
        self.chunk = chunk
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        let count = min(chunk, buffer.count, bytes.count - index)
        buffer.copyBytes(from: bytes[index..<index + count])
        index += count
        return count
    }
}

/// A record copied out of a reader.
struct CopiedRecord: Equatable, CustomStringConvertible {
    var offset: Int64
    var bytes: [UInt8]
    var tooLongLength: Int64?

    var description: String { "@\(offset) \(String(decoding: bytes, as: UTF8.self)) \(tooLongLength ?? 0)" }

    init(offset: Int64, bytes: [UInt8], tooLongLength: Int64? = nil) {
        self.offset = offset
        self.bytes = bytes
        self.tooLongLength = tooLongLength
    }

    init(_ record: FramedRecord) {
        switch record {
        case .record(let bytes, let offset): self.init(offset: offset, bytes: Array(bytes))
        case .tooLong(let offset, let length, let prefix):
            self.init(offset: offset, bytes: Array(prefix), tooLongLength: length)
        }
    }
}

func allRecords(_ reader: consuming RecordReader) throws -> [CopiedRecord] {
    var reader = reader
    var records: [CopiedRecord] = []
    while let record = try reader.next() { records.append(CopiedRecord(record)) }
    return records
}
