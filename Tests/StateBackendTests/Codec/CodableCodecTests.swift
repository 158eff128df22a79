import StateBackend
import Testing

/// What is written is read again.
@Suite struct CodableCodecTests {
    static let visit = Visit(user: "ann", page: 7, seconds: 1.5, isMember: true, referrer: nil, tags: ["a", "b"])

    private func expectRoundTrip<Value: Codable & Equatable>(
        _ value: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let again: Value = try CodableCodec.value(of: try CodableCodec.bytes(of: value))
        #expect(again == value, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        0, 1, 63, 64, 127, 128, 16_383, 16_384, Int.max, -1, -2, -64, -65, -128, -129, Int.min, Int.min + 1,
    ])
    func integers(value: Int) throws {
        try expectRoundTrip(value)
        try expectRoundTrip([value])
        try expectRoundTrip(UInt(bitPattern: value))
        try expectRoundTrip(Int8(truncatingIfNeeded: value))
        try expectRoundTrip(Int16(truncatingIfNeeded: value))
        try expectRoundTrip(Int32(truncatingIfNeeded: value))
        try expectRoundTrip(Int64(value))
        try expectRoundTrip(UInt8(truncatingIfNeeded: value))
        try expectRoundTrip(UInt16(truncatingIfNeeded: value))
        try expectRoundTrip(UInt32(truncatingIfNeeded: value))
        try expectRoundTrip(UInt64(truncatingIfNeeded: value))
        try expectRoundTrip(Int128(value) * 3_000_000_000)
        try expectRoundTrip(UInt128(truncatingIfNeeded: value))
    }

    @Test func extremesOf128Bits() throws {
        try expectRoundTrip([Int128.min, .max, -(1 << 64), 1 << 64])
        try expectRoundTrip([UInt128.max, 1 << 127])
    }

    @Test(arguments: [0.0, -0.0, 1.5, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .nan])
    func floatingPoint(value: Double) throws {
        let again: Double = try CodableCodec.value(of: try CodableCodec.bytes(of: value))
        #expect(again.bitPattern == value.bitPattern)
        let single: [Float] = try CodableCodec.value(of: try CodableCodec.bytes(of: [Float(value)]))
        #expect(single[0].bitPattern == Float(value).bitPattern)
    }

    @Test(arguments: [0, 1, 15, 16, 63, 64, 127, 128, 20_000])
    func strings(length: Int) throws {
        try expectRoundTrip(String(repeating: "é", count: length))
        try expectRoundTrip(["x": String(repeating: "x", count: length)])
    }

    @Test func structsEnumsOptionals() throws {
        try expectRoundTrip(Self.visit)
        try expectRoundTrip(Empty())
        try expectRoundTrip([Empty(), Empty()])
        try expectRoundTrip(Optional(Self.visit))
        try expectRoundTrip(Visit?.none)
        try expectRoundTrip([1, nil, 3])
        try expectRoundTrip(Shape.empty)
        try expectRoundTrip(Shape.circle(radius: 2))
        try expectRoundTrip([Shape.box(1, height: nil), .box(1, height: 2)])
        try expectRoundTrip(Shape.group([.group([], named: ""), .empty], named: "outer"))
        try expectRoundTrip(Colour.allCases)
        try expectRoundTrip(1..<5)
    }

    @Test func collections() throws {
        try expectRoundTrip([[Int]]())
        try expectRoundTrip([[1, 2], [], [3]])
        try expectRoundTrip(["": 1, "b": 2])
        try expectRoundTrip([1: "a", -5: "b"])
        try expectRoundTrip([Colour.red: 1])
        try expectRoundTrip([["a": [1: [true]]]])
        try expectRoundTrip(Dictionary(uniqueKeysWithValues: (0..<1_000).map { ("key \($0)", $0) }))
    }

    /// Names that Unicode holds for equal are different fields, as they are different bytes.
    @Test func namesAreBytes() throws {
        let value = [["e\u{301}": 1], ["\u{E9}": 2]]
        let again: [[String: Int]] = try CodableCodec.value(of: try CodableCodec.bytes(of: value))
        #expect(again.map { Array(($0.first?.key ?? "").utf8) } == [[0x65, 0xCC, 0x81], [0xC3, 0xA9]])
    }

    @Test func containersThatAreFilledLater() throws {
        let value = Derived()
        value.base = 10
        value.own = 20
        let again: Derived = try CodableCodec.value(of: try CodableCodec.bytes(of: value))
        #expect(again.base == 10 && again.own == 20)
        try expectRoundTrip(Interleaved(evens: [0, 2, 4], odds: [1], last: "z"))
        try expectRoundTrip([
            Interleaved(evens: [], odds: [], last: ""),
            Interleaved(evens: Array(0..<200), odds: Array(0..<300), last: "long"),
        ])
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func randomValues(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        try expectRoundTrip(Everything.random(using: &generator))
    }

    @Test func valuesLieOneAfterTheOther() throws {
        var encoder = StateEncoder()
        encoder.writeFixed(UInt16(7))
        try CodableCodec.encode(Self.visit, into: &encoder)
        try CodableCodec.encode([1, 2], into: &encoder)
        encoder.writeVarint(9)
        var decoder = StateDecoder(encoder.bytes)
        #expect(try decoder.readFixed(UInt16.self) == 7)
        #expect(try CodableCodec.decode(Visit.self, &decoder) == Self.visit)
        #expect(try CodableCodec.decode([Int].self, &decoder) == [1, 2])
        #expect(try decoder.readVarint() == 9)
        #expect(decoder.isAtEnd)
    }

    /// The name of a field is written once, however many values have it.
    @Test func namesAreSharedWithinAValue() throws {
        let one = try CodableCodec.bytes(of: [Self.visit]).count
        let hundred = try CodableCodec.bytes(of: Array(repeating: Self.visit, count: 100)).count
        #expect(hundred < one + 99 * 32, "\(one) bytes for one, \(hundred) for a hundred")
    }

    @Test func depthIsLimitedBothWays() throws {
        // A tree's level is two values deep, the struct and the list; the last number in it is no container.
        try expectRoundTrip(Tree.chain(CodableCodec.maximumDepth / 2 - 1))
        #expect(throws: EncodingError.self) { try CodableCodec.bytes(of: Tree.chain(CodableCodec.maximumDepth)) }
        // The same by hand: lists in lists.
        var body: [UInt8] = [0x0B, 0]
        for _ in 0..<(CodableCodec.maximumDepth + 10) { body = [0x0B] + varint(body.count) + body }
        let bytes = [1] + varint(body.count) + body + [0]
        #expect { try CodableCodec.value(Lists.self, of: bytes) } throws: { ($0 as? StateError)?.code == .malformed }
    }

    @Test func whatATypeThrowsPassesAndLeavesNothing() throws {
        struct Refusing: Codable {
            struct Refusal: Error {}
            var tags = [1, 2]
            init() {}
            init(from decoder: any Decoder) throws { throw Refusal() }
            func encode(to encoder: any Encoder) throws {
                try tags.encode(to: encoder)
                throw Refusal()
            }
        }
        var encoder = StateEncoder()
        encoder.bytes = [1, 2, 3]
        #expect(throws: Refusing.Refusal.self) { try CodableCodec.encode(["a": Refusing()], into: &encoder) }
        #expect(encoder.bytes == [1, 2, 3])
        let bytes = try CodableCodec.bytes(of: [1])
        #expect(throws: Refusing.Refusal.self) { try CodableCodec.value([Refusing].self, of: bytes) }
    }

    /// A value that can't be written leaves no trace in the container around it.
    @Test func aCaughtErrorLeavesNoTrace() throws {
        struct Half: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                var kept = container.nestedUnkeyedContainer()
                try kept.encode(1)
                try? container.encode(Failing())
                try container.encode(2)
            }
        }
        struct Failing: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                var lost = container.nestedUnkeyedContainer()
                try lost.encode("lost")
                throw CancellationError()
            }
        }
        #expect(try CodableCodec.bytes(of: Half()) == [1, 6, 0x0B, 4, 0x0B, 1, 0x41, 0x42, 0])
    }

    private struct Lists: Decodable {
        var lists: [Lists] = []
        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            while !container.isAtEnd { lists.append(try container.decode(Lists.self)) }
        }
    }

    private func varint(_ value: Int) -> [UInt8] {
        var encoder = StateEncoder()
        encoder.writeVarint(UInt64(value))
        return encoder.bytes
    }
}
