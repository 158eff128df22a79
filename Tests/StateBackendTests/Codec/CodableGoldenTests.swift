import StateBackend
import Testing

/// Bytes of form 1, kept: what was once written must stay readable, so these may be added to and never changed.
@Suite struct CodableGoldenTests {
    private func expect<Value: Codable & Equatable>(
        _ value: Value, _ hex: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let bytes = try CodableCodec.bytes(of: value)
        let written = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(written == hex, sourceLocation: sourceLocation)
        let digits = Array(hex)
        let kept = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
        #expect(try CodableCodec.value(Value.self, of: kept) == value, sourceLocation: sourceLocation)
    }

    @Test func scalars() throws {
        try expect(5, "01014500")
        try expect(63, "01017f00")
        try expect(64, "0102034000")
        try expect(300, "010303ac0200")
        try expect(-1, "0102040000")
        try expect(Int.min, "010a04ffffffffffffffff7f00")
        try expect(UInt64.max, "010b03ffffffffffffffffff0100")
        try expect(UInt128.max, "011105ffffffffffffffffffffffffffffffff00")
        try expect(Int128.min, "011106ffffffffffffffffffffffffffffff7f00")
        try expect(true, "01010200")
        try expect(false, "01010100")
        try expect(Int?.none, "01010000")
        try expect(1.5, "010908000000000000f83f00")
        try expect(Float(1.5), "0105070000c03f00")
        try expect("hé", "01048368c3a900")
        try expect(String(repeating: "a", count: 64), "01420940" + String(repeating: "61", count: 64) + "00")
    }

    @Test func containers() throws {
        try expect([1, 2], "01040b02414200")
        try expect(["a": 1], "01040a020041010161")
        try expect([1: "b"], "01050a03008162010131")
        try expect(Empty(), "01020a0000")
        try expect(
            Visit(user: "ann", page: 7, seconds: 1.5, isMember: true, referrer: nil, tags: ["a"]),
            "011a0a180083616e6e014702080000"
                + "00000000f83f0302040b0281610504757365720470616765077365636f6e64730869734d656d626572"
                + "0474616773")
        try expect(Shape.box(1, height: 2), "01090a07000a040141024203" + "03626f78" + "025f30" + "06686569676874")
        try expect([Colour.red, .blue], "010b0b098372656484626c756500")
    }
}
