import Foundation
import Testing

@testable import StreamFormats

/// Offsets and beginnings of days, as published for real zones, and as worked out by hand for made-up files.
@Suite struct TimeZoneTests {
    private static func ms(_ text: String) throws -> Int64 { try TimestampParser.parse(text) }

    @Test(
        arguments: [
            ("UTC", "2024-05-01T00:00:00Z", 0),
            ("Europe/Berlin", "2024-03-31T00:59:59Z", 3_600),
            ("Europe/Berlin", "2024-03-31T01:00:00Z", 7_200),
            ("Europe/Berlin", "2024-10-27T00:59:59.999Z", 7_200),
            ("Europe/Berlin", "2024-10-27T01:00:00Z", 3_600),
            ("Europe/Berlin", "1890-01-01T00:00:00Z", 3_208),
            ("Europe/Berlin", "2500-07-01T00:00:00Z", 7_200),
            ("Europe/Berlin", "2500-12-01T00:00:00Z", 3_600),
            ("Europe/Dublin", "2060-01-01T00:00:00Z", 0),
            ("Europe/Dublin", "2060-07-01T00:00:00Z", 3_600),
            ("America/New_York", "2024-07-04T12:00:00Z", -14_400),
            ("America/New_York", "2024-12-25T12:00:00Z", -18_000),
            ("Asia/Kathmandu", "2024-01-01T00:00:00Z", 20_700),
            ("Australia/Lord_Howe", "2024-01-01T00:00:00Z", 39_600),
            ("Australia/Lord_Howe", "2024-07-01T00:00:00Z", 37_800),
            ("Australia/Lord_Howe", "2100-01-01T00:00:00Z", 39_600),
            ("Pacific/Apia", "2011-12-30T09:59:59Z", -36_000),
            ("Pacific/Apia", "2011-12-30T10:00:00Z", 50_400),
            ("Africa/Casablanca", "2024-03-20T12:00:00Z", 0),
            ("Africa/Casablanca", "2024-05-01T12:00:00Z", 3_600),
            ("Etc/GMT+5", "2024-05-01T12:00:00Z", -18_000),
            ("+05:30", "2024-05-01T12:00:00Z", 19_800),
            ("-0330", "2024-05-01T12:00:00Z", -12_600),
            ("-03", "1900-05-01T12:00:00Z", -10_800),
        ] as [(String, String, Int64)])
    func offsets(zone: String, time: String, offset: Int64) throws {
        #expect(try TimeZoneRules(named: zone).offset(at: Self.ms(time)) == offset)
    }

    @Test(
        arguments: [
            ("Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00Z", 23.0),
            ("Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00Z", 25),
            ("Europe/Berlin", "1969-12-31", "1969-12-30T23:00:00Z", 24),
            ("America/New_York", "2024-03-10", "2024-03-10T05:00:00Z", 23),
            ("Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00Z", 24.5),
            ("Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30:00Z", 23.5),
            ("Asia/Kathmandu", "2024-02-29", "2024-02-28T18:15:00Z", 24),
            // Clocks go from 23:59:59 to 01:00: the day begins at the change.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23),
            ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z", 23),
            ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z", 23),
            // Clocks go from 00:59:59 back to 00:00: the day begins at the first midnight.
            ("America/Havana", "2023-11-05", "2023-11-05T04:00:00Z", 25),
            ("Atlantic/Azores", "2023-10-29", "2023-10-29T00:00:00Z", 25),
            // Clocks go from 24:00 back to 23:00: the day before has 25 hours.
            ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", 25),
            // December 30 did not take place.
            ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", 24),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24),
        ] as [(String, String, String, Double)])
    func days(zone: String, date: String, start: String, hours: Double) throws {
        let zone = try TimeZoneRules(named: zone)
        let day = try Self.ms(date) / 86_400_000 - (try Self.ms(date) % 86_400_000 == 0 ? 0 : 1)
        #expect(zone.startOfDay(day) == (try Self.ms(start)))
        #expect(Double(zone.startOfDay(day + 1) - zone.startOfDay(day)) / 3_600_000 == hours)
        guard hours > 0 else { return }
        #expect(zone.startOfDay(containing: try Self.ms(start)) == (try Self.ms(start)))
        #expect(zone.startOfDay(containing: zone.startOfDay(day + 1) - 1) == (try Self.ms(start)))
    }

    /// Clocks that go back from 00:01 to 23:01 show minutes of the old date in the new day: they belong to the new one.
    @Test func minutesOfTheDayBeforeBelongToTheNewDay() throws {
        let zone = try TimeZoneRules(named: "America/St_Johns")
        let start = try Self.ms("2005-10-30T02:30:00Z")
        let repeated = try Self.ms("2005-10-30T02:45:00Z")
        #expect(zone.startOfDay(containing: repeated) == start)
        #expect(zone.localDay(at: repeated) == zone.localDay(at: start) - 1)
    }

    @Test func farTimesSaturate() throws {
        for name in ["UTC", "Europe/Berlin", "Pacific/Apia"] {
            let zone = try TimeZoneRules(named: name)
            for time in [Int64.min, .min + 1, -(1 << 62), 1 << 62, .max - 1, .max] {
                let start = zone.startOfDay(containing: time)
                #expect(start <= time && (start == .min || start > time - 90_000_000), "\(name) \(time)")
            }
            #expect(zone.startOfDay(.max) == .max && zone.startOfDay(.min) == .min)
        }
    }

    @Test(arguments: [
        "", "/etc/passwd", "../../../etc/passwd", "Europe/../Europe/Berlin", "Europe/", "Europe//Berlin", "a\0b",
        "Berlín",
        "Europe", "Europe/Atlantis", "+24:00", "+5", "+05:60", ".", "..",
    ])
    func namesOfNoZone(name: String) {
        #expect { try TimeZoneRules(named: name) } throws: { error in
            (error as? TimeZoneError)?.code == .unknownZone && "\(error)".contains("'\(name)'")
        }
    }

    @Test func aMissingDatabaseIsSaid() {
        #expect { try TimeZoneRules(named: "Europe/Berlin", in: ["/nowhere"]) } throws: { "\($0)".contains("tzdata") }
        #expect(throws: Never.self) { try TimeZoneRules(named: "UTC", in: []) }
    }

    // MARK: Made-up files

    /// A file with one block of 64-bit times, and an empty one of 32-bit times in front.
    private func file(
        version: String = "2", times: [Int64], types: [UInt8], offsets: [Int32], footer: String = "\n\n"
    ) -> [UInt8] {
        var bytes = header(version, [0, 0, 0, 0, 1, 1])
        bytes += [UInt8](repeating: 0, count: 7)
        bytes += header(version, [0, 0, 0, times.count, offsets.count, 1])
        for time in times { bytes += bigEndian(time) }
        bytes += types
        for offset in offsets { bytes += bigEndian(offset) + [0, 0] }
        return bytes + [0] + Array(footer.utf8)
    }

    private func header(_ version: String, _ counts: [Int]) -> [UInt8] {
        var bytes = Array("TZif\(version)".utf8)
        bytes += [UInt8](repeating: 0, count: 15)
        for count in counts { bytes += bigEndian(UInt32(count)) }
        return bytes
    }

    private func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private func rules(_ bytes: [UInt8]) throws -> TimeZoneRules {
        TimeZoneRules(name: "made up", file: try TimeZoneFile(bytes))
    }

    @Test func versionOneHasTimesOf32Bits() throws {
        var bytes = header("\0", [0, 0, 0, 1, 2, 1])
        bytes += bigEndian(Int32(1_000)) + [1]
        bytes += bigEndian(Int32(60)) + [0, 0]
        bytes += bigEndian(Int32(120)) + [0, 0]
        bytes += [0]
        let zone = try rules(bytes)
        #expect(zone.offset(at: 999_999) == 60 && zone.offset(at: 1_000_000) == 120)
        #expect(zone.offset(at: .max) == 120 && zone.offset(at: .min) == 60)
    }

    @Test func withoutFooterTheLastOffsetStays() throws {
        let zone = try rules(file(times: [-5_000, 1_000], types: [1, 0], offsets: [60, 120]))
        #expect([-5_001, -5_000, 999, 1_000, 1 << 40].map { zone.offset(at: $0 * 1_000) } == [60, 120, 120, 60, 60])
    }

    @Test(
        arguments: [
            // January 1 2021 was a Friday; times in seconds from the year's beginning.
            ("XXX0YYY,J60,J300", 5_104_800, 25_837_200),
            ("XXX0YYY,59/0,300/0", 5_097_600, 25_916_400),
            ("XXX0YYY-2,M1.1.5/0,M1.5.5/-1", 0, 2_408_400),
            ("<+00>0<+01>,M3.5.0/1:30:15,M10.1.6/167", 7_435_815, 24_271_200),
        ] as [(String, Int64, Int64)])
    func rulesOfTheFuture(footer: String, start: Int64, end: Int64) throws {
        let zone = try rules(file(version: "3", times: [], types: [], offsets: [0], footer: "\n\(footer)\n"))
        let newYear: Int64 = 1_609_459_200
        let summer = zone.offset(at: (newYear + start) * 1_000)
        #expect(summer > 0)
        #expect(zone.offset(at: (newYear + start) * 1_000 - 1) == 0)
        #expect(zone.offset(at: (newYear + end) * 1_000 - 1) == summer)
        #expect(zone.offset(at: (newYear + end) * 1_000) == 0)
    }

    /// A rule may have summer time all year: each year's ends where the next one's begins.
    @Test func summerTimeAllYear() throws {
        let zone = try rules(file(version: "3", times: [], types: [], offsets: [0], footer: "\nXXX3EDT4,0/0,J365/23\n"))
        for hour in stride(from: Int64(0), to: 3 * 8_766, by: 1) {
            #expect(zone.offset(at: 1_600_000_000_000 + hour * 3_600_000) == -14_400)
        }
    }

    @Test func damagedFilesAreRefused() throws {
        let good = file(times: [0, 100], types: [1, 0], offsets: [60, 120], footer: "\nXXX0\n")
        #expect(throws: Never.self) { try TimeZoneFile(good) }
        for end in good.indices {
            #expect(throws: TimeZoneFile.Problem.self) { try TimeZoneFile(Array(good[..<end])) }
        }
        for place in good.indices {
            for bit in 0..<8 {
                var damaged = good
                damaged[place] ^= 1 << UInt8(bit)
                if let zone = try? rules(damaged) { _ = zone.startOfDay(containing: 12_345) }
            }
        }
    }

    @Test(
        arguments: [
            ("descending times", [5, 5], [0, 0], [0], "\n\n"),
            ("an unknown type", [5], [1], [0], "\n\n"), ("no type", [], [], [], "\n\n"),
            ("an offset of days", [], [], [100_000], "\n\n"), ("summer without dates", [], [], [0], "\nXXX0YYY\n"),
            ("month 13", [], [], [0], "\nXXX0YYY,M13.1.0,M1.1.0\n"), ("a short name", [], [], [0], "\nXX0\n"),
            ("something behind", [], [], [0], "\nXXX0YYY,J1,J2,\n"), ("no footer", [], [], [0], ""),
        ] as [(String, [Int64], [UInt8], [Int32], String)])
    func filesThatAreWrong(_ what: String, times: [Int64], types: [UInt8], offsets: [Int32], footer: String) {
        #expect(throws: TimeZoneFile.Problem.self, "\(what)") {
            try TimeZoneFile(file(times: times, types: types, offsets: offsets, footer: footer))
        }
    }

    @Test func aFileThatIsNoneIsNamed() throws {
        try withTemporaryDirectory { directory in
            try Data("hello".utf8).write(to: directory.appendingPathComponent("Zone"))
            #expect { try TimeZoneRules(named: "Zone", in: [directory.path]) } throws: { error in
                (error as? TimeZoneError)?.code == .malformedFile && "\(error)".contains(directory.path + "/Zone")
            }
        }
    }
}
