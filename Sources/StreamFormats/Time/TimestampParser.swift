/// Reads ISO 8601 times as milliseconds since 1970-01-01 UTC.
///
/// Understood: `2015-01-01T00:00:00Z`, with a space for the T, with a fraction of a second of any length (what is finer
/// than a millisecond is cut off), with an offset (`+02:00`, `+0200`, `+02`), without one (then it is UTC), without
/// seconds, or a date alone (its midnight). Years are 0001 to 9999 of the Gregorian calendar; leap seconds are refused.
public enum TimestampParser {
    enum Outcome {
        case milliseconds(Int64)
        case problem(String, at: Int)
    }

    /// The time that the bytes spell, in milliseconds since 1970-01-01 UTC.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(DecodeError) -> Int64 {
        switch outcome(bytes) {
        case .milliseconds(let value): return value
        case .problem(let message, let offset):
            throw DecodeError(code: .typeMismatch, message: message, offset: offset)
        }
    }

    /// The time that the text spells, in milliseconds since 1970-01-01 UTC.
    public static func parse(_ text: String) throws(DecodeError) -> Int64 {
        var text = text
        let parsed: Outcome = text.withUTF8 { outcome(UnsafeRawBufferPointer($0)) }
        switch parsed {
        case .milliseconds(let value): return value
        case .problem(let message, let offset):
            throw DecodeError(code: .typeMismatch, message: message, offset: offset)
        }
    }

    static func outcome(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        var text = Cursor(bytes: bytes)
        guard let year = text.digits(4), text.skip("-"), let month = text.digits(2), text.skip("-"),
            let day = text.digits(2)
        else { return .problem("not a time of the form 2015-01-01T00:00:00Z", at: text.index) }
        guard year >= 1, (1...12).contains(month), day >= 1, day <= CivilDate.daysIn(month: month, year: year) else {
            return .problem("there is no such day in the calendar", at: 0)
        }
        let midnight = CivilDate.daysSince1970(year: year, month: month, day: day) * 86_400_000
        if text.isAtEnd { return .milliseconds(midnight) }
        guard text.skip("T") || text.skip(" ") || text.skip("t") else {
            return .problem("a 'T' or a space must follow the date", at: text.index)
        }
        guard let hour = text.digits(2), text.skip(":"), let minute = text.digits(2) else {
            return .problem("the time of day must have the form 00:00:00", at: text.index)
        }
        var second: Int64 = 0
        var millisecond: Int64 = 0
        if text.skip(":") {
            guard let seconds = text.digits(2) else {
                return .problem("the seconds must be two digits", at: text.index)
            }
            second = seconds
            if text.skip(".") || text.skip(",") {
                guard let fraction = text.fraction() else {
                    return .problem("digits must follow the decimal point", at: text.index)
                }
                millisecond = fraction
            }
        }
        guard hour < 24, minute < 60, second < 60 else {
            return .problem("the time of day must be within 00:00:00 and 23:59:59", at: 11)
        }
        guard let offset = text.offset() else {
            return .problem("the offset must be Z or have the form +02:00", at: text.index)
        }
        guard text.isAtEnd else { return .problem("nothing may follow the time", at: text.index) }
        return .milliseconds(midnight + hour * 3_600_000 + (minute - offset) * 60_000 + second * 1_000 + millisecond)
    }

    private struct Cursor {
        let bytes: UnsafeRawBufferPointer
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func digits(_ count: Int) -> Int64? {
            guard bytes.count - index >= count else { return nil }
            var value: Int64 = 0
            for place in index..<index + count {
                let digit = bytes[place] &- 0x30
                guard digit <= 9 else { return nil }
                value = value * 10 + Int64(digit)
            }
            index += count
            return value
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(truncatingIfNeeded: character.value) else { return false }
            index += 1
            return true
        }

        /// The first three of a run of decimals, as milliseconds; nil when there are none.
        mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var unit: Int64 = 100
            let start = index
            while index < bytes.count, bytes[index] &- 0x30 <= 9 {
                value += Int64(bytes[index] - 0x30) * unit
                unit /= 10
                index += 1
            }
            return index == start ? nil : value
        }

        /// The offset from UTC in minutes; nil when it is malformed.
        mutating func offset() -> Int64? {
            if isAtEnd || skip("Z") || skip("z") { return 0 }
            let west = skip("-")
            guard west || skip("+"), let hours = digits(2) else { return nil }
            var minutes: Int64 = 0
            if !isAtEnd {
                _ = skip(":")
                guard let value = digits(2) else { return nil }
                minutes = value
            }
            guard hours < 24, minutes < 60 else { return nil }
            return (hours * 60 + minutes) * (west ? -1 : 1)
        }
    }
}
