/// A decoder without bytes: it makes values up and notes what is asked for.
struct ShapeDecoder: Decoder, SingleValueDecodingContainer {
    let node: ShapeNode

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        node.begin(.fields)
        return KeyedDecodingContainer(ShapeKeyedDecoder(node: node))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        node.begin(.list)
        return ShapeUnkeyedDecoder(node: node)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        node.begin(.single)
        return self
    }

    func decodeNil() -> Bool {
        node.addNil()
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        node.begin(.single)
        return try node.make(type) { node.add(element: $0) }
    }
}

/// Makes up fields.
struct ShapeKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let node: ShapeNode

    var codingPath: [any CodingKey] { [] }

    /// One key: the enumeration's case that is to be read, where the keys are cases.
    var allKeys: [Key] {
        let cases = ShapeCases.all(of: Key.self)
        node.cases = cases.map(\.stringValue)
        return node.choice < cases.count ? [cases[node.choice]] : []
    }

    func contains(_ key: Key) -> Bool {
        node.ask(key.stringValue)
        return true
    }

    func decodeNil(forKey key: Key) -> Bool {
        node.ask(key.stringValue)
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try node.make(type) { node.add(field: key.stringValue, isRequired: true, $0) }
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        let found = node.probe.find(type)
        node.add(field: key.stringValue, isRequired: false) { found.shape }
        return nil
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> {
        inner(key.stringValue).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
        inner(key.stringValue).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { inner(CodablePathKey.super.stringValue) }

    func superDecoder(forKey key: Key) -> any Decoder { inner(key.stringValue) }

    private func inner(_ name: String) -> ShapeDecoder {
        let inner = node.inner()
        node.add(field: name, isRequired: true) { inner.shape(name: "", isComplete: true) }
        return ShapeDecoder(node: inner)
    }
}

/// Makes up elements: one, where the number is asked for.
struct ShapeUnkeyedDecoder: UnkeyedDecodingContainer {
    let node: ShapeNode

    var codingPath: [any CodingKey] { [] }
    var count: Int? {
        node.isCounted = true
        return 1
    }
    var currentIndex: Int { node.elementCount }
    var isAtEnd: Bool {
        node.isCounted = true
        return node.elementCount > 0
    }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try node.make(type) { node.add(element: $0) }
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedDecodingContainer<Nested> {
        inner().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer { inner().unkeyedContainer() }

    mutating func superDecoder() -> any Decoder { inner() }

    private func inner() -> ShapeDecoder {
        let inner = node.inner()
        node.add { inner.shape(name: "", isComplete: true) }
        return ShapeDecoder(node: inner)
    }
}

/// The cases of the enumerations that the compiler makes for coding keys.
enum ShapeCases {
    /// All cases of an enumeration without associated values; none when it is something else.
    ///
    /// Swift numbers them from zero and gives nil the first number that is left (`TypeLayout`, "Enums without
    /// payload"), so the layout of the optional tells how many there are.
    static func all<Key: CodingKey>(of type: Key.Type) -> [Key] {
        guard _isPOD(type) else { return [] }
        // One case takes no bytes. The compiler makes no `Codable` for enumerations without cases.
        if MemoryLayout<Key>.size == 0 {
            return withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) {
                [UnsafeRawBufferPointer($0).load(as: Key.self)]
            }
        }
        guard MemoryLayout<Key>.size == 1, MemoryLayout<Key?>.size == 1, let first = ShapeProbe.zero(type),
            Mirror(reflecting: first).displayStyle == .enum
        else { return [] }
        return (0..<unsafeBitCast(Key?.none, to: UInt8.self)).map { unsafeBitCast($0, to: Key.self) }
    }
}
