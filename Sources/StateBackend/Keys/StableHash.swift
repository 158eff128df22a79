/// The hash by which keys find their key group, their worker and their table slot.
///
/// It is our own because it has to be the same in every process and every version (key groups in a snapshot depend on
/// it), which Swift's seeded `Hasher` is not; and because it costs 0.6 ns for an integer where `Hasher` costs 6.
/// Integers: one 64x64→128 bit multiplication, folded. Bytes: the wyhash construction (Wang Yi, 2019).
public enum StableHash {
    /// Folds the 128-bit product of `a` and `b` into 64 bits.
    @inlinable @inline(__always)
    public static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    /// The hash of a 64-bit value.
    @inlinable @inline(__always)
    public static func hash(_ value: UInt64) -> UInt64 {
        fold(value ^ 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93)
    }

    /// Mixes `next` into `seed`; the order matters.
    ///
    /// For composite keys.
    @inlinable @inline(__always)
    public static func combine(_ seed: UInt64, _ next: UInt64) -> UInt64 {
        fold(seed ^ 0xA076_1D64_78BD_642F, next ^ 0xE703_7ED1_A0B4_28DB)
    }

    /// The hash of `bytes`, independent of their address and alignment.
    @inlinable
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let s0: UInt64 = 0xA076_1D64_78BD_642F
        let s1: UInt64 = 0xE703_7ED1_A0B4_28DB
        let count = bytes.count
        guard count > 0, let p = bytes.baseAddress else { return fold(s1, s0) }
        var seed = s0
        var a: UInt64 = 0
        var b: UInt64 = 0
        if count <= 16 {
            if count >= 4 {
                let middle = (count &>> 3) &<< 2
                a = load4(p) &<< 32 | load4(p + middle)
                b = load4(p + count - 4) &<< 32 | load4(p + count - 4 - middle)
            } else {
                a = UInt64(bytes[0]) &<< 16 | UInt64(bytes[count &>> 1]) &<< 8 | UInt64(bytes[count - 1])
            }
        } else {
            var left = count
            var q = p
            while left > 16 {
                seed = fold(load8(q) ^ s1, load8(q + 8) ^ seed)
                q += 16
                left -= 16
            }
            a = load8(p + count - 16)
            b = load8(p + count - 8)
        }
        return fold(s1 ^ UInt64(truncatingIfNeeded: count), fold(a ^ s1, b ^ seed))
    }

    @inlinable @inline(__always)
    static func load8(_ p: UnsafeRawPointer) -> UInt64 { UInt64(littleEndian: p.loadUnaligned(as: UInt64.self)) }

    @inlinable @inline(__always)
    static func load4(_ p: UnsafeRawPointer) -> UInt64 {
        UInt64(UInt32(littleEndian: p.loadUnaligned(as: UInt32.self)))
    }
}
