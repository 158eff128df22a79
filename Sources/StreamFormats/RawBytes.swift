// Loads and eight-bytes-at-a-time tests ("SIMD within a register") that the readers share. Words are loaded as
// little endian, so that the lowest set bit belongs to the first byte in memory.

extension UnsafeRawPointer {
    /// The byte here.
    @inlinable @inline(__always) var byte: UInt8 { load(as: UInt8.self) }

    /// The two bytes here, the first in the low half.
    @inlinable @inline(__always) var halfWord: UInt16 { UInt16(littleEndian: loadUnaligned(as: UInt16.self)) }

    /// The eight bytes here, the first in the lowest place.
    @inlinable @inline(__always) var word: UInt64 { UInt64(littleEndian: loadUnaligned(as: UInt64.self)) }
}

@usableFromInline enum WordScan {
    /// The top bit of each byte that is `byte`; only the lowest set bit is certain.
    @inlinable @inline(__always) static func firstMatch(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    /// The top bit of each byte that is `byte`, exact for every byte.
    @inlinable @inline(__always) static func matches(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        let low = 0x7f7f_7f7f_7f7f_7f7f as UInt64
        return ~(((difference & low) &+ low) | difference | low)
    }

    /// The top bit of each byte that ends a run of plain string bytes in JSON: quote, backslash, control character.
    ///
    /// Only the lowest set bit is certain.
    @inlinable @inline(__always) static func stringStops(_ word: UInt64) -> UInt64 {
        let quote = word ^ 0x2222_2222_2222_2222
        let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
        let quotes = (quote &- 0x0101_0101_0101_0101) & ~quote
        let backslashes = (backslash &- 0x0101_0101_0101_0101) & ~backslash
        let controls = (word &- 0x2020_2020_2020_2020) & ~word
        return (quotes | backslashes | controls) & 0x8080_8080_8080_8080
    }

    /// Whether all eight bytes are ASCII digits.
    @inlinable @inline(__always) static func isEightDigits(_ word: UInt64) -> Bool {
        let high = word & 0xf0f0_f0f0_f0f0_f0f0
        let carried = (word &+ 0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0
        return (high | (carried &>> 4)) == 0x3333_3333_3333_3333
    }

    /// The number that eight ASCII digits spell.
    @inlinable @inline(__always) static func eightDigits(_ word: UInt64) -> UInt64 {
        let digits = word &- 0x3030_3030_3030_3030
        let pairs = (digits &* 10) &+ (digits &>> 8)
        let high = (pairs & 0x0000_00ff_0000_00ff) &* 0x000f_4240_0000_0064
        let low = ((pairs &>> 16) & 0x0000_00ff_0000_00ff) &* 0x0000_2710_0000_0001
        return (high &+ low) &>> 32
    }
}

/// A string of valid UTF-8 bytes, or nil when they are not valid.
///
/// The repairing initializer is several times as fast as the validating one (for ASCII five times); what it gives
/// equals the bytes exactly when there was nothing to repair.
@usableFromInline @inline(never)
func validatedString(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard let base = bytes.baseAddress else { return "" }
    let units = UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    var string = String(decoding: units, as: UTF8.self)
    if isASCII(base, bytes.count) { return string }
    return string.withUTF8 { $0.elementsEqual(units) } ? string : nil
}

@inline(__always)
private func isASCII(_ base: UnsafeRawPointer, _ count: Int) -> Bool {
    var all: UInt64 = 0
    var index = 0
    while count - index >= 8 {
        all |= (base + index).word
        index += 8
    }
    while index < count {
        all |= UInt64((base + index).byte)
        index += 1
    }
    return all & 0x8080_8080_8080_8080 == 0
}
