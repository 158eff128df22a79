internal import StreamFormats

/// A day of the week, numbered as in ISO 8601.
public enum Weekday: Int64, Sendable, Hashable, CaseIterable {
    case monday = 1
    case tuesday, wednesday, thursday, friday, saturday, sunday
}

/// The length of calendar windows: from one day's beginning to another's.
public enum CalendarUnit: Sendable, Hashable {
    /// From midnight to midnight.
    case day
    /// Seven days; they begin on Monday unless another weekday is chosen.
    case week(startingOn: Weekday = .monday)
    /// From the first of a month.
    case month
    /// From the first of January, April, July or October.
    case quarter
    /// From the first of January.
    case year

    /// The first day of the unit that holds a day; days are counted from 1970-01-01.
    func firstDay(containing day: Int64) -> Int64 {
        switch self {
        case .day: return day
        case .week(let first):
            // 1970-01-01 was a Thursday, the fourth.
            let daysIn = (day + 4 - first.rawValue) % 7
            return day - (daysIn < 0 ? daysIn + 7 : daysIn)
        case .month, .quarter, .year:
            let date = CivilDate.date(daysSince1970: day)
            let month = self == .month ? date.month : self == .quarter ? (date.month - 1) / 3 * 3 + 1 : 1
            return CivilDate.daysSince1970(year: date.year, month: month, day: 1)
        }
    }

    /// The first day of the next unit, from the first day of one.
    func firstDay(after first: Int64) -> Int64 {
        let months: Int64
        switch self {
        case .day: return first + 1
        case .week: return first + 7
        case .month: months = 1
        case .quarter: months = 3
        case .year: months = 12
        }
        let date = CivilDate.date(daysSince1970: first)
        let month = date.month + months
        return CivilDate.daysSince1970(
            year: month > 12 ? date.year + 1 : date.year, month: (month - 1) % 12 + 1, day: 1)
    }
}
