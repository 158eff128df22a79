import Foundation
import StateBackend
import Testing

/// What every key type can do.
@Suite struct StreamKeyTests {
    /// A key of each type that the library makes one.
    static let keys: [String: any StreamKey] = [
        "Int": Int.min, "Int8": Int8(-8), "Int16": Int16(-16), "Int32": Int32(-32), "Int64": Int64(-64),
        "UInt": UInt.max, "UInt8": UInt8(8), "UInt16": UInt16(16), "UInt32": UInt32(32), "UInt64": UInt64.max,
        "Bool": true, "String": "key", "Optional": Optional("key"), "Pair": Pair(1, "key"),
    ]

    /// The table above has all of them.
    @Test func noKeyTypeIsForgotten() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let source = tests.appendingPathComponent("../../../Sources/StateBackend/Keys/StreamKey.swift")
            .standardizedFileURL
        let text = try String(contentsOf: source, encoding: .utf8)
        let declared = text.matches(of: /(?m)^(?:extension|public struct) (\w+)(?:<[^>]*>)?: StreamKey/).map {
            String($0.output.1)
        }
        #expect(Set(declared) == Set(Self.keys.keys))
    }

    /// Keys are saved with the state, so each type has a codec that reads what it wrote.
    @Test(arguments: keys.keys.sorted())
    func eachHasACodec(name: String) throws {
        let key: (any StreamKey)? = Self.keys[name]
        if let key { try expectCodec(key) }
    }

    private func expectCodec<Key: StreamKey>(_ key: Key) throws {
        let codec = StateCodec<Key>.automatic
        #expect(codec.form == .own)
        #expect(Key.self is any StateCodable.Type)
        var encoder = StateEncoder()
        try codec.encode(key, into: &encoder)
        var decoder = StateDecoder(encoder.bytes)
        let again = try codec.decode(&decoder)
        #expect(Key.same(again, key) && again.stableHash == key.stableHash)
    }

    enum Country: String, StreamKey { case de, fr, it }
    enum Level: Int16, StreamKey { case low = -1, high = 300 }
    struct Tag: RawRepresentable, StreamKey { var rawValue: String }

    @Test func aRawValueMakesAKey() {
        #expect(Country.fr.stableHash == "fr".stableHash)
        #expect(Level.low.stableHash == (-1).stableHash)
        #expect(Country.same(.de, .de) && !Country.same(.de, .it))
        // Equal by Unicode, but of other bytes and so of another hash.
        let (composed, decomposed) = (Tag(rawValue: "\u{E9}"), Tag(rawValue: "e\u{301}"))
        #expect(composed == decomposed && !Tag.same(composed, decomposed))
        #expect(Pair(Country.de, 1).stableHash == Pair("de", 1).stableHash)
    }

    /// An enumeration is saved as its raw value, whatever the order of its cases.
    @Test func aRawValueIsWhatIsSaved() throws {
        try expectSaved(Country.it, [2, 0x69, 0x74], wrong: [2, 0x69, 0x69])
        try expectSaved(Level.high, [0xD8, 0x04], wrong: [2])
        try expectSaved(Tag(rawValue: "t"), [1, 0x74], wrong: [1, 0xFF])
    }

    private func expectSaved<Key: StreamKey>(_ key: Key, _ bytes: [UInt8], wrong: [UInt8]) throws {
        let codec = StateCodec<Key>.automatic
        #expect(codec.form == .own)
        var encoder = StateEncoder()
        try codec.encode(key, into: &encoder)
        #expect(encoder.bytes == bytes)
        var decoder = StateDecoder(bytes)
        #expect(try codec.decode(&decoder) == key)
        #expect {
            var decoder = StateDecoder(wrong)
            _ = try codec.decode(&decoder)
        } throws: { ($0 as? StateError)?.code == .malformed }
    }
}
