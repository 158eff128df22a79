import Foundation
import StreamFormats
import StreamOperators
import Testing

/// Calendar windows by hand, and against the calendar of Python.
@Suite struct CalendarWindowTests {
    private static func ms(_ text: String) throws -> Int64 { try TimestampParser.parse(text) }

    @Test(
        arguments: [
            (.day, "UTC", "2024-02-29T12:00:00Z", "2024-02-29", "2024-03-01"),
            (.day, "UTC", "1969-12-31T23:59:59.999Z", "1969-12-31", "1970-01-01"),
            (.week(), "UTC", "2024-02-29T12:00:00Z", "2024-02-26", "2024-03-04"),
            (.week(), "UTC", "2024-03-04T00:00:00Z", "2024-03-04", "2024-03-11"),
            (.week(startingOn: .sunday), "UTC", "2024-02-29T12:00:00Z", "2024-02-25", "2024-03-03"),
            (.week(startingOn: .thursday), "UTC", "1969-12-31T12:00:00Z", "1969-12-25", "1970-01-01"),
            (.month, "UTC", "2023-02-10T12:00:00Z", "2023-02-01", "2023-03-01"),
            (.month, "UTC", "2023-12-31T23:00:00Z", "2023-12-01", "2024-01-01"),
            (.quarter, "UTC", "2023-12-31T23:00:00Z", "2023-10-01", "2024-01-01"),
            (.quarter, "UTC", "2023-05-31T23:00:00Z", "2023-04-01", "2023-07-01"),
            (.year, "UTC", "1900-12-31T23:00:00Z", "1900-01-01", "1901-01-01"),
            (.day, "Europe/Berlin", "2024-03-31T12:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"),
            (.month, "Europe/Berlin", "2024-03-31T22:30:00Z", "2024-03-31T22:00:00Z", "2024-04-30T22:00:00Z"),
            (.year, "Asia/Kathmandu", "2023-12-31T18:15:00Z", "2023-12-31T18:15:00Z", "2024-12-31T18:15:00Z"),
            (.day, "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
            (.day, "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
            (.day, "America/St_Johns", "2005-10-30T02:45:00Z", "2005-10-30T02:30:00Z", "2005-10-31T03:30:00Z"),
        ] as [(CalendarUnit, String, String, String, String)])
    func window(unit: CalendarUnit, zone: String, time: String, start: String, end: String) throws {
        var windows = CalendarWindowAssigner(unit, in: try TimeZoneRules(named: zone))
        let expected = TimeWindow(start: try Self.ms(start), end: try Self.ms(end))
        #expect(windows.window(containing: try Self.ms(time)) == expected)
        #expect(windows.window(containing: expected.start) == expected)
        #expect(windows.window(containing: expected.end - 1) == expected)
        #expect(windows.window(containing: expected.end).start == expected.end)
        #expect(windows.window(containing: expected.start - 1).end == expected.start)
    }

    @Test(arguments: [.day, .week(), .month, .quarter, .year] as [CalendarUnit])
    func farTimesHaveWindows(unit: CalendarUnit) throws {
        var windows = CalendarWindowAssigner(unit, in: try TimeZoneRules(named: "America/New_York"))
        let limit: Int64 = 1 << 62
        for (time, counted) in [(Int64.min, -limit), (-limit, -limit), (limit, limit), (.max, limit)] {
            let window = windows.window(containing: time)
            #expect(window.start <= counted && counted < window.end)
        }
    }

    /// Random times in many zones, half of them near a change of the clocks.
    @Test(arguments: [1, 2, 3])
    func agreesWithPython(seed: Int) throws {
        var zones: [String: TimeZoneRules] = [:]
        let units: [CalendarUnit] = [.day, .week(), .month, .quarter, .year]
        let lines = try Self.python(seed: seed, count: 1_000)
        #expect(lines.count == 1_000)
        for line in lines {
            let words = line.split(separator: " ")
            let name = String(words[0])
            let numbers = words.dropFirst().compactMap { Int64($0) }
            try #require(numbers.count == 12)
            let zone = try zones[name] ?? TimeZoneRules(named: name)
            zones[name] = zone
            #expect(zone.offset(at: numbers[0]) == numbers[1], "seed \(seed): \(line)")
            for (index, unit) in units.enumerated() {
                var windows = CalendarWindowAssigner(unit, in: zone)
                let expected = TimeWindow(start: numbers[2 + 2 * index], end: numbers[3 + 2 * index])
                #expect(windows.window(containing: numbers[0]) == expected, "seed \(seed), \(unit): \(line)")
            }
            #expect(zone.startOfDay(containing: numbers[0]) == numbers[2], "seed \(seed): \(line)")
        }
    }

    private static func python(seed: Int, count: Int) throws -> [Substring] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Oracles/calendar_oracle.py").standardizedFileURL
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("calendar-\(UUID().uuidString)")
        // A file instead of a pipe: nothing has to be drained while it runs.
        try Data().write(to: output)
        defer { try? FileManager.default.removeItem(at: output) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-B", script.path, "\(seed)", "\(count)"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
    }
}
