public import StreamCore
public import StreamFormats

/// Finds the calendar window of a time: the day, week, month, quarter or year in a time zone.
///
/// The windows of a unit cover all times and never overlap. One begins where the zone's clocks show its first date, or
/// a later one, for the first time (``TimeZoneRules/startOfDay(_:)``); a date that a zone skipped as a whole has none.
/// The last window found is kept, so the next record in it costs two comparisons.
@frozen
public struct CalendarWindowAssigner: Sendable {
    /// The windows' length.
    public let unit: CalendarUnit
    /// The zone whose days they are.
    public let zone: TimeZoneRules
    @usableFromInline var last = TimeWindow(start: .max, end: .min)

    /// Windows of a unit in a zone.
    public init(_ unit: CalendarUnit, in zone: TimeZoneRules) {
        self.unit = unit
        self.zone = zone
    }

    /// The window that holds a time.
    ///
    /// Times more than 2^62 ms from 1970 count as those at that limit, as in all windows.
    @inlinable
    public mutating func window(containing time: Timestamp) -> TimeWindow {
        let time = time.forWindows
        if time >= last.start && time < last.end { return last }
        last = find(time)
        return last
    }

    @usableFromInline
    func find(_ time: Timestamp) -> TimeWindow {
        var first = unit.firstDay(containing: zone.localDay(at: time))
        while true {
            let next = unit.firstDay(after: first)
            let end = zone.startOfDay(next)
            if end > time { return TimeWindow(start: zone.startOfDay(first), end: end) }
            // Clocks that went back show the days before again when the next window has begun.
            first = next
        }
    }
}
