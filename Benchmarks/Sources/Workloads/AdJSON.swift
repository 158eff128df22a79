/// Writes events of `ads-u` as JSON, one object without spaces or newline.
public enum AdJSON {
    /// The bytes of a line, at most.
    public static let longestLine = 192
    /// Room that ``write(_:index:to:)`` needs: that of the longest line, and more that may be overwritten.
    public static let lineCapacity = 256

    /// Writes event `index`, whose record is `ad`, to `out`.
    ///
    /// - Parameter out: room for ``lineCapacity`` bytes; those behind the line are undefined afterwards.
    /// - Returns: the length of the line in bytes.
    @inlinable
    @inline(__always)
    public static func write(_ ad: Ad, index: Int64, to out: UnsafeMutablePointer<UInt8>) -> Int {
        var at = out
        put("{\"user_id\":", &at)
        putDecimal(UInt64(bitPattern: ad.user), &at)
        put(",\"page_id\":\"", &at)
        let page = mix(AdsUniform.seed &+ UInt64(bitPattern: index))
        store(hexadecimal(page &>> 32), at)
        store(hexadecimal(page & 0xFFFF_FFFF), at + 8)
        at += 16
        put("\",\"ad_id\":", &at)
        putDecimal(UInt64(truncatingIfNeeded: ad.ad), &at)
        put(",\"ad_type\":\"banner78\",\"event_type\":\"", &at)
        // view, click or purchase, chosen without a branch: the type is random.
        let isView = ad.type == Ad.view
        let isClick = ad.type == Ad.click
        store(isView ? 0x7765_6976 : isClick ? 0x6B_6369_6C63 : 0x6573_6168_6372_7570, at)
        at += isView ? 4 : isClick ? 5 : 8
        put("\",\"event_time\":", &at)
        putDecimal(UInt64(bitPattern: ad.ts), &at)
        put(",\"ip_address\":\"1.2.3.4\"}", &at)
        return at - out
    }

    @inlinable
    @inline(__always)
    static func put(_ text: StaticString, _ at: inout UnsafeMutablePointer<UInt8>) {
        at.initialize(from: text.utf8Start, count: text.utf8CodeUnitCount)
        at += text.utf8CodeUnitCount
    }

    @inlinable
    @inline(__always)
    static func store(_ bytes: UInt64, _ at: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(at).storeBytes(of: bytes.littleEndian, as: UInt64.self)
    }

    /// Plain decimal, 8 digits at a time.
    @inlinable
    @inline(__always)
    static func putDecimal(_ value: UInt64, _ at: inout UnsafeMutablePointer<UInt8>) {
        var rest = value
        if value >= 100_000_000 {
            let high = value / 100_000_000
            if high < 100_000_000 { putLeading(high, &at) } else { putLong(high, &at) }
            rest = value &- high &* 100_000_000
            store(digits(rest) | 0x3030_3030_3030_3030, at)
            at += 8
        } else {
            putLeading(rest, &at)
        }
    }

    /// More than 16 digits: never in these workloads.
    @inlinable
    @inline(never)
    static func putLong(_ high: UInt64, _ at: inout UnsafeMutablePointer<UInt8>) {
        putLeading(high / 100_000_000, &at)
        store(digits(high % 100_000_000) | 0x3030_3030_3030_3030, at)
        at += 8
    }

    /// A number below 10^8 without leading zeros.
    @inlinable
    @inline(__always)
    static func putLeading(_ value: UInt64, _ at: inout UnsafeMutablePointer<UInt8>) {
        let all = digits(value)
        let zeros = min(all.trailingZeroBitCount &>> 3, 7)
        store((all | 0x3030_3030_3030_3030) &>> UInt64(zeros &* 8), at)
        at += 8 &- zeros
    }

    /// The 8 decimal digits of a number below 10^8, one per byte, the first one in the lowest byte.
    @inlinable
    @inline(__always)
    static func digits(_ value: UInt64) -> UInt64 {
        let high = value / 10_000
        let fours = high | (value &- high &* 10_000) &<< 32
        let hundreds = ((fours &* 10_486) &>> 20) & 0x7F_0000_007F
        let pairs = hundreds | (fours &- hundreds &* 100) &<< 16
        let tens = ((pairs &* 103) &>> 10) & 0x000F_000F_000F_000F
        return tens | (pairs &- tens &* 10) &<< 8
    }

    /// The 8 hexadecimal digits of a 32-bit number as text, the first one in the lowest byte.
    @inlinable
    @inline(__always)
    static func hexadecimal(_ value: UInt64) -> UInt64 {
        var nibbles = ((value & 0xFFFF_0000) &<< 16) | (value & 0xFFFF)
        nibbles = ((nibbles &<< 8) & 0x00FF_0000_00FF_0000) | (nibbles & 0x0000_00FF_0000_00FF)
        nibbles = ((nibbles &<< 4) & 0x0F00_0F00_0F00_0F00) | (nibbles & 0x000F_000F_000F_000F)
        let letters = ((nibbles &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return (nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).byteSwapped
    }
}
