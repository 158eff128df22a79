import Foundation
import StreamFormats
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2015-01-01T00:00:00Z", 1_420_070_400_000),
            ("2017-11-07 09:30:38", 1_510_047_038_000), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00+02:00", 951_818_400_000), ("2000-02-29T12:00:00-0230", 951_834_600_000),
            ("2000-02-29T12:00:00+02", 951_818_400_000), ("1970-01-01", 0), ("1970-01-01T00:01", 60_000),
            ("1970-01-01t00:00:00.5z", 500), ("1970-01-01T00:00:00,123456789Z", 123), ("1970-01-01T00:00:00.0009Z", 0),
            ("1969-12-31T23:59:59.9999Z", -1), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func parses(text: String, expected: Int64) throws {
        #expect(try TimestampParser.parse(text) == expected)
    }

    @Test(arguments: [
        "", "2015", "2015-1-1", "2015-02-30", "2015-02-29T00:00:00Z", "1900-02-29", "2015-13-01", "2015-00-01",
        "2015-01-00", "2015-04-31", "0000-01-01", "2015-01-01T24:00:00Z", "2015-01-01T00:60:00Z",
        "2015-01-01T00:00:60Z", "2015-01-01T00:00:00.Z", "2015-01-01T00:00:00+24:00", "2015-01-01T00:00:00+2",
        "2015-01-01T00:00:00+02:0", "2015-01-01T00:00:00Zx", "2015-01-01x00:00:00Z", "2015-01-01T", "2015-01-01T00",
        "2015-01-01T00:00:", "20150101T000000Z", "2015-01-01T00:00:00 Z", "-2015-01-01", "２015-01-01",
    ])
    func refuses(text: String) {
        #expect(decodeError { _ = try TimestampParser.parse(text) }?.code == .typeMismatch)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func agreesWithFoundation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        // Foundation's calendar is the Julian one before 1582.
        for _ in 0..<300 {
            let milliseconds = Int64.random(in: -12_219_292_800_000...253_402_300_799_999, using: &random)
            let text = formatTimestamp(milliseconds)
            #expect(try TimestampParser.parse(text) == milliseconds, "seed \(seed)")
            let seconds = Int64((Double(milliseconds) / 1_000).rounded(.down))
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: TimeInterval(seconds))
            )
            let expected = String(
                format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
                parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0, Int(milliseconds - seconds * 1_000))
            #expect(text == expected, "seed \(seed): \(milliseconds)")
        }
    }

    /// Counts the calendar day by day, from the rules alone.
    @Test func everyDayOfEveryYear() throws {
        var days: Int64 = -719_162
        for year in 1...9_999 {
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for (month, length) in lengths.enumerated() {
                // The first and the last day of each month; all days for a few years.
                let known =
                    [1, 4, 100, 1600, 1900, 1970, 2000, 2024, 9999].contains(year) ? Array(1...length) : [1, length]
                if year % 7 == 0 || known.count > 2 {
                    for day in known {
                        let pad = { (number: Int, width: Int) in
                            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
                        }
                        let text = "\(pad(year, 4))-\(pad(month + 1, 2))-\(pad(day, 2))"
                        let expected = (days + Int64(day) - 1) * 86_400_000
                        let parsed = try TimestampParser.parse(text)
                        if parsed != expected || !formatTimestamp(expected).hasPrefix(text + "T00:00:00.000Z") {
                            Issue.record("\(text): \(parsed), expected \(expected), \(formatTimestamp(expected))")
                        }
                    }
                }
                days += Int64(length)
            }
        }
    }

    @Test(
        arguments: [
            (Int64.min, "-292275055-05-16T16:47:04.192Z"), (Int64.max, "+292278994-08-17T07:12:55.807Z"),
            (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"), (-62_135_596_800_001, "0000-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func formatsBeyondFourDigits(milliseconds: Int64, expected: String) {
        #expect(formatTimestamp(milliseconds) == expected)
    }
}
