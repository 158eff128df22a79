extension SnapshotText {
    /// Lines of columns that begin below each other.
    static func table(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        var lines = ""
        for row in rows {
            var line = ""
            for (column, text) in row.enumerated() {
                line += text + String(repeating: " ", count: widths[column] - text.count + 2)
            }
            while line.last == " " { line.removeLast() }
            lines += line + "\n"
        }
        return lines
    }

    /// A table with a title above it; nothing when it has no rows.
    static func section(_ title: String, _ header: [String], _ rows: [[String]]) -> String {
        rows.isEmpty ? "" : "\n\(title)\n" + table([header] + rows)
    }

    /// A number of bytes, in the unit that gives one to three digits before the point.
    static func bytes(_ count: Int) -> String {
        guard count >= 1_000 else { return "\(count) B" }
        var unit = 0
        var tenths = count / 100
        while tenths >= 10_000 && unit < 4 {
            tenths /= 1_000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(["kB", "MB", "GB", "TB", "PB"][unit])"
    }

    /// A time in milliseconds since 1970, in UTC and to the second.
    static func time(_ milliseconds: Int64) -> String {
        let seconds = floored(milliseconds, 1_000).quotient
        let (days, rest) = floored(seconds, 86_400)
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, eras have 400 of them.
        let (era, day) = floored(days + 719_468, 146_097)
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let date = [year + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1]
        return date.map(padded).joined(separator: "-") + " "
            + [rest / 3_600, rest / 60 % 60, rest % 60].map(padded).joined(separator: ":") + "Z"
    }

    /// A duration in its two highest units.
    static func duration(_ milliseconds: Int64) -> String {
        guard milliseconds >= 1_000 else { return "\(milliseconds) ms" }
        let seconds = milliseconds / 1_000
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: return "\(seconds / 3_600) h \(seconds / 60 % 60) min"
        default: return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
        }
    }

    /// A watermark as a time, or in words where it is none.
    static func watermark(_ time: Int64) -> String {
        switch time {
        case .min: "none yet"
        case .max: "end of input"
        // Beyond the year 9999 it is no time of day.
        case -62_135_596_800_000..<253_402_300_800_000: self.time(time)
        default: "\(time) ms"
        }
    }

    /// A checksum in eight digits.
    static func checksum(_ value: UInt32) -> String {
        StateValueRenderer.hex((0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func floored(_ number: Int64, _ divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
