import Testing
import Workloads

struct DigestTests {
    @Test func rowHashes() {
        var two = Digest()
        two.add(1, 2)
        #expect(two == Digest(rows: 1, sum: 0x5776_AF19_ED3D_575F))
        var three = Digest()
        three.add(1, 2, 3)
        #expect(three == Digest(rows: 1, sum: 0xD1BE_6E77_9D5F_00B2))
        var five = Digest()
        five.add([1, 2, 3, 4, 5])
        #expect(five == Digest(rows: 1, sum: 0x7311_F9E4_91B2_A1A8))
    }

    @Test func widthsAgree() {
        var fixed = Digest()
        fixed.add(-1, 2)
        fixed.add(1, 2, -3)
        fixed.add(1, .min, 3, .max)
        var any = Digest()
        for row in [[-1, 2], [1, 2, -3], [1, .min, 3, .max]] as [[Int64]] { any.add(row) }
        #expect(fixed == any)
        fixed.add(9, 8, 7, 6, -5)
        any.add([9, 8, 7, 6, -5])
        #expect(fixed == any)
        fixed.add(9, 8, 7, 6, 5, 4, -3, 2, 1, 0)
        any.add([9, 8, 7, 6, 5, 4, -3, 2, 1, 0])
        #expect(fixed == any)
        fixed.add(1, .min, 3, .max, sign: -1)
        any.add([1, .min, 3, .max], sign: -1)
        #expect(fixed == any && fixed.rows == 4)
    }

    @Test func retraction() {
        var digest = Digest()
        digest.add([1, 2])
        digest.add([3, 4])
        digest.add([1, 2], sign: -1)
        var rest = Digest()
        rest.add(3, 4)
        #expect(digest == rest)
        digest.add(rest)
        #expect(digest.rows == 2 && digest.sum == rest.sum &* 2)
    }

    @Test func hexadecimalHas16Digits() {
        #expect(Digest(rows: 0, sum: 0x1F).hexadecimal == "000000000000001f")
    }
}
