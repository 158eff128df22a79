internal import CBenchmark
internal import Workloads

/// Reads one event from a line of JSON: members by name in any order, others skipped but scanned.
///
/// The line lies in memory that ends at least 32 bytes behind it, and a newline follows it, which ends any string that
/// runs out of the line.
enum AdLineScanner {
    typealias Cursor = UnsafePointer<UInt8>

    /// Writes the event to `out`, `value` 0; false when the line isn't an object with the four fields.
    @inline(__always)
    static func scan(_ line: Cursor, _ count: Int, into out: UnsafeMutablePointer<Ad>) -> Bool {
        let end = line + count
        var at = line
        var user: UInt64 = 0
        var ad: UInt64 = 0
        var type: Int32 = 0
        var ts: UInt64 = 0
        var seen = 0
        guard expect(UInt8(ascii: "{"), &at) else { return false }
        while true {
            guard expect(UInt8(ascii: "\""), &at) else { return false }
            let name = at
            guard skipString(&at, end) else { return false }
            let length = at - name - 1
            guard expect(UInt8(ascii: ":"), &at) else { return false }
            skipSpace(&at)
            let head = load(name)
            if length == 7, head & 0x00FF_FFFF_FFFF_FFFF == 0x64_695F_7265_7375 {  // user_id
                guard let number = number(&at) else { return false }
                user = number
                seen |= 1
            } else if length == 5, head & 0xFF_FFFF_FFFF == 0x64_695F_6461 {  // ad_id
                guard let number = number(&at), number < UInt64(Ad.adCount) else { return false }
                ad = number
                seen |= 2
            } else if length == 10, head == 0x79_745F_746E_6576_65, tail(name) == 0x65_70 {  // event_type
                guard at.pointee == UInt8(ascii: "\"") else { return false }
                at += 1
                let letter = at.pointee
                guard skipString(&at, end) else { return false }
                type =
                    letter == UInt8(ascii: "v") ? Ad.view : letter == UInt8(ascii: "c") ? Ad.click : Ad.purchase
                seen |= 4
            } else if length == 10, head == 0x69_745F_746E_6576_65, tail(name) == 0x65_6D {  // event_time
                guard let number = number(&at) else { return false }
                ts = number
                seen |= 8
            } else {
                guard skipValue(&at, end) else { return false }
            }
            skipSpace(&at)
            let mark = at.pointee
            at += 1
            if mark == UInt8(ascii: ",") { continue }
            guard mark == UInt8(ascii: "}") else { return false }
            skipSpace(&at)
            guard at == end && seen == 15 else { return false }
            out.initialize(
                to: Ad(
                    user: Int64(truncatingIfNeeded: user), ad: Int32(truncatingIfNeeded: ad), type: type, value: 0,
                    ts: Int64(truncatingIfNeeded: ts)))
            return true
        }
    }

    @inline(__always)
    private static func load(_ at: Cursor) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
    }

    /// Bytes 8 and 9.
    @inline(__always)
    private static func tail(_ at: Cursor) -> UInt16 {
        UInt16(littleEndian: UnsafeRawPointer(at + 8).loadUnaligned(as: UInt16.self))
    }

    /// Space, tab and carriage return; a newline ends the line.
    @inline(__always)
    private static func skipSpace(_ at: inout Cursor) {
        while at.pointee == 32 || at.pointee == 9 || at.pointee == 13 { at += 1 }
    }

    @inline(__always)
    private static func expect(_ byte: UInt8, _ at: inout Cursor) -> Bool {
        if at.pointee != byte { skipSpace(&at) }
        guard at.pointee == byte else { return false }
        at += 1
        return true
    }

    /// Moves from behind the opening quote to behind the closing one.
    @inline(__always)
    private static func skipString(_ at: inout Cursor, _ end: Cursor) -> Bool {
        while at < end {
            let stops = bench_string_stops(at)
            if stops == 0 {
                at += 16
                continue
            }
            at += stops.trailingZeroBitCount
            switch at.pointee {
            case UInt8(ascii: "\""):
                at += 1
                return true
            case UInt8(ascii: "\\"): at += 2
            default: return false
            }
        }
        return false
    }

    /// A number without sign, fraction or exponent, 8 digits at a time.
    @inline(__always)
    private static func number(_ at: inout Cursor) -> UInt64? {
        var value: UInt64 = 0
        let start = at
        while true {
            let digits = load(at) ^ 0x3030_3030_3030_3030
            // The high bit of each byte that isn't a digit; right up to the lowest of them.
            let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
            if others == 0 {
                value = value &* 100_000_000 &+ eightDigits(digits)
                at += 8
                continue
            }
            let length = others.trailingZeroBitCount &>> 3
            // Leading zeros in front of what there is; none at all when length is 0.
            let shifted = length == 0 ? 0 : digits &<< UInt64((8 &- length) &* 8)
            value = value &* bench_power_of_ten(UInt32(truncatingIfNeeded: length)) &+ eightDigits(shifted)
            at += length
            return at > start && at - start <= 18 ? value : nil
        }
    }

    @inline(__always)
    private static func eightDigits(_ digits: UInt64) -> UInt64 {
        let pairs = ((digits &* 2561) &>> 8) & 0x00FF_00FF_00FF_00FF
        let fours = ((pairs &* 6_553_601) &>> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 42_949_672_960_001) &>> 32
    }

    @inline(__always)
    private static func skipValue(_ at: inout Cursor, _ end: Cursor) -> Bool {
        if at.pointee == UInt8(ascii: "\"") {
            at += 1
            return skipString(&at, end)
        }
        return skipOther(&at, end)
    }

    /// A number, a literal, an object or an array: as far as its end, without judging what is inside.
    @inline(never)
    private static func skipOther(_ at: inout Cursor, _ end: Cursor) -> Bool {
        var depth = 0
        let start = at
        while at < end {
            switch at.pointee {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return at > start }
                depth -= 1
                if depth == 0 {
                    at += 1
                    return true
                }
            case UInt8(ascii: ","):
                if depth == 0 { return at > start }
            case UInt8(ascii: "\""):
                guard depth > 0 else { return false }
                at += 1
                guard skipString(&at, end) else { return false }
                continue
            default: break
            }
            at += 1
        }
        return false
    }
}
