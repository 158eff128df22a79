/// The encoder of ``CodableCodec``: one value being written.
struct CodableEncoder: Encoder {
    let fragment: CodableFragment
    let serial: Int

    var codingPath: [any CodingKey] { fragment.path(to: serial) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        fragment.begin(.keyed, serial: serial)
        return KeyedEncodingContainer(CodableKeyedEncoder(fragment: fragment, serial: serial))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        fragment.begin(.unkeyed, serial: serial)
        return CodableUnkeyedEncoder(fragment: fragment, serial: serial)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        fragment.begin(.single, serial: serial)
        return CodableSingleEncoder(fragment: fragment, serial: serial)
    }
}

/// Writes a value's fields.
///
/// Its generic method also stands for those that the protocol has for each primitive type.
struct CodableKeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let fragment: CodableFragment
    let serial: Int

    var codingPath: [any CodingKey] { fragment.path(to: serial) }

    func encodeNil(forKey key: Key) throws { try fragment.append(field: CodableNil(), key: key, in: serial) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try fragment.append(field: value, key: key, in: serial)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        let (fragment, serial) = fragment.appendLater(key: key, in: serial, kind: .keyed)
        return KeyedEncodingContainer(CodableKeyedEncoder<Nested>(fragment: fragment, serial: serial))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let (fragment, serial) = fragment.appendLater(key: key, in: serial, kind: .unkeyed)
        return CodableUnkeyedEncoder(fragment: fragment, serial: serial)
    }

    func superEncoder() -> any Encoder { later(CodablePathKey.super) }

    func superEncoder(forKey key: Key) -> any Encoder { later(key) }

    private func later(_ key: any CodingKey) -> CodableEncoder {
        let (fragment, serial) = fragment.appendLater(key: key, in: serial, kind: .undecided)
        return CodableEncoder(fragment: fragment, serial: serial)
    }
}

/// Writes a list.
struct CodableUnkeyedEncoder: UnkeyedEncodingContainer {
    let fragment: CodableFragment
    let serial: Int

    var codingPath: [any CodingKey] { fragment.path(to: serial) }
    var count: Int { fragment.count(of: serial) }

    func encodeNil() throws { try fragment.append(element: CodableNil(), in: serial) }

    func encode<Value: Encodable>(_ value: Value) throws { try fragment.append(element: value, in: serial) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let (fragment, serial) = fragment.appendLater(key: nil, in: serial, kind: .keyed)
        return KeyedEncodingContainer(CodableKeyedEncoder<Nested>(fragment: fragment, serial: serial))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let (fragment, serial) = fragment.appendLater(key: nil, in: serial, kind: .unkeyed)
        return CodableUnkeyedEncoder(fragment: fragment, serial: serial)
    }

    func superEncoder() -> any Encoder {
        let (fragment, serial) = fragment.appendLater(key: nil, in: serial, kind: .undecided)
        return CodableEncoder(fragment: fragment, serial: serial)
    }
}

/// Writes a value that consists of one other.
struct CodableSingleEncoder: SingleValueEncodingContainer {
    let fragment: CodableFragment
    let serial: Int

    var codingPath: [any CodingKey] { fragment.path(to: serial) }

    func encodeNil() throws { try fragment.append(element: CodableNil(), in: serial) }

    func encode<Value: Encodable>(_ value: Value) throws { try fragment.append(element: value, in: serial) }
}
