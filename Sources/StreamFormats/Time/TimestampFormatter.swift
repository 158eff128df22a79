/// Writes milliseconds since 1970-01-01 UTC as `2015-01-01T00:00:00.000Z`.
///
/// Years outside 0000 to 9999 have a sign, as in ISO 8601's expanded form.
public func formatTimestamp(_ milliseconds: Int64) -> String {
    var bytes = [UInt8]()
    bytes.reserveCapacity(24)
    TimestampFormatter.append(milliseconds, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

enum TimestampFormatter {
    static func append(_ milliseconds: Int64, to bytes: inout [UInt8]) {
        let remainder = milliseconds % 86_400_000
        let timeOfDay = remainder < 0 ? remainder + 86_400_000 : remainder
        let days = milliseconds / 86_400_000 - (remainder < 0 ? 1 : 0)
        let (year, month, day) = CivilDate.date(daysSince1970: days)
        if year < 0 { bytes.append(0x2D) } else if year > 9_999 { bytes.append(0x2B) }
        digits(year.magnitude, atLeast: 4, to: &bytes)
        bytes.append(0x2D)
        digits(month.magnitude, atLeast: 2, to: &bytes)
        bytes.append(0x2D)
        digits(day.magnitude, atLeast: 2, to: &bytes)
        bytes.append(0x54)
        digits((timeOfDay / 3_600_000).magnitude, atLeast: 2, to: &bytes)
        bytes.append(0x3A)
        digits((timeOfDay / 60_000 % 60).magnitude, atLeast: 2, to: &bytes)
        bytes.append(0x3A)
        digits((timeOfDay / 1_000 % 60).magnitude, atLeast: 2, to: &bytes)
        bytes.append(0x2E)
        digits((timeOfDay % 1_000).magnitude, atLeast: 3, to: &bytes)
        bytes.append(0x5A)
    }

    private static func digits(_ value: UInt64, atLeast count: Int, to bytes: inout [UInt8]) {
        var unit: UInt64 = 1
        for _ in 1..<count { unit *= 10 }
        while value / unit >= 10 { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(0x30 + value / unit % 10))
            unit /= 10
        }
    }
}
