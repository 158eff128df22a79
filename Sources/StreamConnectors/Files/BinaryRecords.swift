internal import CWeir
public import StateBackend
public import StreamCore
public import StreamFormats

/// Weir's own form of files, as ``RecordEncoding/binary(_:)`` writes it.
///
/// ```swift
/// let source = FileSource("orders.weir", format: BinaryRecords<Order>())
/// ```
/// A record whose checksum is wrong becomes a dead letter. A file of another type is refused as a whole.
public struct BinaryRecords<Element: Sendable>: RecordFormat {
    let codec: StateCodec<Element>

    /// A format of records that `codec` reads, or migrates.
    public init(_ codec: StateCodec<Element> = .automatic) { self.codec = codec }

    /// A length in front of each record.
    public var framing: RecordFraming { .lengths }

    /// The first record is the schema of the others.
    public var hasHeader: Bool { true }

    /// A decoder.
    public func makeDecoder() -> BinaryDecoder<Element> { BinaryDecoder(codec: codec) }
}

/// Decodes records of Weir's own form; the first one is the schema.
public struct BinaryDecoder<Element: Sendable>: RecordDecoder {
    private let codec: StateCodec<Element>
    private var reading: StateCodec<Element>?

    init(codec: StateCodec<Element>) { self.codec = codec }

    /// Decodes a record.
    public mutating func decode(
        _ record: UnsafeRawBufferPointer, at position: RecordPosition, into output: SourceOutput<Element>
    ) throws {
        let payload = BinaryFraming.payload(of: record)
        guard let reading else {
            guard let payload, let written = BinaryFraming.schema(in: payload) else {
                throw FormatError(
                    path: position.path, message: "the file does not begin as one of RecordEncoding.binary does")
            }
            guard codec.canRead(written) else {
                throw FormatError(
                    path: position.path,
                    message: "its records are \(written.text), which the codec for \(codec.schema.text) does not read; "
                        + "give BinaryRecords a codec with a migration")
            }
            return self.reading = codec.reading(written)
        }
        guard let payload else {
            throw DecodeError(code: .checksum, message: "the record's checksum is wrong: it is damaged", offset: 0)
        }
        var decoder = StateDecoder(payload)
        do {
            let element = try reading.decode(&decoder)
            guard decoder.isAtEnd else { throw decoder.malformed("\(decoder.left) bytes follow the record") }
            output.emit(element)
        } catch let error as StateError {
            throw DecodeError(code: .syntax, message: error.message, offset: 0)
        }
    }
}

extension DecodeError.Code {
    /// The record's bytes are not those that were written.
    public static let checksum = DecodeError.Code(rawValue: "checksum")
}

/// Length, checksum and schema around the records of a binary file.
@usableFromInline
enum BinaryFraming {
    private static let magic = Array("WEIRROWS".utf8)
    private static let version: UInt8 = 1

    @usableFromInline
    static func header(_ schema: TypeSchema) -> [UInt8] {
        var encoder = StateEncoder()
        let start = begin(&encoder)
        encoder.bytes += magic
        encoder.bytes.append(version)
        // A schema is made of names and numbers, which encode; without one the file would be refused when it is read.
        try? StateCodec<TypeSchema>.automatic.encode(schema, into: &encoder)
        try? end(start, &encoder)
        return encoder.bytes
    }

    @usableFromInline
    static func begin(_ encoder: inout StateEncoder) -> Int {
        encoder.writeFixed(UInt64(0))
        return encoder.bytes.count
    }

    /// Fills in the length and the checksum of what was written from `start` on.
    @usableFromInline
    static func end(_ start: Int, _ encoder: inout StateEncoder) throws {
        let count = encoder.bytes.count - start
        guard let length = UInt32(exactly: count) else {
            throw DecodeError(
                code: .outOfRange, message: "a record has \(count) bytes; a binary file takes 4 GiB at most", offset: 0)
        }
        encoder.bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let checksum = weir_crc32c(0, base + start, count)
            bytes.storeBytes(of: length.littleEndian, toByteOffset: start - 8, as: UInt32.self)
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: start - 4, as: UInt32.self)
        }
    }

    /// The bytes behind a record's checksum; nil when it is wrong.
    static func payload(of record: UnsafeRawBufferPointer) -> [UInt8]? {
        guard record.count >= 4, let base = record.baseAddress else { return nil }
        let checksum = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
        guard weir_crc32c(0, base + 4, record.count - 4) == checksum else { return nil }
        return Array(record[4...])
    }

    /// The schema in a file's first record; nil when it is something else.
    static func schema(in payload: [UInt8]) -> TypeSchema? {
        guard payload.starts(with: magic), payload.count > magic.count, payload[magic.count] == version else {
            return nil
        }
        var decoder = StateDecoder(payload, in: magic.count + 1..<payload.count)
        return try? StateCodec<TypeSchema>.automatic.decode(&decoder)
    }
}
