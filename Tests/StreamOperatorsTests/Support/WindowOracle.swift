import Weir

/// Windows worked out by definition, one event at a time, without watermarks: what must come out when none is late.
enum WindowOracle {
    /// `key[start,end)=ids`, sorted.
    static func panes(_ windowing: TestWindows, _ events: [Event]) -> [String] {
        var windows: [String: [Int]] = [:]
        for key in Set(events.map(\.key)) {
            let own = events.filter { $0.key == key }
            for (window, members) in windowing.windows(own) {
                windows["\(key)[\(window.start),\(window.end))"] = members.map(\.id).sorted()
            }
        }
        return windows.map { "\($0.key)=\($0.value.map(String.init).joined(separator: "+"))" }.sorted()
    }
}

/// Windows drawn at random, as the library's and as a definition.
enum TestWindows: CustomStringConvertible {
    case tumbling(size: Int64, offset: Int64)
    case sliding(size: Int64, step: Int64, offset: Int64)
    case session(gap: Int64)
    case global

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
        case .session(let gap):
            var sessions: [(window: TimeWindow, members: [Event])] = []
            for event in events.sorted(by: { $0.time < $1.time }) {
                if let last = sessions.last, event.time < last.window.end {
                    sessions[sessions.count - 1].window.end = event.time + gap
                    sessions[sessions.count - 1].members.append(event)
                } else {
                    sessions.append((TimeWindow(start: event.time, end: event.time + gap), [event]))
                }
            }
            return sessions
        }
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
