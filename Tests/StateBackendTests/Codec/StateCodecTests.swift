import StateBackend
import Testing

/// The compact primitives, and which codec a type gets.
@Suite struct StateCodecTests {
    private func expectRoundTrip<Value: StateCodable & Equatable>(
        _ value: Value, _ bytes: [UInt8]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var encoder = StateEncoder()
        try encoder.encode(value)
        if let bytes { #expect(encoder.bytes == bytes, sourceLocation: sourceLocation) }
        var decoder = StateDecoder(encoder.bytes)
        #expect(try decoder.decode(Value.self) == value, sourceLocation: sourceLocation)
        #expect(decoder.isAtEnd, sourceLocation: sourceLocation)
        for end in encoder.bytes.indices {
            var cut = StateDecoder(Array(encoder.bytes[..<end]))
            #expect(throws: StateError.self, sourceLocation: sourceLocation) { try cut.decode(Value.self) }
        }
    }

    @Test func primitives() throws {
        try expectRoundTrip(0, [0])
        try expectRoundTrip(-1, [1])
        try expectRoundTrip(1, [2])
        try expectRoundTrip(Int8.min, [0xFF, 0x01])
        try expectRoundTrip(Int16.max)
        try expectRoundTrip(Int32.min)
        try expectRoundTrip(Int64.max)
        try expectRoundTrip(Int.min, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        try expectRoundTrip(UInt8.max, [0xFF, 0x01])
        try expectRoundTrip(UInt16.max)
        try expectRoundTrip(UInt32.max)
        try expectRoundTrip(UInt64.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        try expectRoundTrip(UInt(300), [0xAC, 0x02])
        try expectRoundTrip(true, [1])
        try expectRoundTrip(1.5, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F])
        try expectRoundTrip(Float(1.5), [0, 0, 0xC0, 0x3F])
        try expectRoundTrip("hé", [3, 0x68, 0xC3, 0xA9])
        try expectRoundTrip("", [0])
    }

    @Test func composites() throws {
        try expectRoundTrip(Int?.none, [0])
        try expectRoundTrip(Int?.some(1), [1, 2])
        try expectRoundTrip([String?]([nil, "a"]), [2, 0, 1, 1, 0x61])
        try expectRoundTrip(Set([1, 2, 3]))
        try expectRoundTrip(["a": [1, 2], "b": []])
        try expectRoundTrip(Pair(1, "x"), [2, 1, 0x78])
    }

    @Test func fixedWidthIsLittleEndian() throws {
        var encoder = StateEncoder()
        encoder.writeFixed(UInt32(0x0102_0304))
        encoder.writeBytes([9, 8])
        #expect(encoder.bytes == [4, 3, 2, 1, 2, 9, 8])
        var decoder = StateDecoder(encoder.bytes)
        #expect(try decoder.readFixed(UInt32.self) == 0x0102_0304)
        #expect(Array(try decoder.readBytes()) == [9, 8])
        #expect(decoder.left == 0)
    }

    @Test(
        arguments: [
            [0x80], [0x80, 0x80], Array(repeating: 0x80, count: 10), Array(repeating: 0xFF, count: 12),
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
        ] as [[UInt8]])
    func varintsThatAreNone(bytes: [UInt8]) {
        var decoder = StateDecoder(bytes)
        #expect { try decoder.readVarint() } throws: { ($0 as? StateError)?.code == .malformed }
    }

    /// A count that the bytes can't hold is refused before anything is reserved for it.
    @Test(arguments: [[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 2], [4, 0, 0, 0]] as [[UInt8]])
    func countsThatAreTooLarge(bytes: [UInt8]) {
        expectMalformed([Int].self, bytes)
        expectMalformed(
            [Empty].self, bytes,
            StateCodec<[Empty]>(
                encode: { _, _ in },
                decode: { decoder in
                    Array(repeating: Empty(), count: try decoder.readCount())
                }))
        expectMalformed(String.self, bytes)
        expectMalformed(Set<Int>.self, bytes)
        expectMalformed([Int: Int].self, bytes)
    }

    @Test func valuesThatDoNotFit() {
        expectMalformed(Int8.self, [0x80, 0x02])
        expectMalformed(UInt8.self, [0x80, 0x02])
        expectMalformed(Bool.self, [2])
        expectMalformed(String.self, [1, 0xFF])
        expectMalformed(Int?.self, [2])
    }

    private func expectMalformed<Value>(
        _ type: Value.Type, _ bytes: [UInt8], _ codec: StateCodec<Value> = .automatic,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(sourceLocation: sourceLocation) {
            var decoder = StateDecoder(bytes)
            _ = try codec.decode(&decoder)
        } throws: { ($0 as? StateError)?.code == .malformed }
    }

    struct OwnAndCodable: StateCodable, Codable {
        var number: Int
        init(number: Int) { self.number = number }
        func encode(into encoder: inout StateEncoder) throws { encoder.writeFixed(UInt8(number)) }
        init(decoding decoder: inout StateDecoder) throws { number = Int(try decoder.readFixed(UInt8.self)) }
    }
    struct Trivial: Equatable {
        var a: Int32
        var b: Double
    }
    struct Reference { var text: String }

    private func through<Value>(_ value: Value, _ codec: StateCodec<Value> = .automatic) throws -> (Value, [UInt8]) {
        var encoder = StateEncoder()
        try codec.encode(value, into: &encoder)
        var decoder = StateDecoder(encoder.bytes)
        let again = try codec.decode(&decoder)
        #expect(decoder.isAtEnd)
        return (again, encoder.bytes)
    }

    @Test func theOwnFormIsFirst() throws {
        #expect(StateCodec<OwnAndCodable>.automatic.form == .own)
        #expect(try through(OwnAndCodable(number: 7)).1 == [7])
        #expect(StateCodec<[OwnAndCodable]>.automatic.form == .own)
        #expect(StateCodec<OwnAndCodable?>.automatic.form == .own)
        #expect(StateCodec<Int>.automatic.form == .own)
    }

    @Test func codableIsSecond() throws {
        #expect(StateCodec<Empty>.automatic.form == .codable, "trivial, but Codable")
        #expect(StateCodec<[Shape]>.automatic.form == .codable)
        #expect(try through(CodableCodecTests.visit).0 == CodableCodecTests.visit)
        #expect(try through([Shape.empty, .circle(radius: 1)]).0 == [.empty, .circle(radius: 1)])
    }

    @Test func theBytesOfATrivialTypeAreThird() throws {
        #expect(StateCodec<Trivial>.automatic.form == .raw)
        #expect(try through(Trivial(a: 1, b: 2)).0 == Trivial(a: 1, b: 2))
        #expect(StateCodec<(Int, Bool)>.automatic.form == .raw)
        #expect(try through((5, true)).0 == (5, true))
        #expect(try through(()).1 == [0])
        expectMalformed(Trivial.self, [3, 1, 2, 3])
    }

    @Test func theRestHasNone() throws {
        let codec = StateCodec<Reference>.automatic
        #expect(codec.form == .missing)
        #expect { try through(Reference(text: "")) } throws: { error in
            (error as? StateError)?.code == .noCodec && "\(error)".contains("Reference")
        }
    }

    @Test func arraysAndOptionalsOfACodec() throws {
        let codec = StateCodec<Trivial>.automatic
        let values = [Trivial(a: 1, b: 2), Trivial(a: 3, b: 4)]
        #expect(try through(values, codec.array).0 == values)
        #expect(try through([], codec.array).0 == [])
        #expect(try through(nil, codec.optional).0 == nil)
        #expect(try through(values[0], codec.optional).0 == values[0])
    }

    struct Nothing: StateCodable, Hashable {
        init() {}
        func encode(into encoder: inout StateEncoder) throws {}
        init(decoding decoder: inout StateDecoder) throws {}
    }

    /// Values without bytes get one each where they are counted.
    @Test func collectionsOfNothing() throws {
        let nothing = Array(repeating: Nothing(), count: 3)
        #expect(try through(nothing).0 == nothing)
        #expect(try through(nothing, StateCodec<Nothing>.automatic.array).0 == nothing)
        #expect(try through(Set(nothing)).0 == Set(nothing))
        #expect(try through([Nothing(): Nothing()]).0 == [Nothing(): Nothing()])
        #expect(try through([[nothing], [], [nothing, nothing]]).0 == [[nothing], [], [nothing, nothing]])
    }
}
