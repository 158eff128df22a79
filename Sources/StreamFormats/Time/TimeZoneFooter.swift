/// The rule at the end of a TZif file: a POSIX `TZ` string such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneFooter: Sendable, Equatable {
    /// No offset is farther from UTC, in seconds: RFC 9636 has them within 26 hours.
    static let farthest: Int64 = 26 * 3_600

    /// A day of the year and a time on it.
    private struct Moment: Equatable {
        enum Day: Equatable {
            /// 1 through 365; February 29 is not counted.
            case julian(Int64)
            /// 0 through 365.
            case ordinal(Int64)
            /// The week 1 through 5 (the last) of the month in which the weekday (0 is Sunday) comes.
            case weekday(Int64, week: Int64, month: Int64)
        }

        var day: Day
        /// Seconds after midnight, possibly negative or of a later day.
        var time: Int64

        /// Seconds of local time since 1970-01-01.
        func seconds(year: Int64) -> Int64 {
            let newYear = CivilDate.daysSince1970(year: year, month: 1, day: 1)
            switch day {
            case .ordinal(let number): return (newYear + number) * 86_400 + time
            case .julian(let number):
                let isLeap = CivilDate.daysIn(month: 2, year: year) == 29
                return (newYear + number - (isLeap && number >= 60 ? 0 : 1)) * 86_400 + time
            case .weekday(let weekday, let week, let month):
                let first = CivilDate.daysSince1970(year: year, month: month, day: 1)
                // 1970-01-01 was a Thursday.
                let weekdayOfFirst = ((first + 4) % 7 + 7) % 7
                var day = first + (weekday - weekdayOfFirst + 7) % 7 + (week - 1) * 7
                if day >= first + CivilDate.daysIn(month: month, year: year) { day -= 7 }
                return day * 86_400 + time
            }
        }
    }

    private let standard: Int64
    private var daylight: (offset: Int64, start: Moment, end: Moment)?

    static func == (a: Self, b: Self) -> Bool {
        a.standard == b.standard && a.daylight?.offset == b.daylight?.offset
            && a.daylight?.start == b.daylight?.start && a.daylight?.end == b.daylight?.end
    }

    /// Nil when the text is no such rule.
    init?(_ text: some Sequence<UInt8>) {
        var scanner = Scanner(text: Array(text))
        guard scanner.name(), let west = scanner.time(limit: 24) else { return nil }
        standard = -west
        if scanner.isAtEnd { return }
        guard scanner.name() else { return nil }
        var offset = standard + 3_600
        if !scanner.follows(",") {
            guard let west = scanner.time(limit: 24) else { return nil }
            offset = -west
        }
        guard let start = scanner.moment(), let end = scanner.moment(), scanner.isAtEnd,
            abs(offset) <= Self.farthest
        else { return nil }
        daylight = (offset, start, end)
    }

    /// The stretch around a time in which the offset is the same.
    func segment(at seconds: Int64) -> TimeZoneRules.Segment {
        guard let daylight else { return .init(start: .min, end: .max, offset: standard) }
        // A time so far away that its local time is beyond Int64 is one of the year before that.
        let local = max(min(seconds, .max - 800 * 86_400), .min + 800 * 86_400) + standard
        let year = CivilDate.date(daysSince1970: local.flooredQuotient(by: 86_400)).year
        var segment = TimeZoneRules.Segment(start: .min, end: .max, offset: standard)
        // Changes of the years around, in order; where two are at the same time the later one counts.
        var changes: [(time: Int64, offset: Int64)] = []
        for year in (year - 1)...(year + 1) {
            let start = (daylight.start.seconds(year: year) - standard, daylight.offset)
            let end = (daylight.end.seconds(year: year) - daylight.offset, standard)
            changes += start.0 <= end.0 ? [start, end] : [end, start]
        }
        for (time, offset) in changes {
            if time <= seconds {
                segment = .init(start: time, end: .max, offset: offset)
            } else {
                segment.end = min(segment.end, time)
            }
        }
        return segment
    }

    private struct Scanner {
        let text: [UInt8]
        private var index = 0

        init(text: [UInt8]) { self.text = text }

        var isAtEnd: Bool { index == text.count }

        func follows(_ character: Unicode.Scalar) -> Bool {
            index < text.count && text[index] == UInt8(ascii: character)
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard follows(character) else { return false }
            index += 1
            return true
        }

        /// A zone's abbreviation: three letters or more, or anything in angle brackets.
        mutating func name() -> Bool {
            if skip("<") {
                while !isAtEnd, !follows(">") { index += 1 }
                return skip(">")
            }
            let start = index
            while !isAtEnd, (0x41...0x5A).contains(text[index] & ~0x20) { index += 1 }
            return index - start >= 3
        }

        mutating func number(through limit: Int64) -> Int64? {
            let start = index
            var value: Int64 = 0
            while !isAtEnd, (0x30...0x39).contains(text[index]), value <= limit {
                value = value * 10 + Int64(text[index]) - 0x30
                index += 1
            }
            return index > start && value <= limit ? value : nil
        }

        /// Hours, and perhaps minutes and seconds, as seconds.
        mutating func time(limit: Int64) -> Int64? {
            let isNegative = skip("-")
            if !isNegative { _ = skip("+") }
            guard let hours = number(through: limit) else { return nil }
            var seconds = hours * 3_600
            for unit: Int64 in [60, 1] {
                guard skip(":") else { break }
                guard let value = number(through: 59) else { return nil }
                seconds += value * unit
            }
            return isNegative ? -seconds : seconds
        }

        mutating func moment() -> Moment? {
            guard skip(","), let day = day() else { return nil }
            guard skip("/") else { return Moment(day: day, time: 7_200) }
            return time(limit: 167).map { Moment(day: day, time: $0) }
        }

        private mutating func day() -> Moment.Day? {
            if skip("J") { return number(through: 365).flatMap { $0 > 0 ? .julian($0) : nil } }
            guard skip("M") else { return number(through: 365).map { .ordinal($0) } }
            guard let month = number(through: 12), month > 0, skip("."), let week = number(through: 5), week > 0,
                skip("."), let weekday = number(through: 6)
            else { return nil }
            return .weekday(weekday, week: week, month: month)
        }
    }
}
