import Foundation
import Weir

/// Calendar windows by Foundation's calendar.
enum CalendarOracle {
    static let zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]

    static func windows(
        _ events: [Event], _ unit: CalendarUnit, zone: String
    ) -> [(window: TimeWindow, members: [Event])] {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
        let component: Calendar.Component =
            switch unit {
            case .day: .day
            case .week: .weekOfYear
            case .month: .month
            case .quarter: .quarter
            case .year: .year
            }
        var windows: [(window: TimeWindow, members: [Event])] = []
        for event in events.sorted(by: { $0.time < $1.time }) {
            if let last = windows.last, event.time < last.window.end {
                windows[windows.count - 1].members.append(event)
                continue
            }
            let date = Date(timeIntervalSince1970: Double(event.time) / 1_000)
            guard let interval = calendar.dateInterval(of: component, for: date) else { continue }
            let window = TimeWindow(
                start: Timestamp(interval.start.timeIntervalSince1970 * 1_000),
                end: Timestamp(interval.end.timeIntervalSince1970 * 1_000))
            windows.append((window, [event]))
        }
        return windows
    }
}
