/// Reads a value's fields.
///
/// Fields are mostly asked for in the order in which they were written, so each search begins at the last one found.
/// Where that goes wrong too often, an index is made.
final class CodableKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let reader: CodableReader
    private let container: Int
    private let body: Range<Int>
    private let depth: Int
    @exclusivity(unchecked) private var last: Int
    @exclusivity(unchecked) private var passed = 0
    @exclusivity(unchecked) private var index: [CodableName: Int]?

    init(_ reader: CodableReader, offset: Int, depth: Int) throws {
        self.reader = reader
        container = offset
        self.depth = depth
        body = try reader.container(CodableTag.keyed, at: offset, depth: depth, as: [String: Any].self)
        last = body.lowerBound
        _ = try reader.count(in: body, named: true)
    }

    var codingPath: [any CodingKey] { reader.path(to: container) }

    var allKeys: [Key] {
        var keys: [Key] = []
        forEach(in: body) { name, _, _ in
            if let key = Key(stringValue: name) { keys.append(key) }
            return true
        }
        return keys
    }

    func contains(_ key: Key) -> Bool { find(key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { reader.bytes[try value(key)] == CodableTag.null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try reader.decode(type, at: try value(key), depth: depth)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(try value(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(try value(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        guard let offset = find(CodablePathKey.super.stringValue) else { throw absent(CodablePathKey.super) }
        return decoder(offset)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { decoder(try value(key)) }

    private func decoder(_ offset: Int) -> CodableDecoder {
        CodableDecoder(reader: reader, offset: offset, depth: depth + 1)
    }

    private func value(_ key: Key) throws -> Int {
        if let offset = find(key.stringValue) { return offset }
        throw absent(key)
    }

    private func absent(_ key: any CodingKey) -> DecodingError {
        .keyNotFound(
            key, .init(codingPath: codingPath, debugDescription: "there is no field '\(key.stringValue)' in the bytes"))
    }

    /// The offset of the value with the given name.
    private func find(_ name: String) -> Int? {
        if let index { return index[CodableName(text: name)] }
        if passed > 64 { return makeIndex()[CodableName(text: name)] }
        return find(name, in: last..<body.upperBound) ?? find(name, in: body.lowerBound..<last)
    }

    private func find(_ name: String, in range: Range<Int>) -> Int? {
        var found: Int?
        forEach(in: range) { candidate, start, value in
            if candidate.utf8.count == name.utf8.count && String.same(candidate, name) {
                found = value
                last = start
                return false
            }
            passed += 1
            return true
        }
        // A search that ends one field further, or where it began, is as it should be.
        if found != nil && passed > 0 { passed -= 1 }
        return found
    }

    private func makeIndex() -> [CodableName: Int] {
        var index: [CodableName: Int] = [:]
        forEach(in: body) { name, _, value in
            if index[CodableName(text: name)] == nil { index[CodableName(text: name)] = value }
            return true
        }
        self.index = index
        return index
    }

    /// Calls `visit` with each field's name, its offset and its value's, until that returns false.
    @inline(__always)
    private func forEach(in range: Range<Int>, _ visit: (_ name: String, _ start: Int, _ value: Int) -> Bool) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = offset
            // The container was checked when it was opened.
            guard let name = reader.name(at: &offset, limit: body.upperBound), visit(reader.names[name], start, offset),
                let next = reader.end(ofValueAt: offset, limit: body.upperBound)
            else { return }
            offset = next
        }
    }
}
