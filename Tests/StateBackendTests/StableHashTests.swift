import StateBackend
import Testing

/// Key groups in every snapshot depend on these values: they must never change.
@Suite struct StableHashTests {
    static let integers: [(UInt64, UInt64)] = [
        (0, 0xC9D8_74CA_57D9_E055),
        (1, 0xF2F3_7271_AD33_E225),
        (2, 0x7E0E_765B_600C_1D6E),
        (42, 0x0B91_AA8B_621C_7A50),
        (1000000, 0x1B2D_6E38_6E8F_B139),
        (0x100000000, 0x6262_7158_BE32_E3AE),
        (0x7fffffffffffffff, 0xE187_CB29_54EF_1A5F),
        (0x8000000000000000, 0xD457_CBA6_1A8E_E39F),
        (0xffffffffffffffff, 0x8E1A_4ACD_601C_1D69),
    ]

    @Test(arguments: integers)
    func hashOfAnIntegerIsFixed(value: UInt64, expected: UInt64) {
        #expect(StableHash.hash(value) == expected)
        #expect(value.stableHash == expected)
    }

    static let texts: [(String, UInt64)] = [
        ("", 0x1FF5_C292_3A78_8D2C),
        ("a", 0x6CF8_4E5A_2465_E867),
        ("ab", 0x172B_A773_B8EB_B6D8),
        ("abc", 0xB480_8DF2_2D44_FFCF),
        ("abcd", 0xE735_73B4_C2DD_FEA0),
        ("campaign", 0x3E95_50EF_7B17_DF41),
        ("a user's name", 0xDB4F_94A1_39B7_2E34),
        ("0123456789abcdef", 0x461E_BD6F_5B59_DFA7),
        ("0123456789abcdefg", 0x7603_B705_3E7D_BC5A),
        ("café", 0xAC19_4E36_3218_B774),
        ("a text that is longer than two blocks of the hash", 0x0C84_20CC_341D_89FC),
    ]

    @Test(arguments: texts)
    func hashOfBytesIsFixed(text: String, expected: UInt64) {
        #expect(text.stableHash == expected)
        // Wherever the bytes lie.
        for shift in 0..<9 {
            let memory = [UInt8](repeating: 0xAA, count: shift) + Array(text.utf8)
            memory.withUnsafeBytes {
                #expect(StableHash.hash(UnsafeRawBufferPointer(rebasing: $0[shift...])) == expected)
            }
        }
    }

    @Test func hashOfCompositeKeysIsFixed() {
        #expect(StableHash.combine(1, 2) == 0xF785_8B38_A849_9BE9)
        #expect(StableHash.combine(2, 1) == 0xB077_298A_7052_D745)
        #expect(Pair(Int32(7), "seven").stableHash == 0x7959_A179_2222_A21D)
        #expect(Optional(5).stableHash == 0x622F_C443_9DCD_E27A)
        #expect(Int?.none.stableHash == 0x1FF5_C292_3A78_8D2C)
        #expect(true.stableHash == 1.stableHash)
        #expect(false.stableHash == 0.stableHash)
    }

    @Test func integersOfEveryWidthHashAlike() {
        #expect(
            Set([Int8(-3).stableHash, Int16(-3).stableHash, Int32(-3).stableHash, Int64(-3).stableHash]).count == 1)
        #expect(
            Set([UInt8(200).stableHash, UInt16(200).stableHash, UInt32(200).stableHash, 200.stableHash]).count == 1)
    }

    @Test func bridgedAndNativeStringsHashAlike() {
        let long = "a text that is too long to be stored inline"
        let slice = String("xx\(long)".dropFirst(2))
        #expect(long.stableHash == slice.stableHash)
        #expect(String.same(long, slice))
        #expect(!String.same("caf\u{E9}", "cafe\u{301}"))
    }

    /// Keys as they come in practice: counters, multiples of powers of two, high bits only, short and long texts.
    static let families: [(name: String, key: @Sendable (Int) -> UInt64)] = [
        ("counter", { $0.stableHash }),
        ("multiples of 1,024", { ($0 << 10).stableHash }),
        ("high bits", { UInt64($0 << 44).stableHash }),
        ("negative", { (-$0).stableHash }),
        ("decimal text", { "\($0)".stableHash }),
        ("prefixed text", { "https://shop.example.org/products/\($0)".stableHash }),
        ("pairs", { Pair(Int32($0 % 100), Int32($0 / 100)).stableHash }),
    ]

    @Test(arguments: families.indices)
    func keysSpreadEvenlyOverGroupsAndSlots(family index: Int) {
        let (name, hash) = Self.families[index]
        let groups = KeyGroups()
        let count = 20_000
        var perGroup = [Int](repeating: 0, count: groups.count)
        var perSlot = [Int](repeating: 0, count: 256)
        var perTag = [Int](repeating: 0, count: 128)
        for i in 0..<count {
            let value = hash(i)
            perGroup[groups.group(ofHash: value)] += 1
            perSlot[Int(value & 255)] += 1
            perTag[Int(value >> 48 & 127)] += 1
        }
        // Chi-square over n - 1 degrees of freedom: mean n - 1, deviation √(2n). Six deviations is far beyond chance.
        for (what, counts) in [("groups", perGroup), ("slots", perSlot), ("tags", perTag)] {
            let mean = Double(count) / Double(counts.count)
            let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
            let limit = Double(counts.count) + 6 * (2 * Double(counts.count)).squareRoot()
            #expect(chiSquare < limit, "\(name) over \(what)")
        }
    }
}
