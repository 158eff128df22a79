/// The decoder of ``CodableCodec``: one value being read.
///
/// Also the container of a value that consists of one other.
struct CodableDecoder: Decoder, SingleValueDecodingContainer {
    let reader: CodableReader
    let offset: Int
    let depth: Int

    var codingPath: [any CodingKey] { reader.path(to: offset) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try CodableKeyedDecoder<Key>(reader, offset: offset, depth: depth))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try CodableUnkeyedDecoder(reader, offset: offset, depth: depth)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { reader.bytes[offset] == CodableTag.null }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try reader.decode(type, at: offset, depth: depth)
    }
}

/// Reads a list.
struct CodableUnkeyedDecoder: UnkeyedDecodingContainer {
    private let reader: CodableReader
    private let container: Int
    private let end: Int
    private let depth: Int
    private let total: Int
    private var offset: Int
    private(set) var currentIndex = 0

    init(_ reader: CodableReader, offset: Int, depth: Int) throws {
        let body = try reader.container(CodableTag.unkeyed, at: offset, depth: depth, as: [Any].self)
        self.reader = reader
        container = offset
        end = body.upperBound
        self.depth = depth
        total = try reader.count(in: body, named: false)
        self.offset = body.lowerBound
    }

    var codingPath: [any CodingKey] { reader.path(to: container) }
    var count: Int? { total }
    var isAtEnd: Bool { offset == end }

    mutating func decodeNil() throws -> Bool {
        guard reader.bytes[try element(Any?.self)] == CodableTag.null else { return false }
        advance()
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try reader.decode(type, at: try element(type), depth: depth)
        advance()
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let element = try decoder([String: Any].self)
        let container = try element.container(keyedBy: type)
        advance()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try decoder([Any].self).unkeyedContainer()
        advance()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let element = try decoder((any Decoder).self)
        advance()
        return element
    }

    private func decoder(_ type: Any.Type) throws -> CodableDecoder {
        CodableDecoder(reader: reader, offset: try element(type), depth: depth + 1)
    }

    /// The offset of the next element.
    private func element(_ type: Any.Type) throws -> Int {
        if offset < end { return offset }
        throw DecodingError.valueNotFound(
            type,
            .init(
                codingPath: codingPath + [CodablePathKey(intValue: currentIndex)],
                debugDescription: "the list has only \(total) elements"))
    }

    private mutating func advance() {
        offset = reader.end(ofValueAt: offset, limit: end) ?? end
        currentIndex += 1
    }
}
