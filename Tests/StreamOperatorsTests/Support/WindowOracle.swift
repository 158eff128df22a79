import Weir

/// Windows worked out by definition, one event at a time, without watermarks: what must come out when none is late.
enum WindowOracle {
    /// `key[start,end)=ids`, sorted.
    static func panes(_ windowing: TestWindows, _ events: [Event]) -> [String] {
        Set(events.map(\.key)).flatMap { key in panes(windowing, events, key: key) }.sorted()
    }

    /// The windows of one key, in their order.
    static func panes(_ windowing: TestWindows, _ events: [Event], key: String) -> [String] {
        windowing.windows(events.filter { $0.key == key }).map { window, members in
            let ids = members.map(\.id).sorted().map(String.init).joined(separator: "+")
            return "\(key)[\(bound(window.start)),\(bound(window.end)))=\(ids)"
        }
    }

    private static func bound(_ time: Timestamp) -> String { time == .min ? "min" : time == .max ? "max" : "\(time)" }
}

/// Windows drawn at random, as the library's and as a definition.
enum TestWindows: CustomStringConvertible {
    case tumbling(size: Int64, offset: Int64)
    case sliding(size: Int64, step: Int64, offset: Int64)
    case session(gap: Int64)
    case global
    case cumulating(size: Int64, step: Int64, offset: Int64)
    case calendar(CalendarUnit, zone: String)
    case recordGap
    case bounded(gap: Int64, maximum: Int64)
    case boundedRecordGap(maximum: Int64)
    case count(size: Int, step: Int)

    static func tumbling(_ random: inout SplitMix64) -> TestWindows {
        let size = Int64([1, 7, 50, 400][Int(random.next(below: 4))])
        return .tumbling(size: size, offset: Int64(random.next(below: UInt64(2 * size - 1))) - size + 1)
    }

    static func sliding(_ random: inout SplitMix64) -> TestWindows {
        let size = Int64(random.next(below: 60)) + 1
        let step = Int64(random.next(below: random.next(below: 4) == 0 ? 90 : 30)) + 1
        return .sliding(size: size, step: step, offset: Int64(random.next(below: UInt64(2 * step - 1))) - step + 1)
    }

    static func session(_ random: inout SplitMix64) -> TestWindows { .session(gap: Int64(random.next(below: 80)) + 1) }

    var windowing: TestWindowing {
        switch self {
        case .tumbling(let size, let offset): .tumbling(.milliseconds(size), offset: .milliseconds(offset))
        case .sliding(let size, let step, let offset):
            .sliding(.milliseconds(size), every: .milliseconds(step), offset: .milliseconds(offset))
        case .session(let gap): .session(gap: .milliseconds(gap))
        case .global: .global
        case .cumulating(let size, let step, let offset):
            TestWindowing(
                CumulatingWindows(
                    upTo: .milliseconds(size), every: .milliseconds(step), offset: .milliseconds(offset)))
        case .calendar(let unit, let zone): TestWindowing(CalendarWindows(unit, in: zone))
        case .recordGap: TestWindowing(RecordGapSessionWindows { .milliseconds($0.gap) })
        case .bounded(let gap, let maximum):
            TestWindowing(BoundedSessionWindows(gap: .milliseconds(gap), maximum: .milliseconds(maximum)))
        case .boundedRecordGap(let maximum):
            TestWindowing(
                BoundedSessionWindows(gapOf: { .milliseconds($0.gap) }, maximum: .milliseconds(maximum)))
        case .count(let size, let step): TestWindowing(CountWindows(size, every: step))
        }
    }

    /// The windows of one key's events.
    func windows(_ events: [Event]) -> [(window: TimeWindow, members: [Event])] {
        switch self {
        case .tumbling(let size, let offset):
            return Self.windows(events, size: size, step: size, offset: offset)
        case .sliding(let size, let step, let offset):
            return Self.windows(events, size: size, step: step, offset: offset)
        case .global: return [(TimeWindow(start: .min, end: .max), events)]
        case .session(let gap): return Self.sessions(events, maximum: 1 << 50) { _ in gap }
        case .recordGap: return Self.sessions(events, maximum: 1 << 50) { $0.gap }
        case .bounded(let gap, let maximum): return Self.sessions(events, maximum: maximum) { _ in gap }
        case .boundedRecordGap(let maximum): return Self.sessions(events, maximum: maximum) { $0.gap }
        case .cumulating(let size, let step, let offset):
            return Self.windows(events, size: size, step: size, offset: offset).flatMap { stretch in
                stride(from: step, through: size, by: Int64.Stride(step)).compactMap { length in
                    let window = TimeWindow(start: stretch.window.start, end: stretch.window.start + length)
                    let members = stretch.members.filter { $0.time < window.end }
                    return members.isEmpty ? nil : (window, members)
                }
            }
        case .calendar(let unit, let zone): return CalendarOracle.windows(events, unit, zone: zone)
        case .count(let size, let step):
            return stride(from: 0, through: events.count - size, by: step).map { first in
                let members = Array(events[first..<first + size])
                let times = members.map(\.time)
                return (TimeWindow(start: times.min() ?? 0, end: (times.max() ?? 0) + 1), members)
            }
        }
    }

    /// Greedily, over the records in the order of their times.
    private static func sessions(
        _ events: [Event], maximum: Int64, gap: (Event) -> Int64
    ) -> [(window: TimeWindow, members: [Event])] {
        var sessions: [(window: TimeWindow, members: [Event])] = []
        for event in events.sorted(by: { $0.time < $1.time }) {
            if let last = sessions.last, event.time < last.window.end {
                let end = max(last.window.end, min(event.time + gap(event), last.window.start + maximum))
                sessions[sessions.count - 1].window.end = end
                sessions[sessions.count - 1].members.append(event)
            } else {
                let end = event.time + min(gap(event), maximum)
                sessions.append((TimeWindow(start: event.time, end: end), [event]))
            }
        }
        return sessions
    }

    /// Every start that is `offset` plus a multiple of `step`, tried in turn.
    private static func windows(
        _ events: [Event], size: Int64, step: Int64, offset: Int64
    ) -> [(window: TimeWindow, members: [Event])] {
        guard let first = events.map(\.time).min(), let last = events.map(\.time).max() else { return [] }
        var start = offset
        while start > first - size { start -= step }
        while start + step <= first - size { start += step }
        var windows: [(window: TimeWindow, members: [Event])] = []
        while start <= last {
            let members = events.filter { $0.time >= start && $0.time < start + size }
            if !members.isEmpty { windows.append((TimeWindow(start: start, end: start + size), members)) }
            start += step
        }
        return windows
    }

    var description: String { "\(windowing)" }
}
