public import StateBackend

/// Where a reader is in its split: bytes that only its source understands, and a text for people.
public struct SplitPosition: Sendable, Equatable, StateCodable, CustomStringConvertible {
    /// What the source needs to go on.
    public let bytes: [UInt8]
    /// The position for people.
    public let description: String

    /// A position of the source's own form.
    public init(bytes: [UInt8], description: String) {
        self.bytes = bytes
        self.description = description
    }

    /// A position that is a number: a byte, a record, an offset.
    public init(_ offset: Int64) {
        var encoder = StateEncoder()
        encoder.writeFixed(offset)
        self.init(bytes: encoder.bytes, description: "\(offset)")
    }

    /// The number of a position that is one.
    ///
    /// - Throws: ``StateError`` with code `malformed` when the position is none.
    public var offset: Int64 {
        get throws {
            var decoder = StateDecoder(bytes)
            let offset: Int64 = try decoder.readFixed()
            guard decoder.isAtEnd else { throw decoder.malformed("\(description) is no number") }
            return offset
        }
    }

    /// Writes the bytes and the text.
    public func encode(into encoder: inout StateEncoder) throws {
        encoder.writeBytes(bytes)
        try encoder.encode(description)
    }

    /// Reads a position.
    public init(decoding decoder: inout StateDecoder) throws {
        bytes = [UInt8](try decoder.readBytes())
        description = try decoder.decode()
    }
}
