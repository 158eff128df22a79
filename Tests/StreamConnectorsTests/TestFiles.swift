import Foundation
import StreamTesting
import Weir

/// The record of these tests, with where it came from.
struct Item: Hashable, Sendable {
    var id: Int64
    var text: String
    var file = 0
    var offset: Int64 = 0
}

extension Item {
    /// `{"id": 1, "text": "a"}`.
    static let json = JSONLines<Item> { object, position throws(DecodeError) in
        var item = Item(id: -1, text: "", file: position.file, offset: position.offset)
        while let field = try object.nextField() {
            switch field {
            case "id": item.id = try object.int64()
            case "text": item.text = try object.string()
            default: try object.skipValue()
            }
        }
        guard item.id >= 0 else { throw DecodeError.missingField("id") }
        return item
    }

    /// Columns `id` and `text`, in any place.
    static let csv = CSVRecords<Item>(columns: ["id", "text"]) { row, column, position, emit throws(DecodeError) in
        emit(
            Item(
                id: try row.int64(column[0]), text: try row.string(column[1]), file: position.file,
                offset: position.offset))
    }
}

/// A directory that is removed after use.
func withDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("connectors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func write(_ text: String, to path: String) throws { try write(text.utf8, to: path) }

func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

/// The bytes as a gzip file whose blocks are stored, not compressed.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
        let block = rest.prefix(60_000)
        rest = rest.dropFirst(60_000)
        let length = UInt32(block.count)
        result += [rest.isEmpty ? 1 : 0] + little(length, 2) + little(~length, 2) + block
    } while !rest.isEmpty
    var check: UInt32 = .max
    for byte in bytes {
        check ^= UInt32(byte)
        for _ in 0..<8 { check = check & 1 == 1 ? check >> 1 ^ 0xEDB8_8320 : check >> 1 }
    }
    return result + little(~check, 4) + little(UInt32(truncatingIfNeeded: bytes.count), 4)
}

/// What reading files came to: items and dead letters.
struct ReadResult: Sendable {
    var items: [Item]
    var letters: [DeadLetter]
    var status: JobStatus
}

/// Reads files on one worker.
func readFiles<Format: RecordFormat>(
    _ source: FileSource<Format>,
    _ options: JobOptions = JobMatrix.Variant(parallelism: 1, batchSize: 16, seed: 1).options
) async throws -> ReadResult where Format.Element == Item {
    let items = CollectSink<Item>()
    let letters = CollectSink<DeadLetter>()
    let pipeline = try Pipeline("files") { p in
        let stream = p.source("files", source, time: { $0.id }, watermarks: .monotonous())
        stream.write("items", to: items)
        stream.deadLetters.write("letters", to: letters)
    }
    let status = try await pipeline.run(options)
    return ReadResult(items: items.elements, letters: letters.elements, status: status)
}
